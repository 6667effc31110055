// The stores on LMDB do what the stores in memory do, and notice a changed byte.
#include "storage/lmdb_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "core/engine/memory_store.h"
#include "tests/support/aborts.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

template <class Kind>
std::unique_ptr<Kind> opened(const std::string& directory) {
  auto store = Kind::open({.directory = directory, .map_bytes = std::uint64_t{64} << 20, .disk_free_bytes_min = 0});
  REQUIRE_MESSAGE(store.ok(), (store.ok() ? "" : store.error().message));
  return std::move(store).value();
}

Rows scanned(StoreReader& store, Table table, std::string_view prefix = {}, std::string_view from = {}) {
  Rows rows;
  store.scan(table, prefix, from, [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  });
  return rows;
}

using AgedRows = std::vector<std::tuple<std::string, std::string, RunHour>>;

AgedRows scanned_with_age(StoreReader& store, Table table) {
  AgedRows rows;
  store.scan_aged(table, {}, {}, [&](std::string_view key, std::string_view value, RunHour put_at) {
    rows.emplace_back(key, value, put_at);
    return true;
  });
  return rows;
}

void put_and_commit(Store& store, Table table, std::string_view key, std::string_view value) {
  const auto writer = store.write();
  writer->put(table, key, value);
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
}

// Replaces a text in data.mdb, in each place where it stands, by another of the same length.
void replace_on_disk(const std::string& directory, std::string_view text, std::string_view other) {
  const std::string path = directory + "/data.mdb";
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  REQUIRE(bytes.find(text) != std::string::npos);
  for (std::size_t at = 0; (at = bytes.find(text, at)) != std::string::npos;) bytes.replace(at, text.size(), other);
  std::ofstream(path, std::ios::binary) << bytes;
}

struct Transactions {
  std::unique_ptr<StoreWriter> disk;
  std::unique_ptr<StoreWriter> memory;
};

// Key lengths around the limits, few enough different ones that puts meet.
std::string random_key(std::mt19937& random) {
  const std::size_t size = random() % 20 == 0 ? 511 : 1 + random() % 4;
  return std::string(size - 1, static_cast<char>(random() % 2 == 0 ? 'a' : 0xff)) + static_cast<char>(random() % 256);
}

void random_steps(std::mt19937& random, Transactions& both, std::initializer_list<Table> tables) {
  for (int step = 0; step < 30; ++step) {
    const Table table = *(tables.begin() + random() % tables.size());
    const std::string key = random_key(random);
    switch (random() % 8) {
      case 0:
      case 1:
        both.disk->erase(table, key);
        both.memory->erase(table, key);
        break;
      case 2:
        REQUIRE_EQ(both.disk->get(table, key), both.memory->get(table, key));
        break;
      case 3: {
        const std::string from = random_key(random);
        const std::string prefix = key.substr(0, random() % 2);
        REQUIRE_EQ(scanned(*both.disk, table, prefix, from), scanned(*both.memory, table, prefix, from));
        break;
      }
      default: {
        const std::string value(random() % (random() % 10 == 0 ? 9000 : 40), static_cast<char>(random() % 256));
        both.disk->put(table, key, value);
        both.memory->put(table, key, value);
      }
    }
  }
}

template <class Disk, class Memory>
void agree(std::initializer_list<Table> tables, unsigned seed) {
  std::mt19937 random(seed);
  const TemporaryDirectory directory;
  Memory memory;
  auto disk = opened<Disk>(directory.path());
  for (int round = 0; round < 150; ++round) {
    const auto hour = static_cast<RunHour>(random() % 5'000'000);
    memory.set_run_hour(hour);
    disk->set_run_hour(hour);
    {
      Transactions both{disk->write(), memory.write()};
      random_steps(random, both, tables);
      if (random() % 4 != 0) {
        REQUIRE_EQ(both.memory->commit(), CommitOutcome::committed);
        REQUIRE_EQ(both.disk->commit(), CommitOutcome::committed);
      }
    }
    if (random() % 10 == 0) {
      disk.reset();
      disk = opened<Disk>(directory.path());
    }
    for (const Table table : tables) {
      const auto rows = scanned_with_age(*disk->read(), table);
      REQUIRE_EQ(rows, scanned_with_age(*memory.read(), table));
      REQUIRE_EQ(disk->read()->rows(table), rows.size());
      REQUIRE_EQ(memory.read()->rows(table), rows.size());
    }
  }
  CHECK(disk->verify().ok());
}

TEST_CASE("lmdb store: random puts, erases, gets, scans, commits, crashes and reopenings agree with the memory store") {
  for (const unsigned seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    agree<LmdbBaselineStore, MemoryBaselineStore>({Table::facts, Table::candidates, Table::shard_meta}, seed);
    agree<LmdbAlertStore, MemoryAlertStore>({Table::alerts, Table::outbox, Table::alert_pairs}, seed);
  }
}

