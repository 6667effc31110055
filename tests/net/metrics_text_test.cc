#include "net/admin/metrics_text.h"

#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("counters, gauges and histograms are rendered as Prometheus reads them") {
  Metrics metrics;
  metrics.counter("straykey_a_total", "First \\ line\nsecond.", {{"reason", "odd \"one\"\\\n"}}).add(7);
  metrics.counter("straykey_a_total", "First \\ line\nsecond.", {{"reason", "b"}});
  metrics.gauge("straykey_b_bytes", "B.").set(1.5);
  metrics.gauge("straykey_c_seconds", "C.").set(std::numeric_limits<double>::infinity());
  Histogram& histogram = metrics.histogram("straykey_d_seconds", "D.", {{"listener", "x"}});
  histogram.observe(0.0005);
  histogram.observe(0.2);
  histogram.observe(100);
  const std::string text = metrics_text(metrics);
  CHECK(
      text.starts_with("# HELP straykey_a_total First \\\\ line\\nsecond.\n# TYPE straykey_a_total counter\n"
                       "straykey_a_total{reason=\"odd \\\"one\\\"\\\\\\n\"} 7\nstraykey_a_total{reason=\"b\"} 0\n"));
  CHECK(text.find("# TYPE straykey_b_bytes gauge\nstraykey_b_bytes 1.5\n") != std::string::npos);
  CHECK(text.find("straykey_c_seconds +Inf\n") != std::string::npos);
  CHECK(text.find("straykey_d_seconds_bucket{listener=\"x\",le=\"0.0005\"} 1\n") != std::string::npos);
  CHECK(text.find("straykey_d_seconds_bucket{listener=\"x\",le=\"0.1\"} 1\n") != std::string::npos);
  CHECK(text.find("straykey_d_seconds_bucket{listener=\"x\",le=\"0.25\"} 2\n") != std::string::npos);
  CHECK(text.find("straykey_d_seconds_bucket{listener=\"x\",le=\"30\"} 2\n") != std::string::npos);
  CHECK(text.find("straykey_d_seconds_bucket{listener=\"x\",le=\"+Inf\"} 3\n") != std::string::npos);
  CHECK(text.find("straykey_d_seconds_sum{listener=\"x\"} 100.2005\n") != std::string::npos);
  CHECK(text.ends_with("straykey_d_seconds_count{listener=\"x\"} 3\n"));
}

}  // namespace straykey
