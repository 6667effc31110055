#include "core/engine/standby.h"

#include <string>
#include <vector>

#include "tests/core/two_nodes.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("standby: one of two nodes judges and delivers, and the other one has the same alerts") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  REQUIRE(nodes.a.judges());
  REQUIRE_FALSE(nodes.b.judges());
  nodes.take({call_of("a")});
  nodes.take({call_of("b")});
  nodes.turns();
  CHECK_EQ(nodes.a.alert_ids().size(), 2);
  CHECK(nodes.a.rows() == nodes.b.rows());
  CHECK_EQ(nodes.receiver.size(), 2);
  for (const Post& post : nodes.receiver) CHECK_EQ(post.node, 0);
  CHECK_EQ(nodes.b.bench.engine->unjudged(), 0);
}

TEST_CASE("standby: a dead judge's candidates are judged by the other node, and its alerts take hits in") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.take({call_of("a")});
  nodes.turns();
  nodes.take({call_of("b")});
  nodes.a.die();
  nodes.turns();
  CHECK_EQ(nodes.b.bench.engine->unjudged(), 1);
  nodes.elect(nodes.b);
  nodes.turns();
  REQUIRE(nodes.b.judges());
  CHECK_EQ(nodes.b.alert_ids().size(), 2);
  Call again = call_of("a");
  again.at = "2024-03-22T09:05:00Z";
  nodes.take({again});
  nodes.turns();
  CHECK_EQ(nodes.b.alert_ids().size(), 2);
  CHECK_EQ(nodes.receiver.size(), 2);
  nodes.a.start();
  nodes.turns();
  CHECK(nodes.a.rows() == nodes.b.rows());
}

TEST_CASE("standby: the first judge writes what it knew before into the log") {
  SharedAlertLog log;
  std::vector<Post> receiver;
  Node a{log, 0, receiver};
  {
    Bench alone;
    REQUIRE(alone.submit({call_of("old")}) == SubmitResult::accepted);
    alone.settle();
    alone.merge_all();
    const auto writer = a.bench.alerts.write();
    for (const Table table : {Table::alerts, Table::alert_state, Table::dedup, Table::alert_pairs})
      alone.alerts.read()->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
        writer->put(table, key, value);
        return true;
      });
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  a.client.believes_elected = true;
  for (int i = 0; i < 6; ++i) a.turn();
  REQUIRE(a.judges());
  Node b{log, 1, receiver};
  for (int i = 0; i < 6; ++i) b.turn();
  CHECK_EQ(b.alert_ids().size(), 1);
  CHECK(a.rows() == b.rows());
}

TEST_CASE("standby: a store with alerts that the log does not know, and a log of another hash key, are refused") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  SUBCASE("alerts of its own") {
    nodes.b.die();
    {
      const auto writer = nodes.b.bench.alerts.write();
      writer->erase(Table::progress, kLogPlaceKey);
      writer->put(Table::activated, "111122223333", "12345678");
      REQUIRE(writer->commit() == CommitOutcome::committed);
    }
    nodes.b.start();
    nodes.turns();
    CHECK(nodes.b.standby->status()->waits_for.find("alerts of its own") != std::string::npos);
  }
  SUBCASE("another hash key") {
    nodes.b.die();
    for (LogEntry& entry : nodes.log.entries)
      if (entry.log != Hash128{}) entry.log.high ^= 1;
    {
      const auto writer = nodes.b.bench.alerts.write();
      writer->erase(Table::progress, kLogPlaceKey);
      REQUIRE(writer->commit() == CommitOutcome::committed);
    }
    nodes.b.start();
    nodes.turns();
    CHECK(nodes.b.standby->status()->waits_for.find("another installation") != std::string::npos);
  }
  nodes.a.die();
  nodes.elect(nodes.b);
  nodes.turns();
  CHECK_FALSE(nodes.b.judges());
}

