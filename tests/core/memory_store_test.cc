#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/aborts.h"

namespace straykey {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

Rows scanned(StoreReader& store, Table table, std::string_view prefix = {}, std::string_view from = {}) {
  Rows rows;
  store.scan(table, prefix, from, [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  });
  return rows;
}

void put_and_commit(Store& store, Table table, std::string_view key, std::string_view value) {
  const auto writer = store.write();
  writer->put(table, key, value);
  REQUIRE(writer->commit() == CommitOutcome::committed);
}

TEST_CASE("memory store: a reader sees what was committed and nothing of a writer under way") {
  MemoryBaselineStore store;
  put_and_commit(store, Table::facts, "a", "1");
  const auto writer = store.write();
  writer->put(Table::facts, "a", "2");
  writer->put(Table::facts, "b", "3");
  {
    const auto reader = store.read();
    CHECK_EQ(reader->get(Table::facts, "a"), "1");
    CHECK_FALSE(reader->get(Table::facts, "b").has_value());
    CHECK_EQ(scanned(*reader, Table::facts), Rows{{"a", "1"}});
  }
  CHECK_EQ(writer->get(Table::facts, "a"), "2");
  CHECK_EQ(writer->commit(), CommitOutcome::committed);
  CHECK_EQ(scanned(*store.read(), Table::facts), Rows{{"a", "2"}, {"b", "3"}});
}

TEST_CASE("memory store: a writer destroyed without commit is forgotten") {
  MemoryAlertStore store;
  store.write()->put(Table::alerts, "a", "1");
  CHECK_FALSE(store.read()->get(Table::alerts, "a").has_value());
}

TEST_CASE(
    "memory store: a scan in a writer shows its puts and hides its erased rows, in order, within prefix and from") {
  MemoryBaselineStore store;
  for (const char* key : {"a1", "a2", "a3", "b1"}) put_and_commit(store, Table::pending, key, "old");
  const auto writer = store.write();
  writer->erase(Table::pending, "a1");
  writer->put(Table::pending, "a2", "new");
  writer->put(Table::pending, "a25", "new");
  writer->put(Table::pending, "a\xff", "new");
  writer->erase(Table::pending, "nothing");
  CHECK_EQ(scanned(*writer, Table::pending, "a"), Rows{{"a2", "new"}, {"a25", "new"}, {"a3", "old"}, {"a\xff", "new"}});
  CHECK_EQ(scanned(*writer, Table::pending, "a", "a25\0"), Rows{{"a25", "new"}, {"a3", "old"}, {"a\xff", "new"}});
  CHECK_EQ(scanned(*writer, Table::pending, "a", "b"), Rows{});
  CHECK_EQ(scanned(*writer, Table::pending, "b", "a"), Rows{{"b1", "old"}});
}

TEST_CASE("memory store: a scan ends when the visitor says so") {
  MemoryBaselineStore store;
  for (const char* key : {"a", "b", "c"}) put_and_commit(store, Table::facts, key, "");
  int visits = 0;
  store.read()->scan(Table::facts, {}, {}, [&](std::string_view, std::string_view) { return ++visits < 2; });
  CHECK_EQ(visits, 2);
}

TEST_CASE("memory store: a commit asked to fail leaves nothing, and the next one succeeds") {
  MemoryBaselineStore store;
  store.fail_next_commit(CommitOutcome::failed);
  CHECK_EQ(store.write()->commit(), CommitOutcome::committed);  // it had nothing to write, so nothing could fail
  const auto writer = store.write();
  writer->put(Table::facts, "a", "1");
  CHECK_EQ(writer->commit(), CommitOutcome::failed);
  CHECK_FALSE(writer->failure().empty());
  CHECK_FALSE(store.read()->get(Table::facts, "a").has_value());
  put_and_commit(store, Table::facts, "a", "2");
  CHECK_EQ(store.read()->get(Table::facts, "a"), "2");
}

TEST_CASE(
    "memory store: after an unknown outcome everything fails until the restart, which shows whether it was kept") {
  for (const bool kept : {false, true}) {
    MemoryAlertStore store;
    store.fail_next_commit(CommitOutcome::unknown, kept);
    {
      const auto writer = store.write();
      writer->put(Table::dedup, "a", "1");
      CHECK_EQ(writer->commit(), CommitOutcome::unknown);
      const auto later = store.write();
      later->put(Table::dedup, "b", "1");
      CHECK_EQ(later->commit(), CommitOutcome::failed);
      CHECK_FALSE(store.read()->failure().empty());
    }
    store.restart();
    CHECK_EQ(store.read()->get(Table::dedup, "a").has_value(), kept);
    CHECK_FALSE(store.read()->get(Table::dedup, "b").has_value());
  }
}

TEST_CASE("memory store: broken down, a transaction answers nothing and tells why") {
  MemoryBaselineStore store;
  put_and_commit(store, Table::facts, "a", "1");
  store.break_down("the disk is gone");
  {
    const auto reader = store.read();
    CHECK_FALSE(reader->get(Table::facts, "a").has_value());
    CHECK(scanned(*reader, Table::facts).empty());
    CHECK_EQ(reader->failure(), "the disk is gone");
  }
  store.restart();
  CHECK_EQ(store.read()->get(Table::facts, "a"), "1");
}

TEST_CASE("memory store: misuse stops the process") {
  MemoryBaselineStore store;
  put_and_commit(store, Table::facts, "a", "1");
  CHECK(aborts([&] { (void)store.read()->get(Table::alerts, "a"); }));
  CHECK(aborts([&] { (void)store.read()->get(Table::facts, ""); }));
  CHECK(aborts([&] { store.write()->put(Table::facts, std::string(512, 'k'), ""); }));
  CHECK_FALSE(aborts([&] { store.write()->put(Table::facts, std::string(511, 'k'), ""); }));
  CHECK(aborts([&] {
    const auto one = store.write();
    const auto two = store.write();
  }));
  CHECK(aborts([&] {
    const auto reader = store.read();
    put_and_commit(store, Table::facts, "b", "2");
  }));
  CHECK(aborts([&] {
    const auto writer = store.write();
    writer->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view) {
      writer->erase(Table::facts, key);
      return true;
    });
  }));
}

TEST_CASE("memory store: random puts, erases, scans, commits and crashes agree with a plain map") {
  std::mt19937 random(7);
  MemoryBaselineStore store;
  std::map<std::string, std::string> committed;
  for (int round = 0; round < 400; ++round) {
    auto expected = committed;
    const auto writer = store.write();
    for (int step = 0; step < 20; ++step) {
      const std::string key(1 + random() % 3, static_cast<char>('a' + random() % 6));
      if (random() % 3 == 0) {
        writer->erase(Table::activity, key);
        expected.erase(key);
      } else {
        const std::string value = std::to_string(random());
        writer->put(Table::activity, key, value);
        expected[key] = value;
      }
    }
    REQUIRE_EQ(scanned(*writer, Table::activity), Rows(expected.begin(), expected.end()));
    const bool crash = random() % 4 == 0;
    if (!crash) {
      REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
      committed = expected;
    }
    REQUIRE_EQ(scanned(*store.read(), Table::activity), Rows(committed.begin(), committed.end()));
  }
}

}  // namespace
}  // namespace straykey
