// The environment under the stores: its limits, its lock, and what it says when the world fails it.
#include "storage/lmdb.h"

#include <doctest/doctest.h>
#include <lmdb.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/support/aborts.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

EnvSettings small(const std::string& directory) {
  return {.directory = directory, .map_bytes = 16 * kMiB, .disk_free_bytes_min = 0};
}

std::unique_ptr<Env> opened(const EnvSettings& settings) {
  auto env = Env::open(settings, {"rows"});
  REQUIRE_MESSAGE(env.ok(), (env.ok() ? "" : env.error().message));
  return std::move(env).value();
}

std::string refused(const EnvSettings& settings) {
  const auto env = Env::open(settings, {"rows"});
  REQUIRE_FALSE(env.ok());
  return env.error().message;
}

CommitOutcome put_rows(Env& env, int first, int count, std::string* failure = nullptr) {
  const std::string value(1000, 'v');
  WriteTxn writer(env);
  for (int row = first; row < first + count; ++row) writer.put(0, "key" + std::to_string(1'000'000 + row), value, {});
  const CommitOutcome outcome = writer.commit();
  if (failure != nullptr) *failure = writer.failure();
  return outcome;
}

std::uint64_t rows(Env& env) {
  return ReadTxn(env).rows(0);
}

TEST_CASE("lmdb: a directory that is open is not opened a second time, and is free again after that") {
  const TemporaryDirectory directory;
  {
    const auto env = opened(small(directory.path()));
    CHECK(refused(small(directory.path())).find("is open already") != std::string::npos);
  }
  opened(small(directory.path()));
}

TEST_CASE("lmdb: keys of 0 and of 512 bytes stop the process, in put, erase and get; 1 and 511 are stored") {
  const TemporaryDirectory directory;
  const auto env = opened(small(directory.path()));
  for (const std::size_t size : {0, 512}) {
    const std::string key(size, 'k');
    CHECK(aborts([&] { WriteTxn(*env).put(0, key, "v", {}); }));
    CHECK(aborts([&] { WriteTxn(*env).erase(0, key); }));
    CHECK(aborts([&] { (void)ReadTxn(*env).get(0, key); }));
  }
  WriteTxn writer(*env);
  writer.put(0, std::string(1, 'k'), "short", {});
  writer.put(0, std::string(511, 'k'), "long", {});
  CHECK_EQ(writer.commit(), CommitOutcome::committed);
  CHECK_EQ(ReadTxn(*env).get(0, std::string(511, 'k')), "long");
}

TEST_CASE("lmdb: a second writer, and a table that was not named, stop the process") {
  const TemporaryDirectory directory;
  const auto env = opened(small(directory.path()));
  CHECK(aborts([&] {
    WriteTxn one(*env);
    WriteTxn two(*env);
  }));
  CHECK(aborts([&] { (void)ReadTxn(*env).get(1, "k"); }));
}

TEST_CASE(
    "lmdb: beyond the budget a commit that grows fails, one that shrinks succeeds, and then there is room again") {
  const TemporaryDirectory directory;
  EnvSettings settings = small(directory.path());
  settings.bytes_max = kMiB;
  const auto env = opened(settings);
  CHECK_EQ(env->budget_bytes(), kMiB);
  std::string failure;
  int stored = 0;
  while (put_rows(*env, stored, 50, &failure) == CommitOutcome::committed) stored += 50;
  CHECK(failure.find("full: ") != std::string::npos);
  CHECK_EQ(rows(*env), stored);
  CHECK(env->used_bytes() <= env->budget_bytes());
  CHECK(stored > 500);
  {
    WriteTxn writer(*env);
    for (int row = 0; row < stored; ++row) writer.erase(0, "key" + std::to_string(1'000'000 + row));
    CHECK_EQ(writer.commit(), CommitOutcome::committed);
  }
  CHECK_EQ(put_rows(*env, 0, 50), CommitOutcome::committed);
}

TEST_CASE("lmdb: the budget is at most 70 % of the map") {
  const TemporaryDirectory directory;
  const auto env = opened(small(directory.path()));
  CHECK(env->budget_bytes() <= 16 * kMiB * 7 / 10);
  CHECK(env->budget_bytes() > 16 * kMiB * 69 / 100);
}

