#pragma once
// Metrics as Prometheus text (exposition format 0.0.4).
#include <string>

#include "core/base/metrics.h"

namespace straykey {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// Every family with HELP and TYPE, then its series; histograms with cumulative buckets, _sum and _count.
[[nodiscard]] std::string metrics_text(const Metrics& metrics);

}  // namespace straykey
