#pragma once
// Counters, gauges and histograms, by name, in the form that Prometheus expects. net/admin/metrics_text writes them as
// text.
//
// Shape:  a family (name, help, kind) holds one series for each label set. References stay valid for the life of the
//         Metrics.
// Thread: creating a series takes a lock (at start-up, or once for each new label value); add, set and observe are
//         lock-free.
// Bounds: labels come from closed sets (reasons, configured names), never from input.
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Seconds in fixed buckets from 0.5 ms to 30 s.
class Histogram {
 public:
  static constexpr std::array<double, 14> kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                  0.1,    0.25,  0.5,    1,     2.5,  10,    30};
  void observe(double seconds) noexcept;
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const noexcept {
    return buckets_[i].load(std::memory_order_relaxed);
  }
  [[nodiscard]] double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<double> sum_{0};
};

struct Label {
  std::string_view name;
  std::string_view value;
};

class Metrics {
 public:
  enum class Kind : std::uint8_t { counter, gauge, histogram };

  // `name` without labels, in Prometheus form and with its unit last: "straykey_events_received_total".
  // The same name and labels give the same series again. REQUIRES: one kind and one help text a name.
  Counter& counter(std::string_view name, std::string_view help, std::vector<Label> labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, std::vector<Label> labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<Label> labels = {});

  struct Series {
    std::string labels;  // `reason="truncated",source="x"`, escaped; empty without labels
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    std::string name;
    std::string help;
    Kind kind;
    std::deque<Series> series;
  };
  // Calls visit(const Family&) for each family in the order of creation, under the lock.
  template <class Visit>
  void each(Visit visit) const {
    const std::lock_guard lock(mutex_);
    for (const Family& family : families_) visit(family);
  }

 private:
  Series& series(std::string_view name, std::string_view help, Kind kind, const std::vector<Label>& labels);

  mutable std::mutex mutex_;
  std::deque<Family> families_;
};

}  // namespace straykey
