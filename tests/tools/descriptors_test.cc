#include "tools/server/descriptors.h"

#include <sys/resource.h>

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr DescriptorUse kUse{.listeners = 2, .connections_max = 4'096, .operators = 320, .webhooks = 3, .shards = 4};

}  // namespace

TEST_CASE("connections get what is left of the descriptors when all else has its own") {
  CHECK(connections_that_fit(kUse, 1'000'000) == 4'096);
  CHECK(connections_that_fit(kUse, kUse.wanted()) == 4'096);
  CHECK(connections_that_fit(kUse, kUse.wanted() - 1) == 4'095);
  CHECK(connections_that_fit(kUse, kUse.kept() + 20) == 10);
  CHECK(connections_that_fit(kUse, 10) == 1);
  CHECK(connections_that_fit({.connections_max = 7}, 10) == 7);  // nobody listens
  CHECK(kUse.kept() > 320 + 3 * 4);
}

TEST_CASE("the soft limit of descriptors becomes the hard one") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit lower = before;
  lower.rlim_cur = 200;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &lower) == 0);
  const DescriptorLimit raised = raise_descriptor_limit();
  CHECK(raised.before == 200);
  CHECK(raised.now == before.rlim_max);
  rlimit now{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(now.rlim_cur == before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace straykey