TEST_CASE("lmdb: a transaction that overruns the map fails as a whole, and the environment goes on") {
  const TemporaryDirectory directory;
  const auto env = opened(small(directory.path()));
  REQUIRE_EQ(put_rows(*env, 0, 10), CommitOutcome::committed);
  {
    WriteTxn writer(*env);
    const std::string value(100'000, 'v');
    for (int row = 0; row < 300; ++row) writer.put(0, "big" + std::to_string(row), value, {});
    CHECK(writer.failure().find("is full") != std::string::npos);
    CHECK_FALSE(writer.get(0, "key1000000").has_value());  // sticky
    CHECK_EQ(writer.commit(), CommitOutcome::failed);
  }
  CHECK_EQ(rows(*env), 10);
  CHECK_EQ(put_rows(*env, 10, 10), CommitOutcome::committed);
  CHECK_EQ(rows(*env), 20);
}

TEST_CASE("lmdb: with too little free disk a commit that grows fails and says so") {
  const TemporaryDirectory directory;
  EnvSettings settings = small(directory.path());
  settings.disk_free_bytes_min = UINT64_MAX;
  const auto env = opened(settings);
  std::string failure;
  CHECK_EQ(put_rows(*env, 0, 50, &failure), CommitOutcome::failed);
  CHECK(failure.find("the disk is full") != std::string::npos);
  CHECK_EQ(rows(*env), 0);
}

TEST_CASE("lmdb: after a write that the system cut short the outcome is unknown, and no later commit is taken") {
  const TemporaryDirectory directory;
  auto env = opened(small(directory.path()));
  REQUIRE_EQ(put_rows(*env, 0, 10), CommitOutcome::committed);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit cut = before;
  cut.rlim_cur = 200'000;
  ::setrlimit(RLIMIT_FSIZE, &cut);
  std::string failure;
  const CommitOutcome outcome = put_rows(*env, 10, 1000, &failure);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  CHECK_EQ(outcome, CommitOutcome::unknown);
  CHECK(failure.find("cannot commit") != std::string::npos);
  CHECK_EQ(put_rows(*env, 10, 1, &failure), CommitOutcome::failed);
  CHECK(failure.find("restart") != std::string::npos);
  CHECK_EQ(rows(*env), 10);  // readers go on
  env.reset();
  env = opened(small(directory.path()));
  CHECK_EQ(put_rows(*env, 10, 10), CommitOutcome::committed);
  CHECK_EQ(rows(*env), 20);
}

TEST_CASE("lmdb: what a failed commit means") {
  CHECK_EQ(outcome_of_commit_error(EIO, false, false), CommitOutcome::unknown);
  CHECK_EQ(outcome_of_commit_error(EIO, false, true), CommitOutcome::failed);
  CHECK_EQ(outcome_of_commit_error(EIO, true, true), CommitOutcome::unknown);
  CHECK_EQ(outcome_of_commit_error(ENOSPC, false, false), CommitOutcome::failed);
  CHECK_EQ(outcome_of_commit_error(ENOSPC, true, true), CommitOutcome::unknown);
  CHECK_EQ(outcome_of_commit_error(MDB_MAP_FULL, false, false), CommitOutcome::failed);
  CHECK_EQ(outcome_of_commit_error(MDB_PANIC, false, false), CommitOutcome::unknown);
  CHECK_EQ(outcome_of_commit_error(MDB_CORRUPTED, false, false), CommitOutcome::unknown);
}

TEST_CASE("lmdb: the files are for nobody else") {
  const TemporaryDirectory directory;
  const auto env = opened(small(directory.path()));
  for (const char* name : {"/data.mdb", "/lock.mdb"}) {
    struct stat about {};
    REQUIRE_EQ(::stat((directory.path() + name).c_str(), &about), 0);
    CHECK_EQ(about.st_mode & 0777, 0600);
  }
}

TEST_CASE("lmdb: a file that is a link, or is not LMDB's, or a directory that is not there, is refused by name") {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/data.mdb";
  std::filesystem::create_symlink("/dev/null", file);
  CHECK(refused(small(directory.path())).find("data.mdb is a symbolic link") != std::string::npos);
  std::filesystem::remove(file);
  {
    std::FILE* out = std::fopen(file.c_str(), "w");
    std::fputs(std::string(10'000, 'x').c_str(), out);
    std::fclose(out);
  }
  CHECK(refused(small(directory.path())).find("damaged or not an LMDB file") != std::string::npos);
  CHECK(refused(small(directory.path() + "/none")).find("cannot open the directory") != std::string::npos);
}

TEST_CASE("lmdb: parts of a put may be views from the same transaction") {
  const TemporaryDirectory directory;
  const auto env = opened(small(directory.path()));
  WriteTxn writer(*env);
  for (int row = 0; row < 200; ++row)
    writer.put(0, "k" + std::to_string(row), std::string(50, static_cast<char>(row)), {});
  for (int row = 0; row < 200; ++row) {
    const auto view = writer.get(0, "k" + std::to_string(row));
    REQUIRE(view.has_value());
    writer.put(0, "k" + std::to_string(row), *view, *view);
  }
  REQUIRE_EQ(writer.commit(), CommitOutcome::committed);
  for (int row = 0; row < 200; ++row) {
    CHECK_EQ(ReadTxn(*env).get(0, "k" + std::to_string(row)), std::string(100, static_cast<char>(row)));
  }
}

}  // namespace
}  // namespace straykey
