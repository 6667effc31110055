// An environment is looked through without LMDB: every row is given, every changed byte of a value is named.
#include "storage/store_check.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "storage/lmdb_store.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

struct Checked {
  std::vector<std::string> damages;
  std::size_t rows = 0;
};

Checked checked(const std::string& directory, Table some = Table::facts) {
  Checked out;
  CheckCallbacks callbacks;
  callbacks.on_row = [&](Table, std::string_view, std::string_view) { ++out.rows; };
  callbacks.on_damage = [&](std::string sentence) { out.damages.push_back(std::move(sentence)); };
  const PageWalkSummary summary = check_environment(directory, some, WalkReach::rows, callbacks);
  CHECK_EQ(summary.damages, out.damages.size());
  return out;
}

void make_store(const std::string& directory) {
  auto store = LmdbBaselineStore::open({.directory = directory, .map_bytes = 64u << 20, .disk_free_bytes_min = 0});
  REQUIRE(store.ok());
  const auto writer = (*store)->write();
  for (int i = 0; i < 500; ++i)
    writer->put(Table::facts, "key" + std::to_string(i), "the value of " + std::to_string(i));
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
}

TEST_CASE("store check: gives every row; the tables of the other half are unknown to it") {
  const TemporaryDirectory directory;
  make_store(directory.path());
  CHECK_EQ(checked(directory.path()).rows, 500);
  CHECK_EQ(checked(directory.path()).damages, std::vector<std::string>{});
  CHECK_EQ(checked(directory.path(), Table::alerts).damages.size(), 7);
}

TEST_CASE("store check: a changed value and a changed key fail their checksum, and the file is named") {
  const TemporaryDirectory directory;
  make_store(directory.path());
  const std::string path = directory.path() + "/data.mdb";
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  for (const char* text : {"the value of 177", "key499"}) {
    std::string changed = bytes;
    REQUIRE(changed.find(text) != std::string::npos);
    // Wherever it stands: unused room of a page may hold a stale copy.
    for (std::size_t at = 0; (at = changed.find(text, at)) != std::string::npos;) changed[at + 4] ^= 64;
    std::ofstream(path, std::ios::binary) << changed;
    const Checked found = checked(directory.path());
    REQUIRE_EQ(found.damages.size(), 1);
    CHECK(found.damages[0].starts_with(path + ": "));
    CHECK_NE(found.damages[0].find("table facts"), std::string::npos);
  }
}

}  // namespace
}  // namespace straykey
