#pragma once
// RecordInHand: the record that this thread is working on, told to whoever looks when the thread crashes.
//
// Shape:  one on the stack around the work on a record, at most a few deep. The flight recorder's signal handler reads
//         it (storage/flight_recorder), nobody else.
// Thread: any; each has its own.
#include <atomic>
#include <string_view>

namespace straykey {

class RecordInHand {
 public:
  explicit RecordInHand(std::string_view record) noexcept : RecordInHand(&own_) { own_ = record; }
  // `record` is only looked at in a crash.
  explicit RecordInHand(const std::string_view* record) noexcept : before_(current_) {
    current_ = record;
    std::atomic_signal_fence(std::memory_order_release);  // a handler on this thread sees it before what follows
  }
  RecordInHand(const RecordInHand&) = delete;
  RecordInHand& operator=(const RecordInHand&) = delete;
  ~RecordInHand() {
    std::atomic_signal_fence(std::memory_order_release);
    current_ = before_;
  }

  // Of the calling thread; empty if it works on none.
  [[nodiscard]] static std::string_view current() noexcept {
    return current_ == nullptr ? std::string_view{} : *current_;
  }

 private:
  static inline thread_local const std::string_view* current_ = nullptr;

  std::string_view own_;
  const std::string_view* before_;
};

}  // namespace straykey
