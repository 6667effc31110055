// A bit of a store's file changes: the product finds it, or every row is what it was.
//
// usage: bit_flips [--flips N] [--seed N] [--walk 0]
//
// Each flip is looked at as a start of the server does, in a process of its own: the walk before LMDB (not with
// --walk 0, which shows what it is good for), then LMDB, every row read, a commit of new rows, every row read again.
// Outcomes:
//   found before LMDB   the walk names it; the server starts without that part
//   found by LMDB       a transaction fails; the part is damaged from then on
//   harmless            every row is what it was, before and after the commit
//   crashed             LMDB or we died of it: never allowed
//   wrong               a row is missing, changed or new, and nothing was said: never allowed
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "storage/lmdb_store.h"
#include "storage/store_check.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

enum Outcome { kFoundBefore, kFoundByLmdb, kHarmless, kWrong, kCrashed, kOutcomes };
constexpr std::array<const char*, kOutcomes> kNames{"found before LMDB", "found by LMDB", "harmless", "wrong",
                                                    "crashed"};

using Rows = std::map<std::pair<Table, std::string>, std::string>;

constexpr std::array<Table, 7> kTables{Table::facts,      Table::tokens,   Table::pending,   Table::proposed,
                                       Table::candidates, Table::activity, Table::shard_meta};

Result<std::unique_ptr<LmdbBaselineStore>> open(const std::string& directory) {
  return LmdbBaselineStore::open(
      {.directory = directory, .map_bytes = std::uint64_t{64} << 20, .disk_free_bytes_min = 0});
}

// Nothing, if a transaction failed.
std::optional<Rows> rows_of(LmdbBaselineStore& store) {
  Rows rows;
  const auto reader = store.read();
  for (const Table table : kTables) {
    reader->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
      rows.emplace(std::pair(table, std::string(key)), value);
      return true;
    });
  }
  // By key as well: a search goes another way than a scan.
  for (const auto& [key, value] : rows)
    if (reader->get(key.first, key.second) != value) return reader->failure().empty() ? Rows{} : std::optional<Rows>{};
  if (!reader->failure().empty()) return std::nullopt;
  return rows;
}

// Rows of the sizes that the product writes, a few with pages of their own, and free pages from many commits.
void make_store(const std::string& directory) {
  auto store = open(directory);
  if (!store.ok()) std::abort();
  std::mt19937 random(7);
  for (int commit = 0; commit < 60; ++commit) {
    const auto writer = (*store)->write();
    for (int i = 0; i < 40; ++i) {
      const Table table = kTables[random() % kTables.size()];
      const std::size_t bytes = random() % 25 == 0 ? random() % 9'000 : random() % 160;
      std::string key = std::to_string(random() % 2'000) + std::string(20, 'k');
      random() % 4 == 0 ? writer->erase(table, key) : writer->put(table, key, std::string(bytes, 'v'));
    }
    if (writer->commit() != CommitOutcome::committed) std::abort();
  }
}

// In the child: what the server would do with this file.
Outcome look(const std::string& directory, const Rows& expected, bool walk) {
  bool found = false;
  CheckCallbacks callbacks;
  callbacks.on_damage = [&](const std::string&) { found = true; };
  if (walk) check_environment(directory, Table::facts, WalkReach::rows, callbacks);
  if (found) return kFoundBefore;
  auto store = open(directory);
  if (!store.ok()) return kFoundByLmdb;
  const auto before = rows_of(**store);
  if (!before) return kFoundByLmdb;
  if (*before != expected) return kWrong;
  const auto writer = (*store)->write();
  Rows changed = expected;
  for (int i = 0; i < 200; ++i) {
    const std::string key = "new" + std::to_string(i);
    writer->put(Table::facts, key, std::string(100, 'n'));
    changed[{Table::facts, key}] = std::string(100, 'n');
  }
  if (writer->commit() != CommitOutcome::committed) return kFoundByLmdb;
  const auto after = rows_of(**store);
  if (!after) return kFoundByLmdb;
  return *after == changed ? kHarmless : kWrong;
}

Outcome look_in_child(const std::string& directory, const Rows& expected, bool walk) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::alarm(60);  // a walk that never ends is a crash too
    ::_exit(look(directory, expected, walk));
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child) std::abort();
  return WIFEXITED(status) && WEXITSTATUS(status) < kOutcomes ? Outcome(WEXITSTATUS(status)) : kCrashed;
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int run(std::uint64_t flips, std::uint64_t seed, bool walk) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/data.mdb";
  make_store(directory.path());
  const std::string whole = content_of(path);
  Rows expected;
  {
    auto store = open(directory.path());
    if (!store.ok()) std::abort();
    expected = rows_of(**store).value();
  }
  std::ofstream(path, std::ios::binary) << whole;
  std::array<std::uint64_t, kOutcomes> counts{};
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; i < flips; ++i) {
    // Half of the flips where the structure is: in the first 64 bytes of a page.
    std::size_t at = random() % whole.size();
    if (i % 2 == 0) at = at / 4096 * 4096 + at % 64;
    const int bit = static_cast<int>(random() % 8);
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
    std::ofstream(path, std::ios::binary) << flipped;
    const Outcome outcome = look_in_child(directory.path(), expected, walk);
    ++counts[outcome];
    if (outcome == kWrong || outcome == kCrashed)
      std::printf("%s: byte %zu of page %zu, bit %d\n", kNames[outcome], at % 4096, at / 4096, bit);
  }
  std::printf("%llu flips in a file of %zu bytes with %zu rows, seed %llu:", static_cast<unsigned long long>(flips),
              whole.size(), expected.size(), static_cast<unsigned long long>(seed));
  for (int outcome = 0; outcome < kOutcomes; ++outcome)
    std::printf(" %s %llu%s", kNames[static_cast<std::size_t>(outcome)],
                static_cast<unsigned long long>(counts[static_cast<std::size_t>(outcome)]),
                outcome + 1 < kOutcomes ? "," : "\n");
  return counts[kWrong] + counts[kCrashed] == 0 && counts[kFoundBefore] > 0 ? 0 : 1;
}

}  // namespace
}  // namespace straykey

int main(int argc, char** argv) {
  std::uint64_t flips = 500, seed = std::random_device{}();
  bool walk = true;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--flips") flips = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--walk") walk = argv[i + 1] != std::string_view("0");
    if (option == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return straykey::run(flips, seed, walk);
}
