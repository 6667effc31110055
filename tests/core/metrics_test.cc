#include "core/base/metrics.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/aborts.h"

namespace straykey {
namespace {

std::vector<std::string> labels_of(const Metrics& metrics, std::string_view name) {
  std::vector<std::string> out;
  metrics.each([&](const Metrics::Family& family) {
    if (family.name != name) return;
    for (const Metrics::Series& series : family.series) out.push_back(series.labels);
  });
  return out;
}

TEST_CASE("metrics: the same name and labels are the same series, others are not") {
  Metrics metrics;
  Counter& a = metrics.counter("straykey_a_total", "A.", {{"reason", "one"}});
  Counter& same = metrics.counter("straykey_a_total", "A.", {{"reason", "one"}});
  Counter& other = metrics.counter("straykey_a_total", "A.", {{"reason", "two"}});
  a.add();
  same.add(2);
  CHECK_EQ(a.value(), 3);
  CHECK_EQ(other.value(), 0);
}

TEST_CASE("metrics: families come in the order of creation, with their labels in Prometheus form") {
  Metrics metrics;
  metrics.gauge("straykey_z", "Z.");
  metrics.counter("straykey_a_total", "A.", {{"x", "1"}, {"y", "2"}});
  std::vector<std::string> names;
  metrics.each([&](const Metrics::Family& family) { names.push_back(family.name); });
  CHECK_EQ(names, std::vector<std::string>{"straykey_z", "straykey_a_total"});
  CHECK_EQ(labels_of(metrics, "straykey_a_total"), std::vector<std::string>{R"(x="1",y="2")"});
  CHECK_EQ(labels_of(metrics, "straykey_z"), std::vector<std::string>{""});
}

TEST_CASE("metrics: a label value cannot leave its quotes or its line") {
  Metrics metrics;
  metrics.counter("straykey_a_total", "A.", {{"name", "a\"b\\c\nd"}});
  CHECK_EQ(labels_of(metrics, "straykey_a_total"), std::vector<std::string>{R"(name="a\"b\\c\nd")"});
}

TEST_CASE("metrics: an observation falls into the first bucket whose bound it does not pass") {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("straykey_seconds", "S.");
  histogram.observe(0.0005);
  histogram.observe(0.0006);
  histogram.observe(31);
  CHECK_EQ(histogram.bucket(0), 1);
  CHECK_EQ(histogram.bucket(1), 1);
  CHECK_EQ(histogram.bucket(Histogram::kBounds.size()), 1);
  CHECK_EQ(histogram.sum(), doctest::Approx(31.0011));
}

TEST_CASE("metrics: a gauge holds what was set and moves by what was added") {
  Metrics metrics;
  Gauge& gauge = metrics.gauge("straykey_g", "G.");
  gauge.set(4);
  gauge.add(-1.5);
  CHECK_EQ(gauge.value(), 2.5);
}

TEST_CASE("metrics: one name for two kinds is our own mistake") {
  Metrics metrics;
  metrics.counter("straykey_a_total", "A.");
  CHECK(aborts([&] { metrics.gauge("straykey_a_total", "A."); }));
}

}  // namespace
}  // namespace straykey
