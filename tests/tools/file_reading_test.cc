#include "tools/scan/file_reading.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

constexpr std::string_view kRecord =
    R"({"eventVersion":"1.09","eventTime":"2024-03-21T09:00:00Z","eventSource":"s3.amazonaws.com",)"
    R"("eventName":"ListBuckets","sourceIPAddress":"198.51.100.7","eventID":"1","recipientAccountId":"111122223333",)"
    R"("userIdentity":{"type":"IAMUser","accountId":"111122223333","accessKeyId":"AKIA1"}})";

struct Bench {
  TemporaryDirectory folder;
  FileReader reader{{.now = 1'800'000'000, .rejects_explained_max = 2, .sign_with = {1, 2}}};
  std::size_t signed_events = 0;
  EventFile file;

  FileReading read(const std::string& text, bool counts = true, bool signs = true) {
    file = {folder.path() + "/events.json", text.size(), true};
    std::ofstream(file.path, std::ios::binary) << text;
    return reader.read(file, counts, signs, [&](std::unique_ptr<Request> request) {
      signed_events += request->routed.size();
      return request;
    });
  }
};

TEST_CASE("file reading: what was rejected is counted with its reason, and the first are explained") {
  Bench bench;
  const std::string text = std::string(kRecord) + "\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n" + std::string(kRecord) + "\n";
  const FileReading reading = bench.read(text);
  CHECK_EQ(reading.events, 2);
  CHECK_EQ(reading.rejects, 3);
  CHECK_EQ(reading.rejected_by_reason[static_cast<std::size_t>(RejectReason::not_cloudtrail)], 3);
  CHECK_EQ(reading.explained.size(), 2);
  CHECK_EQ(bench.signed_events, 2);
  const FileReading again = bench.read(text, false, false);
  CHECK_EQ(again.events, 2);
  CHECK(again.explained.empty());
  CHECK_EQ(bench.signed_events, 2);
}

TEST_CASE("file reading: a file that was cut, and one that is gone") {
  Bench bench;
  CHECK(bench.read(std::string(kRecord) + "\n" + std::string(kRecord.substr(0, 200))).cut);
  CHECK_FALSE(bench.read(std::string(kRecord) + "\n").cut);
  bench.file.path += ".gone";
  const FileReading gone = bench.reader.read(bench.file, true, true, [](auto request) { return request; });
  CHECK_FALSE(gone.status.ok());
  CHECK_EQ(gone.events, 0);
}

}  // namespace
}  // namespace straykey
