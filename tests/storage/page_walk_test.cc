// The walk finds nothing in any file that LMDB wrote, gives every row of it, and names what was changed by hand.
#include "storage/page_walk.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "storage/lmdb_store.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

using Key = std::pair<std::string, std::string>;  // table, key

struct Walked {
  std::vector<std::string> damages;
  std::map<Key, std::string> rows;
  PageWalkSummary summary;
  std::string error;
};

Walked walked(const std::string& directory, WalkReach reach = WalkReach::rows) {
  Walked out;
  PageWalkCallbacks callbacks;
  callbacks.on_row = [&](std::string_view table, std::string_view key, std::string_view value) {
    CHECK(out.rows.emplace(Key(table, key), value).second);
  };
  callbacks.on_damage = [&](std::string sentence) { out.damages.push_back(std::move(sentence)); };
  auto result = walk_pages(directory + "/data.mdb", reach, callbacks);
  if (result.ok()) {
    out.summary = *result;
  } else {
    out.error = result.error().message;
  }
  return out;
}

std::unique_ptr<LmdbBaselineStore> opened(const std::string& directory) {
  auto store =
      LmdbBaselineStore::open({.directory = directory, .map_bytes = std::uint64_t{64} << 20, .disk_free_bytes_min = 0});
  REQUIRE(store.ok());
  return std::move(store).value();
}

std::map<Key, std::string> rows_of(LmdbBaselineStore& store) {
  std::map<Key, std::string> rows;
  const auto reader = store.read();
  for (std::uint8_t number = 0; number < 16; ++number) {
    const Table table{number};
    if (table_name(table).empty()) continue;
    reader->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
      rows.emplace(Key(table_name(table), key), value);
      return true;
    });
  }
  return rows;
}

std::string file_of(const std::string& directory) {
  std::ifstream in(directory + "/data.mdb", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& directory, const std::string& bytes) {
  std::ofstream(directory + "/data.mdb", std::ios::binary) << bytes;
}

// Small rows and rows with pages of their own; later commits erase more than they put.
void random_commit(LmdbBaselineStore& store, std::mt19937& random, int number) {
  const auto writer = store.write();
  const unsigned erased_of_ten = number > 120 ? 8 : 2;
  for (int i = 0; i < 60; ++i) {
    const Table table = random() % 3 == 0 ? Table::candidates : Table::facts;
    const std::string key = std::to_string(random() % 3000) + std::string(random() % 5 == 0 ? 300 : 4, 'k');
    if (random() % 10 < erased_of_ten) {
      writer->erase(table, key);
    } else {
      writer->put(table, key, std::string(random() % 20 == 0 ? random() % 20'000 : random() % 200, 'v'));
    }
  }
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
}

TEST_CASE("page walk: after any commits it finds nothing wrong, and the rows that LMDB finds") {
  const TemporaryDirectory directory;
  const auto store = opened(directory.path());
  CHECK(walked(directory.path()).damages.empty());
  std::mt19937 random(17);
  for (int commit = 0; commit < 200; ++commit) {
    random_commit(*store, random, commit);
    const Walked found = walked(directory.path());
    REQUIRE_EQ(found.damages, std::vector<std::string>{});
    if (commit % 20 != 0) continue;
    auto rows = rows_of(*store);
    REQUIRE_EQ(found.rows.size(), rows.size());
    for (auto& [key, stored] : found.rows) {
      const auto table = table_named(key.first, Table::facts);
      REQUIRE(table.has_value());
      const auto row = stored_row(*table, key.second, stored);
      REQUIRE(row.has_value());
      REQUIRE_EQ(row->value, rows.at(key));
    }
    CHECK(walked(directory.path(), WalkReach::branches).damages.empty());
    CHECK_EQ(found.summary.pages_used + found.summary.pages_free + 2, found.summary.pages);  // none is lost
  }
}

TEST_CASE("page walk: a file that is no LMDB file, a short one and one that is not there are Errors") {
  const TemporaryDirectory directory;
  CHECK_NE(walked(directory.path()).error, "");
  write_file(directory.path(), std::string(100'000, 'x'));
  CHECK_NE(walked(directory.path()).error, "");
  write_file(directory.path(), "x");
  CHECK_NE(walked(directory.path()).error, "");
}

TEST_CASE("page walk: a file cut short, a page that was never written and a page of another time are found") {
  const TemporaryDirectory directory;
  std::mt19937 random(3);
  std::string before;
  {
    const auto store = opened(directory.path());
    for (int i = 0; i < 40; ++i) random_commit(*store, random, i);
    before = file_of(directory.path());
    for (int i = 0; i < 40; ++i) random_commit(*store, random, i);
  }
  const std::string whole = file_of(directory.path());
  REQUIRE(walked(directory.path()).damages.empty());

  write_file(directory.path(), whole.substr(0, whole.size() / 2));
  CHECK_FALSE(walked(directory.path()).damages.empty());

  // Any page as it was 40 commits ago: a write that the disk lost. The meta pages too.
  int found = 0, changed = 0;
  for (std::size_t page = 0; page * 4096 < before.size(); ++page) {
    std::string bytes = whole;
    bytes.replace(page * 4096, 4096, before, page * 4096, 4096);
    if (bytes == whole) continue;
    write_file(directory.path(), bytes);
    const Walked now = walked(directory.path());
    ++changed;
    found += !now.damages.empty() || !now.error.empty();
  }
  CHECK(changed > 50);
  CHECK(found * 10 > changed * 3);  // the others are free pages
}

}  // namespace
}  // namespace straykey
