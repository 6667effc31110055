#include "core/base/metrics.h"

#include <algorithm>

#include "core/base/invariant.h"

namespace straykey {
namespace {

std::string label_text(const std::vector<Label>& labels) {
  std::string out;
  for (const Label& label : labels) {
    if (!out.empty()) out += ',';
    out.append(label.name).append("=\"");
    for (const char c : label.value) {
      if (c == '\\' || c == '"') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += '"';
  }
  return out;
}

}  // namespace

void Histogram::observe(double seconds) noexcept {
  const auto at = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
  buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(seconds, std::memory_order_relaxed);
}

Metrics::Series& Metrics::series(std::string_view name, std::string_view help, Kind kind,
                                 const std::vector<Label>& labels) {
  const std::string text = label_text(labels);
  auto family = std::find_if(families_.begin(), families_.end(), [&](const Family& f) { return f.name == name; });
  if (family == families_.end()) {
    families_.push_back({std::string(name), std::string(help), kind, {}});
    family = std::prev(families_.end());
  }
  INVARIANT(family->kind == kind);
  for (Series& series : family->series)
    if (series.labels == text) return series;
  Series& series = family->series.emplace_back();
  series.labels = text;
  switch (kind) {
    case Kind::counter:
      series.counter = std::make_unique<Counter>();
      break;
    case Kind::gauge:
      series.gauge = std::make_unique<Gauge>();
      break;
    case Kind::histogram:
      series.histogram = std::make_unique<Histogram>();
      break;
  }
  return series;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::vector<Label> labels) {
  const std::lock_guard lock(mutex_);
  return *series(name, help, Kind::counter, labels).counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::vector<Label> labels) {
  const std::lock_guard lock(mutex_);
  return *series(name, help, Kind::gauge, labels).gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<Label> labels) {
  const std::lock_guard lock(mutex_);
  return *series(name, help, Kind::histogram, labels).histogram;
}

}  // namespace straykey
