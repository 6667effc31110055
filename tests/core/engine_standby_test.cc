#include <fmt/format.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/core/two_nodes.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Death = SharedAlertLog::Client::Death;

std::map<Hash128, int> times_posted(const std::vector<Post>& posts) {
  std::map<Hash128, int> times;
  for (const Post& post : posts) ++times[post.id];
  return times;
}

void check_bodies(const std::vector<Post>& posts) {
  std::map<Hash128, std::string> bodies;
  for (const Post& post : posts) {
    const auto [at, is_new] = bodies.emplace(post.id, post.body);
    if (!is_new) CHECK_EQ(at->second, post.body);
  }
}

TEST_CASE("standby: while the log cannot be reached nothing is judged or posted, and all of it is later") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.log.reachable = false;
  nodes.take({call_of("a")});
  nodes.a.merge();
  nodes.turns();
  CHECK_EQ(nodes.receiver.size(), 0);
  CHECK(nodes.a.alert_ids().empty());
  CHECK(nodes.a.bench.engine->not_ready().empty());
  nodes.log.reachable = true;
  nodes.turns();
  CHECK(nodes.a.judges());
  CHECK_EQ(nodes.receiver.size(), 1);
  CHECK(nodes.a.rows() == nodes.b.rows());
}

TEST_CASE("standby: a judge that was stopped for a while cannot append, post or judge after another took over") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.take({call_of("a")});
  nodes.a.turn(false);                     // judged, and handed to the sender, which is stopped before it asks
  nodes.b.client.believes_elected = true;  // and a does not know it
  for (int i = 0; i < 6; ++i) nodes.b.turn();
  REQUIRE(nodes.b.judges());
  CHECK_EQ(nodes.receiver.size(), 1);
  nodes.take({call_of("b")});
  const std::size_t entries = nodes.log.entries.size();
  nodes.a.bench.messages.clear();
  nodes.a.post_all();
  CHECK_EQ(nodes.log.entries.size(), entries);
  CHECK_EQ(nodes.receiver.size(), 1);
  CHECK_EQ(nodes.receiver.front().node, 1);
  nodes.a.client.believes_elected = false;
  nodes.turns();
  CHECK_FALSE(nodes.a.judges());
  CHECK(nodes.a.rows() == nodes.b.rows());
  CHECK_EQ(nodes.receiver.size(), 2);
}

TEST_CASE("standby: an operator who asks the standby to change an alert hears who the judge is") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  const auto ask = [](Node& node) {
    auto change = std::make_unique<OperatorChange>();
    change->in_alerts = [](StoreWriter& alerts, std::size_t) {
      alerts.put(Table::operator_log, "when", "what");
      return OperatorChange::InAlerts{.rows = 1, .refusal = {}};
    };
    REQUIRE(node.bench.change(std::move(change)) == SubmitResult::accepted);
  };
  ask(nodes.b);
  nodes.turns();
  REQUIRE_EQ(nodes.b.bench.outcomes.size(), 1);
  CHECK(nodes.b.bench.outcomes[0].kind == ChangeOutcome::Kind::refused);
  CHECK(nodes.b.bench.outcomes[0].sentence.find("node-0") != std::string::npos);
  ask(nodes.a);
  nodes.turns();
  CHECK(nodes.a.bench.outcomes.at(0).kind == ChangeOutcome::Kind::done);
  CHECK_EQ(nodes.b.bench.rows(Table::operator_log), 1);
}

// A few identities on a few days, each request to both nodes.
std::vector<Call> some_calls(std::mt19937_64& random, int day) {
  std::vector<Call> calls;
  for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
    const std::string role = fmt::format("role{}", random() % 8);
    Call call = call_of(role);
    call.at = fmt::format("2024-03-{:02}T{:02}:05:00Z", day, random() % 24);
    call.id = fmt::format("event {}", random());
    calls.push_back(call);
  }
  return calls;
}