TEST_CASE("standby: each node says since when it judges, or does not") {
  TwoNodes nodes;
  const Seconds first = nodes.log.now;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.log.now += 100;
  nodes.turns();
  REQUIRE(nodes.a.judges());
  CHECK_EQ(nodes.a.standby->status()->since, first);
  CHECK_EQ(nodes.b.standby->status()->since, first);
  nodes.elect(nodes.b);
  nodes.turns();
  REQUIRE(nodes.b.judges());
  CHECK_EQ(nodes.a.standby->status()->since, first + 100);
  CHECK_EQ(nodes.b.standby->status()->since, first + 100);
}

TEST_CASE("standby: settings that differ from the judge's are named, and bind nobody when the judge is gone") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.b.standby->use_agreement({{"detection settings", "other"}, {"tools", "new"}});
  nodes.turns();
  CHECK_EQ(nodes.b.standby->status()->differs, std::vector<std::string>{"detection settings", "tools"});
  CHECK_FALSE(nodes.log.standing.contains(1));
  SUBCASE("as before they are, and it stands again") {
    nodes.b.standby->use_agreement({{"detection settings", "same"}});
    nodes.turns();
    CHECK(nodes.b.standby->status()->differs.empty());
    CHECK(nodes.log.standing.contains(1));
  }
  SUBCASE("the judge gets them, too") {
    nodes.a.standby->use_agreement({{"detection settings", "other"}, {"tools", "new"}});
    nodes.turns();
    CHECK(nodes.a.judges());
    CHECK(nodes.b.standby->status()->differs.empty());
  }
  SUBCASE("the judge is gone") {
    nodes.a.die();
    nodes.b.client.believes_elected = true;
    for (int i = 0; i < 4; ++i) {
      nodes.log.now += Standby::kAskS;
      nodes.turns(2);
    }
    CHECK_FALSE(nodes.b.judges());
    nodes.log.now += Standby::kNobodyS;
    nodes.turns(4);
    CHECK(nodes.b.judges());
  }
}

TEST_CASE("standby: a judge that retires writes what it knows, and stands for nothing any more") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.take({call_of("a")});
  nodes.a.standby->retire();
  nodes.a.turn();
  CHECK_EQ(nodes.a.alert_ids().size(), 1);
  nodes.turns();
  CHECK_FALSE(nodes.a.judges());
  CHECK_FALSE(nodes.log.standing.contains(0));
  CHECK(nodes.a.rows() == nodes.b.rows());
}

TEST_CASE("standby: a node that was away for too long erases what it had, because erasures may be forgotten") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.take({call_of("a")});
  nodes.a.turn(false);
  nodes.b.turn();
  REQUIRE_EQ(nodes.b.bench.rows(Table::outbox), 1);
  nodes.b.die();
  nodes.turns();
  REQUIRE_EQ(nodes.a.bench.rows(Table::outbox), 0);
  nodes.a.take({call_of("b")});
  nodes.turns();
  nodes.log.forget_erased();
  nodes.log.now += Standby::kStaleS + 1;
  nodes.b.start();
  nodes.turns(20);
  CHECK_EQ(nodes.b.bench.rows(Table::outbox), 0);
  CHECK(nodes.a.rows() == nodes.b.rows());
}

TEST_CASE("standby: a log that was deleted is begun anew by the elected node, and the other one follows that") {
  TwoNodes nodes;
  nodes.elect(nodes.a);
  nodes.turns();
  nodes.take({call_of("a")});
  nodes.turns();
  nodes.log.make_anew();
  nodes.take({call_of("b")});
  nodes.a.merge();
  nodes.turns(20);
  CHECK(nodes.a.judges());
  CHECK_EQ(nodes.a.alert_ids().size(), 2);
  CHECK(nodes.a.rows() == nodes.b.rows());
  CHECK_EQ(nodes.receiver.size(), 2);
}

}  // namespace
}  // namespace straykey
