#include "tools/scan/read_ahead.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

std::string record(std::size_t number) {
  return fmt::format(R"({{"eventVersion":"1.09","eventTime":"2024-03-21T09:00:00Z","eventSource":"s3.amazonaws.com")"
                     R"(,"eventName":"ListBuckets","sourceIPAddress":"198.51.100.7","eventID":"{}",)"
                     R"("recipientAccountId":"111122223333",)"
                     R"("userIdentity":{{"type":"IAMUser","accountId":"111122223333","accessKeyId":"AKIA{}"}}}})",
                     number, number);
}

struct Bench {
  TemporaryDirectory folder;
  std::vector<EventFile> files;

  // A file of so many records, one a line, named by the first.
  void add(std::size_t first, std::size_t count) {
    std::string text;
    for (std::size_t i = first; i < first + count; ++i) text += record(i) + "\n";
    const std::string path = fmt::format("{}/{:06}.json", folder.path(), first);
    std::ofstream(path, std::ios::binary) << text;
    files.push_back({path, text.size(), true});
  }
  std::vector<const EventFile*> list() const {
    std::vector<const EventFile*> out;
    for (const EventFile& file : files) out.push_back(&file);
    return out;
  }
};

constexpr FileReader::Settings kSettings{.now = 1'800'000'000, .sign_with = {1, 2}};

TEST_CASE("read ahead: events come in the order of the files, whatever the number of threads") {
  Bench bench;
  for (std::size_t file = 0; file < 100; ++file) bench.add(file * 100, file % 7);
  for (const unsigned threads : {0u, 1u, 2u, 5u}) {
    CAPTURE(threads);
    ReadAhead ahead(bench.list(), kSettings, true, true, threads);
    std::vector<std::string> ids, expected;
    for (std::size_t file = 0; file < 100; ++file) {
      for (std::size_t i = 0; i < file % 7; ++i) expected.push_back(std::to_string(file * 100 + i));
      const FileReading reading = ahead.read_next([&](Request& request) {
        CHECK_EQ(request.routed.size(), request.events.size());
        for (const Event& event : request.events) ids.emplace_back(event.event_id);
      });
      CHECK_EQ(reading.file, &bench.files[file]);
      CHECK_EQ(reading.events, file % 7);
      CHECK(reading.status.ok());
    }
    CHECK_EQ(ids, expected);
  }
}

TEST_CASE("read ahead: a file of many pieces is given whole, and what waits for its turn is bounded") {
  Bench bench;
  bench.add(0, 1);
  bench.add(1, 3 * kPieceBytes / record(0).size());
  bench.add(900'000, 1);
  ReadAhead ahead(bench.list(), kSettings, false, false, 2);
  std::size_t pieces = 0;
  std::vector<std::uint64_t> events;
  for (std::size_t file = 0; file < 3; ++file) events.push_back(ahead.read_next([&](Request&) { ++pieces; }).events);
  CHECK_EQ(events, std::vector<std::uint64_t>{1, 3 * kPieceBytes / record(0).size(), 1});
  CHECK(pieces > 4);
}

TEST_CASE("read ahead: it stops in the middle of files, of which nobody wants more") {
  Bench bench;
  for (std::size_t file = 0; file < 4; ++file) bench.add(file * 500'000, 2 * kPieceBytes / record(0).size());
  ReadAhead ahead(bench.list(), kSettings, false, false, 3);
}

TEST_CASE("read ahead: a file that is gone says so when its turn comes") {
  Bench bench;
  bench.add(0, 2);
  bench.add(100, 2);
  std::filesystem::remove(bench.files[0].path);
  ReadAhead ahead(bench.list(), kSettings, true, true, 2);
  const auto ignore = [](Request&) {};
  CHECK_FALSE(ahead.read_next(ignore).status.ok());
  CHECK_EQ(ahead.read_next(ignore).events, 2);
}

}  // namespace
}  // namespace straykey