TEST_CASE("lmdb store: a reader keeps seeing what was committed when it began") {
  const TemporaryDirectory directory;
  const auto store = opened<LmdbBaselineStore>(directory.path());
  put_and_commit(*store, Table::facts, "a", "1");
  const auto reader = store->read();
  put_and_commit(*store, Table::facts, "a", "2");
  CHECK_EQ(reader->get(Table::facts, "a"), "1");
  CHECK_EQ(store->read()->get(Table::facts, "a"), "2");
}

TEST_CASE("lmdb store: readers on another thread see whole commits only, in their order") {
  const TemporaryDirectory directory;
  const auto store = opened<LmdbBaselineStore>(directory.path());
  put_and_commit(*store, Table::facts, "left", "0");
  put_and_commit(*store, Table::tokens, "right", "0");
  bool whole = true;
  int last = 0;
  std::thread reading([&] {
    while (last < 50) {
      const auto reader = store->read();
      const auto left = reader->get(Table::facts, "left");
      const auto right = reader->get(Table::tokens, "right");
      if (!left || left != right || std::stoi(std::string(*left)) < last) {
        whole = false;
        return;
      }
      last = std::stoi(std::string(*left));
    }
  });
  for (int number = 1; number <= 50; ++number) {
    const auto writer = store->write();
    writer->put(Table::facts, "left", std::to_string(number));
    writer->put(Table::tokens, "right", std::to_string(number));
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  reading.join();
  CHECK(whole);
  CHECK_EQ(last, 50);
}

TEST_CASE("lmdb store: a changed byte of a value is found by get, by scan and by verify") {
  const TemporaryDirectory directory;
  put_and_commit(*opened<LmdbBaselineStore>(directory.path()), Table::tokens, "some key", "some value");
  replace_on_disk(directory.path(), "some value", "some valuf");
  const auto store = opened<LmdbBaselineStore>(directory.path());
  const std::string sentence = directory.path() + ": data.mdb is damaged: a value of table tokens fails its checksum";
  const auto getting = store->read();
  CHECK_FALSE(getting->get(Table::tokens, "some key").has_value());
  CHECK_EQ(getting->failure(), sentence);
  const auto scanning = store->read();
  CHECK(scanned(*scanning, Table::tokens).empty());
  CHECK_EQ(scanning->failure(), sentence);
  const auto verified = store->verify();
  REQUIRE_FALSE(verified.ok());
  CHECK_EQ(verified.error().message, sentence);
  const auto writer = store->write();
  CHECK_FALSE(writer->get(Table::tokens, "some key").has_value());
  writer->put(Table::tokens, "other", "value");
  CHECK_EQ(writer->commit(), CommitOutcome::failed);
}

TEST_CASE("lmdb store: a value under a key that changed fails its checksum") {
  const TemporaryDirectory directory;
  put_and_commit(*opened<LmdbAlertStore>(directory.path()), Table::dedup, "some key", "some value");
  replace_on_disk(directory.path(), "some key", "some kez");
  const auto store = opened<LmdbAlertStore>(directory.path());
  const auto reader = store->read();
  CHECK_FALSE(reader->get(Table::dedup, "some kez").has_value());
  CHECK(reader->failure().find("value of table dedup fails its checksum") != std::string_view::npos);
}

TEST_CASE("lmdb store: a file cut in half is an error and not a crash") {
  const TemporaryDirectory directory;
  {
    const auto store = opened<LmdbBaselineStore>(directory.path());
    const auto writer = store->write();
    for (int row = 0; row < 2000; ++row) writer->put(Table::facts, "key" + std::to_string(row), std::string(300, 'v'));
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  const std::string file = directory.path() + "/data.mdb";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  auto store = LmdbBaselineStore::open({.directory = directory.path(), .map_bytes = std::uint64_t{64} << 20});
  CHECK_FALSE((store.ok() && (*store)->verify().ok()));
}

TEST_CASE("lmdb store: a table of the other half stops the process") {
  const TemporaryDirectory directory;
  const auto store = opened<LmdbBaselineStore>(directory.path());
  CHECK(aborts([&] { (void)store->read()->get(Table::alerts, "a"); }));
  CHECK(aborts([&] { store->write()->put(Table::alert_pairs, "a", "b"); }));
}

TEST_CASE("lmdb store: writing from inside a scan stops the process") {
  const TemporaryDirectory directory;
  const auto store = opened<LmdbBaselineStore>(directory.path());
  put_and_commit(*store, Table::facts, "a", "1");
  CHECK(aborts([&] {
    const auto writer = store->write();
    writer->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view) {
      writer->erase(Table::facts, key);
      return true;
    });
  }));
}

TEST_CASE("lmdb store: every table has a name of its own, and no number beyond them has") {
  std::vector<std::string_view> names;
  for (unsigned number = 0; number < 256; ++number) {
    const auto name = table_name(static_cast<Table>(number));
    if (!name.empty()) names.push_back(name);
    if (number > static_cast<unsigned>(Table::campaigns)) CHECK(name.empty());
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(names.size() >= 18);
}

}  // namespace
}  // namespace straykey
