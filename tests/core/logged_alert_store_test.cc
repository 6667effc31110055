#include "core/engine/logged_alert_store.h"

#include <string>

#include "core/engine/memory_store.h"
#include "tests/support/shared_alert_log.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Logged {
  MemoryAlertStore store;
  SharedAlertLog log;
  SharedAlertLog::Client client{log, 0};
  LoggedAlertStore logged{store, client};

  Logged() {
    REQUIRE(client.fence().ok());
    logged.log_to({.log = {7, 8}});
  }
  std::optional<std::string> get(Table table, std::string_view key) {
    const auto reader = store.read();
    const auto found = reader->get(table, key);
    return found ? std::optional(std::string(*found)) : std::nullopt;
  }
};

TEST_CASE("logged store: the log gets the last that was said of each row, and not the node's own progress") {
  Logged test;
  {
    const auto writer = test.logged.write();
    writer->put(Table::alerts, "a", "first");
    writer->put(Table::alerts, "a", "last");
    writer->put(Table::outbox, "b", "gone");
    writer->erase(Table::outbox, "b");
    writer->put(Table::progress, "lived", "own");
    test.logged.note_judged({1, 2});
    test.logged.note_claim({"siem", {3, 4}});
    REQUIRE(writer->commit() == CommitOutcome::committed);
  }
  REQUIRE_EQ(test.log.entries.size(), 1);
  const LogEntry& entry = test.log.entries.front();
  CHECK(entry.log == Hash128{7, 8});
  CHECK(entry.transaction == LogTransaction{.rows = {{Table::alerts, "a", "last"}, {Table::outbox, "b", std::nullopt}},
                                            .judged = {{1, 2}},
                                            .claims = {{"siem", {3, 4}}}});
  CHECK(test.get(Table::alerts, "a") == "last");
  CHECK_EQ(decode_log_place(test.get(Table::progress, kLogPlaceKey).value())->next, entry.next);
}

TEST_CASE("logged store: what is the node's own alone is not worth a word to the log") {
  Logged test;
  const auto writer = test.logged.write();
  writer->put(Table::progress, "lived", "own");
  REQUIRE(writer->commit() == CommitOutcome::committed);
  CHECK(test.log.entries.empty());
  CHECK(test.get(Table::progress, "lived") == "own");
}

TEST_CASE("logged store: what the log does not take is not stored, and nothing more is until the log is found again") {
  Logged test;
  test.log.reachable = false;
  const auto put = [&] {
    const auto writer = test.logged.write();
    writer->put(Table::alerts, "a", "value");
    const CommitOutcome outcome = writer->commit();
    CHECK(outcome == (writer->failure().empty() ? CommitOutcome::committed : CommitOutcome::failed));
    return outcome;
  };
  CHECK(put() == CommitOutcome::failed);
  CHECK(test.logged.lost());
  CHECK_FALSE(test.get(Table::alerts, "a"));
  test.log.reachable = true;
  CHECK(put() == CommitOutcome::failed);
  CHECK(test.log.entries.empty());
  test.logged.log_to(test.logged.place());
  CHECK(put() == CommitOutcome::committed);
}

TEST_CASE("logged store: when the store fails behind the log, the node must read the log again") {
  Logged test;
  test.store.fail_next_commit(CommitOutcome::failed);
  const auto writer = test.logged.write();
  writer->put(Table::alerts, "a", "value");
  CHECK(writer->commit() == CommitOutcome::failed);
  CHECK_EQ(test.log.entries.size(), 1);
  CHECK(test.logged.lost());
}

TEST_CASE("logged store: what a transaction tells besides its rows is forgotten with it") {
  Logged test;
  {
    const auto writer = test.logged.write();
    test.logged.note_judged({1, 2});
  }
  const auto writer = test.logged.write();
  writer->put(Table::alerts, "a", "value");
  REQUIRE(writer->commit() == CommitOutcome::committed);
  CHECK(test.log.entries.front().transaction.judged.empty());
}

TEST_CASE("logged store: while another node judges everything passes by the log") {
  Logged test;
  test.logged.pass_through();
  const auto writer = test.logged.write();
  writer->put(Table::alerts, "a", "value");
  test.logged.note_judged({1, 2});
  REQUIRE(writer->commit() == CommitOutcome::committed);
  CHECK(test.log.entries.empty());
  CHECK(test.get(Table::alerts, "a") == "value");
}

}  // namespace
}  // namespace straykey
