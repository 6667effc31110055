// Percentiles of latency: exact where they are small, within 0.8 % elsewhere.
#include "tools/replay/latency_histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tools/simulate/random.h"

using namespace straykey;

TEST_CASE("an empty histogram says 0 for everything") {
  const LatencyHistogram empty;
  CHECK(empty.count() == 0);
  CHECK(empty.max() == 0);
  CHECK(empty.at(0.99) == 0);
}

TEST_CASE("every percentile is at most 0.8 % above the sorted values' own, and never below") {
  Random random(7);
  LatencyHistogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = random.next() >> (36 + random.below(28));
    values.push_back(value);
    histogram.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    const std::uint64_t exact = values[std::max<std::size_t>(rank, 1) - 1];
    const std::uint64_t said = histogram.at(share);
    CHECK(said >= exact);
    CHECK(static_cast<double>(said) <= static_cast<double>(exact) * 1.008 + 1);
  }
  CHECK(histogram.max() == values.back());
  CHECK(histogram.at(1.0) == values.back());
}

TEST_CASE("values below 256 microseconds are kept exactly") {
  for (std::uint64_t value = 0; value < 256; ++value) {
    LatencyHistogram histogram;
    histogram.add(value);
    histogram.add(10'000);
    CHECK(histogram.at(0.5) == value);
  }
}

TEST_CASE("histograms of two connections together are the histogram of both") {
  LatencyHistogram one, two, both;
  for (std::uint64_t value = 1; value < 100'000; value = value * 3 / 2 + 1) {
    (value % 2 == 0 ? one : two).add(value);
    both.add(value);
  }
  one.merge(two);
  CHECK(one.count() == both.count());
  CHECK(one.max() == both.max());
  for (const double share : {0.1, 0.5, 0.9}) CHECK(one.at(share) == both.at(share));
}

TEST_CASE("what is out of range counts as the nearest value") {
  LatencyHistogram histogram;
  histogram.add_seconds(-1);
  CHECK(histogram.max() == 0);
  histogram.add_seconds(1e9);
  CHECK(histogram.max() == LatencyHistogram::kMaxMicros);
}
