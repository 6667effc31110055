// A store of an older format becomes one of format 3, wherever that is interrupted.
#include "storage/format_upgrade.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/baseline/fact.h"
#include "core/detect/message.h"
#include "core/engine/baseline_view.h"
#include "core/engine/memory_store.h"
#include "core/engine/outbox.h"
#include "core/engine/run_clock.h"
#include "core/engine/sequence.h"
#include "storage/data_directory.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

constexpr HashKey kKey{1, 2};
constexpr Day kTheft = 20'240 + 12;  // the last day of the store of format 1

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A copy of the store that a program of format 1 wrote.
std::string old_store(const TemporaryDirectory& parent) {
  const std::string path = parent.path() + "/store";
  fs::copy(STRAYKEY_SOURCE_DIR "/tests/storage/stores/format_1", path, fs::copy_options::recursive);
  return path;
}

std::unique_ptr<DataDirectory> opened(const std::string& path) {
  auto directory = DataDirectory::open({.path = path,
                                        .shards = 1,
                                        .new_hash_key = kKey,
                                        .map_bytes = std::uint64_t{16} << 20,
                                        .disk_free_bytes_min = 0});
  REQUIRE_MESSAGE(directory.ok(), (directory.ok() ? "" : directory.error().message));
  return std::move(directory).value();
}

std::optional<Day> kept_since(AlertStore& alerts) {
  const std::vector<std::unique_ptr<StoreReader>> none;
  const auto reader = alerts.read();
  return BaselineView(kKey, none, *reader).kept_since();
}

std::map<std::string, std::string> rows_of(AlertStore& alerts, Table table) {
  std::map<std::string, std::string> rows;
  alerts.read()->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  });
  return rows;
}

void put_account(BaselineStore& partition, Day day) {
  const FactRef ref{FactKind::account, "111122223333", ""};
  Fact fact;
  fact.seen(day);
  const auto writer = partition.write();
  writer->put(Table::facts, fact_key(kKey, ref), encode_fact(fact, ref));
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
}

TEST_CASE("format upgrade: a store of format 1 is of today's once it was opened, and says since when") {
  const TemporaryDirectory parent;
  const std::string path = old_store(parent);
  CHECK_EQ(kept_since(opened(path)->alerts()), kTheft);
  CHECK(text_of(path + "/format").starts_with("straykey store\nformat 3\n"));
  CHECK_EQ(kept_since(opened(path)->alerts()), kTheft);
}

TEST_CASE("format upgrade: interrupted between its two steps, the next opening goes on") {
  const TemporaryDirectory parent;
  const std::string path = old_store(parent);
  auto file = parse_format_file(text_of(path + "/format"));
  REQUIRE(file.ok());
  CHECK_EQ(file.value().format, 1);
  FormatFile replaced = file.value();
  replaced.format = kStoreFormat;
  std::ofstream(path + "/format", std::ios::binary) << format_file_text(replaced);
  CHECK_EQ(kept_since(opened(path)->alerts()), kTheft);
}

TEST_CASE("format upgrade: what waits for its receivers is handed over with the body that was stored, byte for byte") {
  const TemporaryDirectory parent;
  const auto directory = opened(old_store(parent));
  std::map<std::string, std::string> bodies;
  for (const auto& [id, row] : rows_of(directory->alerts(), Table::alerts)) {
    const auto message = decode_message(row);
    REQUIRE(message.has_value());
    REQUIRE(std::holds_alternative<OldBody>(*message));
    CHECK_NE(row.find(std::get<OldBody>(*message).body), std::string::npos);
    bodies[id] = std::get<OldBody>(*message).body;
  }
  std::vector<Delivery> delivered;
  Outbox outbox({{"sink", Severity::informational, {}, {}}},
                [&](Delivery one) { delivered.push_back(std::move(one)); });
  outbox.refill(*directory->alerts().read());
  CHECK_EQ(delivered.size(), rows_of(directory->alerts(), Table::outbox).size());
  REQUIRE_FALSE(delivered.empty());
  for (const Delivery& one : delivered) CHECK_EQ(one.body, bodies.at(one.alert_id.key()));
}

TEST_CASE("format upgrade: a store that is made now keeps every kind from the beginning") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  {
    const auto made = opened(path);
    put_account(*made->partitions()[0], 20'000);
  }
  CHECK_FALSE(kept_since(opened(path)->alerts()).has_value());
}

struct Memory {
  std::vector<std::unique_ptr<BaselineStore>> partitions;
  MemoryAlertStore alerts;
  Memory() {
    for (int i = 0; i < 2; ++i) partitions.push_back(std::make_unique<MemoryBaselineStore>());
  }
  Status upgrade(std::size_t facts_a_step = 2) {
    return FormatUpgrade(kKey, alerts, partitions, {}, facts_a_step).carry_out(false);
  }
  MemoryBaselineStore& partition(std::size_t number) { return static_cast<MemoryBaselineStore&>(*partitions[number]); }
};

