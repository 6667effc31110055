#include "tools/scan/file_kind.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"
#include "tests/tools/gzip_text.h"

namespace straykey {
namespace {

const std::string kRecord = R"({"eventVersion":"1.11","eventName":"ListBuckets"})";

std::string left(const std::string& text) {
  return kind_of(text, true).not_events;
}

TEST_CASE("file kind: text with JSON in it is events, in any framing, plain, gzip, and gzip of gzip") {
  const std::string texts[] = {kRecord,
                               kRecord + kRecord,
                               R"({"Records":[)" + kRecord + "]}",
                               "[" + kRecord + "]",
                               "\xef\xbb\xbf \r\n" + kRecord,
                               "2026-11-28T10:00:00Z " + kRecord + "\n",
                               "<14>Nov 28 10:00:00 host trail: " + kRecord,
                               std::string(20'000, ' ') + kRecord};
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK_EQ(left(text), "");
    CHECK_EQ(left(gzip_of(text)), "");
    CHECK_EQ(left(gzip_of(gzip_of(text))), "");
  }
}

TEST_CASE("file kind: what AWS puts beside the records is named") {
  const std::string digest = R"({"awsAccountId":"111122223333","digestStartTime":"2026-11-28T09:00:00Z",
    "digestS3Bucket":"trail","logFiles":[]})";
  const std::string snapshot = R"({"fileVersion":"1.0","configSnapshotId":"0","configurationItems":[]})";
  const std::string history = R"({"fileVersion": "1.0", "configurationItems": [{"a":1}]})";
  const std::string heading = "version account-id interface-id srcaddr dstaddr srcport\n";
  const std::string row = "2 111122223333 eni-0a1b2c3d 192.0.2.1 192.0.2.2 443 49152 6 1 40 1 2 ACCEPT OK\n";
  for (const bool compressed : {false, true}) {
    const auto named = [&](const std::string& text) { return left(compressed ? gzip_of(text) : text); };
    CHECK_EQ(named(digest), "a CloudTrail digest");
    CHECK_EQ(named(snapshot), "an AWS Config snapshot");
    CHECK_EQ(named(history), "an AWS Config history");
    CHECK_EQ(named(heading + row), "a VPC flow log");
    CHECK_EQ(named(row), "a VPC flow log");
    CHECK_EQ(named("# Notes\n"), "text without JSON");
    CHECK_EQ(named(""), "empty");
    CHECK_EQ(named(" \n"), "empty");
    CHECK(named(std::string("PK\x03\x04zip", 7)).starts_with("a zip archive"));
    CHECK(named("PAR1....").starts_with("a Parquet file"));
    CHECK_EQ(named(std::string("\x7f"
                               "ELF\x02\x01\x01\0",
                               8)),
             "no text");
  }
}

TEST_CASE("file kind: a record that speaks of a digest is a record") {
  CHECK_EQ(left(R"({"eventVersion":"1.11","requestParameters":{"digestStartTime":1,"digestS3Bucket":"x"}})"), "");
}

TEST_CASE("file kind: gzip is looked into further when its first bytes show no record") {
  const std::string late = "{\"Records\":[{\"requestParameters\":{\"digestStartTime\":1,\"digestS3Bucket\":\"" +
                           std::string(9'000, 'x') + "\"},\"eventVersion\":\"1.11\"}]}";
  CHECK_EQ(left(gzip_of(late)), "");
  CHECK_EQ(left(gzip_of("{\"note\":\"" + std::string(300, 'x') + "\",\"digestStartTime\":1,\"digestS3Bucket\":\"b\"}")),
           "a CloudTrail digest");
}

TEST_CASE("file kind: gzip that is damaged from its first byte on is left to the reader, which says so") {
  std::string bytes = gzip_of(kRecord);
  CHECK_EQ(left(bytes.substr(0, 12)), "");
  bytes[3] = '\x7f';
  CHECK_EQ(left(bytes), "");
}

TEST_CASE("file kind: a file of lines is told by its first line") {
  CHECK(kind_of(kRecord + "\n" + kRecord + "\n", true).lines);
  CHECK(kind_of("2026-11-28T10:00:00Z " + kRecord + "\r\n", true).lines);
  CHECK_FALSE(kind_of("{\n \"Records\": [" + kRecord + "]}\n", true).lines);
  CHECK_FALSE(kind_of(kRecord, true).lines);
  CHECK_FALSE(kind_of(gzip_of(kRecord + "\n" + kRecord + "\n"), true).lines);  // its bytes cannot be cut at line feeds
}

TEST_CASE("file kind: a pipe is named and not waited for; a file that is not there is an error that names it") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/pipe";
  REQUIRE_EQ(::mkfifo(path.c_str(), 0600), 0);
  auto kind = look_into(path);
  REQUIRE(kind.ok());
  CHECK_EQ(kind->not_events, "no regular file");
  const auto missing = look_into(folder.path() + "/missing");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message.starts_with(folder.path() + "/missing: "));
}

}  // namespace
}  // namespace straykey
