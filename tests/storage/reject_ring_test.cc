#include "storage/reject_ring.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace fs = std::filesystem;

struct Place {
  TemporaryDirectory scratch;
  std::string directory = scratch.path() + "/rejects";

  [[nodiscard]] std::unique_ptr<RejectRing> open(std::uint64_t bytes_max = 1 << 20) const {
    auto ring = RejectRing::open({directory, bytes_max});
    REQUIRE(ring.ok());
    return std::move(ring).value();
  }
  [[nodiscard]] std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }
};

KeptReject reject(const std::string& record) {
  return {0, 1'780'000'000, "bad_json", "forwarder", record.size(), record};
}

std::vector<KeptReject> all(RejectStore& ring) {
  std::vector<KeptReject> found;
  REQUIRE(ring.scan(0,
                    [&](const KeptReject& one) {
                      found.push_back(one);
                      return true;
                    })
              .ok());
  return found;
}

TEST_CASE("reject ring: what was appended is there after the next start, under its number") {
  const Place place;
  {
    const auto ring = place.open();
    REQUIRE(ring->append(reject("one")).ok());
    REQUIRE(ring->append(reject(std::string("t\0o", 3))).ok());
  }
  const auto ring = place.open();
  CHECK_EQ(ring->torn(), 0);
  REQUIRE(ring->append(reject("three")).ok());
  const auto found = all(*ring);
  REQUIRE_EQ(found.size(), 3);
  CHECK_EQ(found[0].number, 1);
  CHECK_EQ(found[1].record, std::string("t\0o", 3));
  CHECK_EQ(found[2].number, 3);
  CHECK_EQ(found[0].reason, "bad_json");
  CHECK_EQ(found[0].source, "forwarder");
  CHECK_EQ(found[0].at, 1'780'000'000);
}

TEST_CASE("reject ring: nobody else may read it") {
  const Place place;
  REQUIRE(place.open()->append(reject("one")).ok());
  struct stat about {};
  REQUIRE_EQ(::stat(place.directory.c_str(), &about), 0);
  CHECK_EQ(about.st_mode & 0777, 0700);
  REQUIRE_EQ(::stat(place.files().front().c_str(), &about), 0);
  CHECK_EQ(about.st_mode & 0777, 0600);
}

TEST_CASE("reject ring: the newest are kept within its bytes, whatever comes") {
  const Place place;
  constexpr std::uint64_t kBytesMax = 64 * 1024;
  auto ring = place.open(kBytesMax);
  for (int i = 0; i < 2'000; ++i) {
    REQUIRE(ring->append(reject(std::string(static_cast<std::size_t>(i) % 700, 'x'))).ok());
    REQUIRE_LE(ring->bytes(), kBytesMax);
  }
  const auto found = all(*ring);
  CHECK_GT(found.size(), 100);
  CHECK_EQ(found.back().number, 2'000);
  for (std::size_t i = 0; i < found.size(); ++i) CHECK_EQ(found[i].number, found.front().number + i);
  std::uint64_t on_disk = 0;
  for (const auto& file : place.files()) on_disk += fs::file_size(file);
  CHECK_EQ(on_disk, ring->bytes());
  // With a lower limit the oldest go at the start.
  ring.reset();
  CHECK_LE(place.open(kBytesMax / 4)->bytes(), kBytesMax / 4);
}

TEST_CASE("reject ring: a file has 8 MiB at most, however much is kept") {
  const Place place;
  auto ring = place.open(std::uint64_t{4} << 30);
  for (int i = 0; i < 17; ++i) REQUIRE(ring->append(reject(std::string(1'000'000, 'x'))).ok());
  for (const auto& file : place.files()) CHECK_LE(fs::file_size(file), 8u << 20);
  CHECK_EQ(place.files().size(), 3);
  CHECK_EQ(all(*ring).size(), 17);
}

TEST_CASE("reject ring: one record larger than all of it is kept alone") {
  const Place place;
  const auto ring = place.open(1'000);
  REQUIRE(ring->append(reject("small")).ok());
  REQUIRE(ring->append(reject(std::string(kKeptRecordBytesMax, 'x'))).ok());
  const auto found = all(*ring);
  REQUIRE_EQ(found.size(), 1);
  CHECK_EQ(found[0].record.size(), kKeptRecordBytesMax);
}

TEST_CASE("reject ring: a file torn at any byte keeps the entries before, and goes on") {
  const Place place;
  {
    const auto ring = place.open();
    for (const char* record : {"one", "two", "three"}) REQUIRE(ring->append(reject(record)).ok());
  }
  const fs::path file = place.files().front();
  std::ifstream in(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t size = 0; size < whole.size(); ++size) {
    for (const char* behind : {"", "rej1", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
      std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, size) << behind;
      const auto ring = place.open();
      const std::size_t before = all(*ring).size();
      CHECK_LT(before, 3);
      CHECK_EQ(ring->torn(), fs::file_size(file) < size + std::string_view(behind).size() ? 1 : 0);
      REQUIRE(ring->append(reject("after")).ok());
      CHECK_EQ(all(*ring).size(), before + 1);
      CHECK_EQ(all(*ring).back().record, "after");
    }
  }
}

TEST_CASE("reject ring: what was dropped stays dropped, and its number is not given again") {
  const Place place;
  {
    const auto ring = place.open();
    for (const char* record : {"one", "two", "three"}) REQUIRE(ring->append(reject(record)).ok());
    CHECK(ring->drop(3).value());
    CHECK(ring->drop(1).value());
    CHECK_FALSE(ring->drop(1).value());
    CHECK_FALSE(ring->drop(4).value());
    CHECK_FALSE(ring->drop(0).value());
  }
  const auto ring = place.open();
  REQUIRE(ring->append(reject("four")).ok());
  const auto found = all(*ring);
  REQUIRE_EQ(found.size(), 2);
  CHECK_EQ(found[0].number, 2);
  CHECK_EQ(found[1].number, 4);
}

TEST_CASE("reject ring: entries that do not ascend, and files of no number, are none of ours") {
  const Place place;
  {
    const auto ring = place.open();
    for (const char* record : {"one", "two"}) REQUIRE(ring->append(reject(record)).ok());
  }
  const fs::path file = place.files().front();
  std::ifstream in(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::ofstream(file, std::ios::binary | std::ios::app) << whole;
  std::ofstream(place.directory + "/0000000000000000") << whole;
  std::ofstream(place.directory + "/ffffffffffffffff") << whole;
  const auto ring = place.open();
  CHECK_EQ(ring->torn(), 1);
  CHECK_EQ(all(*ring).size(), 2);
  REQUIRE(ring->append(reject("three")).ok());
  CHECK_EQ(all(*ring).back().number, 3);
}

TEST_CASE("reject ring: a place where no directory can be is an error that names it") {
  const TemporaryDirectory scratch;
  std::ofstream(scratch.path() + "/rejects") << "a file";
  const auto ring = RejectRing::open({scratch.path() + "/rejects", 1'000});
  REQUIRE_FALSE(ring.ok());
  CHECK_NE(ring.error().message.find(scratch.path() + "/rejects"), std::string::npos);
}

}  // namespace
}  // namespace straykey
