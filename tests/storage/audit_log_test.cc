#include "storage/audit_log.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

AuditEntry entry(const std::string& object) {
  return {.at = 1'764'500'000,
          .who = "operator",
          .scope = "admin",
          .address = "127.0.0.1",
          .what = "alerts/ack",
          .object = object,
          .result = "done",
          .reason = {},
          .request_id = "5f3a-1"};
}

std::unique_ptr<AuditLog> opened(const std::string& directory, std::uint64_t bytes_max = AuditLog::kBytesMax) {
  auto log = AuditLog::open(directory, bytes_max);
  REQUIRE(log.ok());
  return std::move(log).value();
}

TEST_CASE("audit log: entries come back newest first, numbered on over restarts, and only their owner may read them") {
  const TemporaryDirectory directory;
  {
    const auto log = opened(directory.path());
    CHECK(log->newest(0).value().lines.empty());
    REQUIRE(log->append(entry("id=a")).ok());
    REQUIRE(log->append(entry("id=b")).ok());
  }
  const auto log = opened(directory.path());
  REQUIRE(log->append(entry("id=c")).ok());
  const auto page = log->newest(0);
  REQUIRE(page.ok());
  REQUIRE_EQ(page.value().lines.size(), 3);
  CHECK(page.value().lines[0] == audit_json(3, entry("id=c")));
  CHECK(page.value().lines[2] == audit_json(1, entry("id=a")));
  CHECK_EQ(page.value().next, 0);
  CHECK_EQ(log->newest(2).value().lines.size(), 1);
  struct stat about {};
  REQUIRE(::stat((directory.path() + "/audit").c_str(), &about) == 0);
  CHECK_EQ(about.st_mode & 0777, 0600);
}

TEST_CASE("audit log: a page names the next, and the files stay within their bounds") {
  const TemporaryDirectory directory;
  constexpr std::uint64_t kBytesMax = 100'000;
  const auto log = opened(directory.path(), kBytesMax);
  for (int i = 0; i < 2'000; ++i) REQUIRE(log->append(entry("id=" + std::to_string(i))).ok());
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory.path())) bytes += file.file_size();
  CHECK_LE(bytes, 2 * kBytesMax);
  std::size_t seen = 0;
  std::uint64_t expected = 2'000, before = 0;
  do {
    const auto page = log->newest(before);
    REQUIRE(page.ok());
    CHECK_LE(page.value().lines.size(), AuditStore::kPageRows);
    for (const std::string& line : page.value().lines)
      CHECK(line.starts_with("{\"number\":" + std::to_string(expected--) + ","));
    seen += page.value().lines.size();
    before = page.value().next;
  } while (before != 0);
  CHECK_GT(seen, 400);
  CHECK_LT(seen, 2'000);
  CHECK_EQ(opened(directory.path(), kBytesMax)->newest(0).value().lines.front(), audit_json(2'000, entry("id=1999")));
}

TEST_CASE("audit log: a torn last line is cut off, and what is no line of ours is passed over") {
  const TemporaryDirectory directory;
  REQUIRE(opened(directory.path())->append(entry("id=a")).ok());
  std::ofstream(directory.path() + "/audit", std::ios::app) << "rubbish\n{\"number\":7,\"at\":";
  const auto log = opened(directory.path());
  REQUIRE(log->append(entry("id=b")).ok());
  const auto page = log->newest(0);
  REQUIRE(page.ok());
  REQUIRE_EQ(page.value().lines.size(), 2);
  CHECK(page.value().lines[0] == audit_json(2, entry("id=b")));
}

TEST_CASE("audit log: a directory where it cannot be is told with its name") {
  const auto log = AuditLog::open("/nowhere/at/all");
  REQUIRE_FALSE(log.ok());
  CHECK(log.error().message.starts_with("/nowhere/at/all/audit: cannot be opened: "));
}

}  // namespace
}  // namespace straykey
