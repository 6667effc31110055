// A copy made while another process writes is one commit whole, and compact.
#include "storage/environment_copy.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/lmdb_store.h"
#include "storage/store_check.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

std::unique_ptr<LmdbBaselineStore> opened(const std::string& directory) {
  auto store =
      LmdbBaselineStore::open({.directory = directory, .map_bytes = std::uint64_t{64} << 20, .disk_free_bytes_min = 0});
  if (!store.ok()) std::abort();
  return std::move(store).value();
}

// Every commit puts the same number into all rows.
bool write_round(LmdbBaselineStore& store, int round) {
  const auto writer = store.write();
  for (int row = 0; row < 50; ++row) writer->put(Table::facts, "row" + std::to_string(row), std::to_string(round));
  return writer->commit() == CommitOutcome::committed;
}

std::vector<std::string> values_of(const std::string& directory) {
  std::vector<std::string> values;
  const auto store = opened(directory);
  store->read()->scan(Table::facts, {}, {}, [&](std::string_view, std::string_view value) {
    values.emplace_back(value);
    return true;
  });
  return values;
}

TEST_CASE("environment copy: while another process commits, each copy holds the rows of one commit") {
  const TemporaryDirectory parent;
  const std::string from = parent.path() + "/from";
  std::filesystem::create_directory(from);
  REQUIRE(write_round(*opened(from), 0));
  const pid_t writer = ::fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {
    ::alarm(60);
    const auto store = opened(from);
    for (int round = 1; write_round(*store, round); ++round) continue;
    ::_exit(1);
  }
  for (int copy = 0; copy < 20; ++copy) {
    const std::string to = parent.path() + "/to" + std::to_string(copy);
    const Status copied = copy_environment(from, to);
    REQUIRE_MESSAGE(copied.ok(), (copied.ok() ? "" : copied.error().message));
    const std::vector<std::string> values = values_of(to);
    REQUIRE_EQ(values.size(), 50);
    for (const std::string& value : values) REQUIRE_EQ(value, values.front());
  }
  ::kill(writer, SIGKILL);
  int status = 0;
  ::waitpid(writer, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK_EQ(values_of(from).size(), 50);
}

TEST_CASE("environment copy: it is compact, sound, closed to others, and never overwrites") {
  const TemporaryDirectory parent;
  const std::string from = parent.path() + "/from", to = parent.path() + "/to";
  std::filesystem::create_directory(from);
  {
    const auto store = opened(from);
    const auto writer = store->write();
    for (int i = 0; i < 5'000; ++i) writer->put(Table::facts, "key" + std::to_string(i), std::string(200, 'v'));
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  {
    const auto store = opened(from);
    const auto writer = store->write();
    for (int i = 10; i < 5'000; ++i) writer->erase(Table::facts, "key" + std::to_string(i));
    REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
  }
  REQUIRE(copy_environment(from, to).ok());
  CHECK(std::filesystem::file_size(to + "/data.mdb") * 10 < std::filesystem::file_size(from + "/data.mdb"));
  std::vector<std::string> damages;
  CheckCallbacks callbacks;
  callbacks.on_damage = [&](std::string sentence) { damages.push_back(std::move(sentence)); };
  check_environment(to, Table::facts, WalkReach::rows, callbacks);
  CHECK_EQ(damages, std::vector<std::string>{});
  struct stat about {};
  REQUIRE_EQ(::stat((to + "/data.mdb").c_str(), &about), 0);
  CHECK_EQ(about.st_mode & 0777u, 0600u);
  CHECK_EQ(values_of(to).size(), 10);
  CHECK_FALSE(copy_environment(from, to).ok());
  CHECK_FALSE(copy_environment(parent.path() + "/nowhere", parent.path() + "/other").ok());
}

}  // namespace
}  // namespace straykey
