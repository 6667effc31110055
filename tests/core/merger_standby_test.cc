#include "tests/core/two_nodes.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("standby: what the judge judged before the event came to the standby waits no more there") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.a.take({call_of("a")});
  nodes.turns();
  nodes.b.take({call_of("a")});
  CHECK_GT(nodes.b.bench.engine->unjudged(), 0);
  nodes.turns();
  CHECK_EQ(nodes.b.bench.engine->unjudged(), 0);
  nodes.elect(nodes.b);
  nodes.turns();
  CHECK(nodes.b.judges());
  CHECK_EQ(nodes.receiver.size(), 1);
}

TEST_CASE("standby: what the judge never judged waits for two days, and is passed then") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.b.take({call_of("a")});  // at its own day, the newest that this node has seen
  const auto look_through = [&] {
    nodes.b.bench.uptime += 60;
    nodes.turns();
  };
  look_through();
  CHECK_GT(nodes.b.bench.engine->unjudged(), 0);
  Call later = call_of("b");
  later.at = "2024-03-24T09:05:00Z";
  nodes.take({later});
  look_through();
  CHECK_EQ(nodes.b.bench.engine->unjudged(), 0);
}

}  // namespace
}  // namespace straykey