// Facts of every kind about some identities, under the keys of format 2.
std::map<std::string, std::string> put_old_facts(BaselineStore& partition) {
  std::map<std::string, std::string> renewed;
  const auto writer = partition.write();
  Fact fact;
  fact.seen(20'000);
  for (unsigned kind = 1; kind < kOfIdentities; ++kind)
    for (const char* name : {"orders", "billing", "a-name-that-is-cut"}) {
      const std::string scope = "111122223333/" + (*name == 'a' ? std::string(700, 'x') : std::string(name));
      for (const char* value : {"AS64511", "boto3"}) {
        const FactRef ref{static_cast<FactKind>(kind), scope, value};
        writer->put(Table::facts, fact_key_of_format_2(kKey, ref), encode_fact(fact, ref));
        renewed.emplace(fact_key(kKey, ref), encode_fact(fact, ref));
      }
    }
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  return renewed;
}

std::map<std::string, std::string> facts_of(BaselineStore& partition) {
  std::map<std::string, std::string> rows;
  partition.read()->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  });
  return rows;
}

TEST_CASE("format upgrade: the newest day of any account in any partition counts, and later openings change nothing") {
  Memory store;
  put_account(*store.partitions[0], 20'100);
  put_account(*store.partitions[1], 20'007);
  REQUIRE(store.upgrade().ok());
  CHECK_EQ(kept_since(store.alerts), 20'100);
  put_account(*store.partitions[1], 20'200);
  REQUIRE(store.upgrade().ok());
  CHECK_EQ(kept_since(store.alerts), 20'100);
}

TEST_CASE("format upgrade: a store that saw no account is like a new one") {
  Memory store;
  REQUIRE(store.upgrade().ok());
  CHECK_FALSE(kept_since(store.alerts).has_value());
}

TEST_CASE("format upgrade: a commit that fails is made by a later opening; an unknown outcome is an error") {
  Memory store;
  put_account(*store.partitions[0], 20'100);
  store.alerts.fail_next_commit(CommitOutcome::failed);
  REQUIRE(store.upgrade().ok());
  CHECK_FALSE(kept_since(store.alerts).has_value());
  store.alerts.restart();
  REQUIRE(store.upgrade().ok());
  CHECK_EQ(kept_since(store.alerts), 20'100);

  Memory other;
  other.alerts.fail_next_commit(CommitOutcome::unknown, false);
  CHECK_FALSE(other.upgrade().ok());
}

TEST_CASE("format upgrade: a partition that cannot be read is an error, and a damaged one leaves the store as it is") {
  for (const bool damaged : {false, true}) {
    Memory store;
    put_account(*store.partitions[0], 20'100);
    const auto expected = put_old_facts(*store.partitions[1]);
    MemoryBaselineStore& partition = store.partition(0);
    if (damaged)
      partition.damage_as({"shard-00", "the disk is gone"});
    else
      partition.break_down("the disk is gone");
    CHECK_EQ(store.upgrade().ok(), damaged);
    CHECK(rows_of(store.alerts, Table::progress).empty());
    CHECK_EQ(facts_of(*store.partitions[1]) == expected, damaged);
    partition.restart();
    REQUIRE(store.upgrade().ok());
    CHECK_EQ(kept_since(store.alerts), 20'100);
    CHECK_EQ(facts_of(*store.partitions[1]), expected);
  }
}

TEST_CASE("format upgrade: facts of format 2 are found under today's keys, whatever the size of a step") {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, FormatUpgrade::kFactsAStep}) {
    Memory store;
    const auto expected = put_old_facts(*store.partitions[1]);
    REQUIRE(store.upgrade(step).ok());
    CHECK_EQ(facts_of(*store.partitions[1]), expected);
    REQUIRE(store.upgrade(step).ok());
    CHECK_EQ(facts_of(*store.partitions[1]), expected);
  }
}

TEST_CASE("format upgrade: a step that fails is an error, and the next opening goes on from there") {
  for (const CommitOutcome outcome : {CommitOutcome::failed, CommitOutcome::unknown}) {
    Memory store;
    const auto expected = put_old_facts(*store.partitions[0]);
    store.partition(0).fail_next_commit(outcome, outcome == CommitOutcome::unknown);
    const Status failed = store.upgrade();
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().message.starts_with("shard-00 could not be brought to store format 3: "));
    CHECK(rows_of(store.alerts, Table::progress).empty());
    store.partition(0).restart();
    REQUIRE(store.upgrade().ok());
    CHECK_EQ(facts_of(*store.partitions[0]), expected);
  }
}

TEST_CASE("format upgrade: a partition restored from an older backup is brought up, too") {
  Memory store;
  REQUIRE(store.upgrade().ok());
  const auto expected = put_old_facts(*store.partitions[0]);
  REQUIRE(store.upgrade().ok());
  CHECK_EQ(facts_of(*store.partitions[0]), expected);
}

TEST_CASE("format upgrade: facts do not look older than the hours that the store has run") {
  Memory store;
  put_old_facts(*store.partitions[0]);
  const auto writer = store.alerts.write();
  writer->put(Table::progress, kRunSecondsKey, encode_sequence(std::uint64_t{5'000} * 3600));
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  REQUIRE(store.upgrade().ok());
  std::set<RunHour> hours;
  store.partitions[0]->read()->scan_aged(Table::facts, std::string(1, kOfIdentities), {},
                                         [&](std::string_view, std::string_view, RunHour put_at) {
                                           hours.insert(put_at);
                                           return true;
                                         });
  CHECK_EQ(hours, std::set<RunHour>{5'000});
}

}  // namespace
}  // namespace straykey