// One history: a fortnight of calls that both nodes get, while one or the other of them dies or is cut off.
struct History {
  explicit History(std::uint64_t seed) : random(seed) {
    nodes.elect(nodes.a);
    nodes.turns();
  }
  void take(const std::vector<Call>& calls) {
    REQUIRE(alone.submit(calls) == SubmitResult::accepted);
    alone.settle();
    alone.merge_all();
    // A sender brings what a dead node did not take when that is up again; here at once, to its partitions.
    for (Node* node : {&nodes.a, &nodes.b}) {
      const bool was_up = node->is_up;
      if (!was_up) node->start();
      node->take(calls);
      if (!was_up) node->die();
    }
  }
  void disturb(Node& judge, Node& other) {
    const auto what = random() % 8;
    if (what < 2 && judge.is_up) {
      judge.client.death = what == 0 ? Death::before_append : Death::after_append;
      for (int turn = 0; turn < 3 && judge.is_up; ++turn) judge.turn();
      judge.client.death = Death::none;
      if (!judge.is_up) ++disturbed;
    } else if (what == 2 && judge.is_up) {
      judge.turn(random() % 2 == 0);
      judge.die();
      ++disturbed;
    } else if (what == 3 && other.is_up && judge.is_up) {  // both believe that they are elected
      other.client.believes_elected = true;
      for (int turn = 0; turn < 4; ++turn) other.turn();
      judge.merge();
      judge.post_all();
      ++disturbed;
    }
  }
  void go_on(Node& judge, Node& other) {
    if (random() % 3 == 0) nodes.log.compact();
    if (random() % 2 == 0 && !judge.is_up) judge.start();
    nodes.elect(random() % 4 == 0 || !judge.is_up ? other : judge);
    for (Node* node : {&nodes.a, &nodes.b})
      if (!node->is_up && random() % 3 == 0) node->start();
    Node& elected = nodes.b.client.believes_elected ? nodes.b : nodes.a;
    if (!elected.is_up) elected.start();
    elected.client.believes_elected = true;
    nodes.turns(static_cast<int>(random() % 4));
  }
  void run() {
    for (int i = 0; i < 42; ++i) {
      take(some_calls(random, 10 + i / 3));
      Node& judge = nodes.b.client.believes_elected ? nodes.b : nodes.a;
      Node& other = &judge == &nodes.a ? nodes.b : nodes.a;
      disturb(judge, other);
      go_on(judge, other);
    }
    for (Node* node : {&nodes.a, &nodes.b})
      if (!node->is_up) node->start();
    nodes.elect(nodes.a);
    nodes.turns(30);
  }

  std::mt19937_64 random;
  TwoNodes nodes;
  Bench alone;
  int disturbed = 0;
};

TEST_CASE("standby: whenever a node dies or is cut off, every alert is raised once and no body differs") {
  int disturbed = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    History history(seed);
    history.run();
    TwoNodes& nodes = history.nodes;
    const std::set<Hash128> expected = alert_ids_of(history.alone.alerts);
    CHECK(nodes.a.alert_ids() == expected);
    CHECK(nodes.a.rows() == nodes.b.rows());
    check_bodies(nodes.receiver);
    const auto times = times_posted(nodes.receiver);
    for (const Hash128 id : expected) CHECK(times.contains(id));
    CHECK_EQ(nodes.a.bench.rows(Table::outbox), 0);
    CHECK_LE(nodes.receiver.size(), times.size() + static_cast<std::size_t>(history.disturbed) * 3);
    // What the judge judged while this node was down may wait here; as the judge it raises nothing from it.
    const std::size_t posted = nodes.receiver.size();
    nodes.elect(nodes.b);
    nodes.turns(10);
    CHECK(nodes.b.alert_ids() == expected);
    CHECK_EQ(nodes.receiver.size(), posted);
    CHECK_EQ(nodes.b.bench.engine->unjudged(), 0);
    disturbed += history.disturbed;
  }
  CHECK_GT(disturbed, 1'000);
}

}  // namespace
}  // namespace straykey
