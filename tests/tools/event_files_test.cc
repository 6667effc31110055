#include "tools/scan/event_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

const std::string kRecord = R"({"eventVersion":"1.11","eventName":"ListBuckets"})";

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST_CASE("event files: names mean nothing, and what is left is given back with its reason") {
  const TemporaryDirectory folder;
  const std::string in = folder.path() + "/";
  fs::create_directory(in + "deep");
  for (const char* name : {"central-logs-1-2026-11-28-10-00-00-0", "a.log", "B.JSON", "deep/c", "d.md"})
    write(in + name, kRecord);
  write(in + "notes.json", "nothing here");
  write(in + "empty.json", "");
  fs::create_symlink("nowhere", in + "lost");
  fs::create_directory_symlink(in + "deep", in + "again");
  REQUIRE_EQ(::mkfifo((in + "pipe").c_str(), 0600), 0);

  const auto found = find_event_files({folder.path(), in + "a.log"});
  REQUIRE(found.ok());
  std::vector<std::string> read, skipped;
  for (const EventFile& file : found.value().files) read.push_back(file.path.substr(in.size()));
  for (const SkippedFile& file : found.value().skipped)
    skipped.push_back(file.path.substr(in.size()) + ": " + file.reason);
  CHECK_EQ(read, std::vector<std::string>{"B.JSON", "a.log", "central-logs-1-2026-11-28-10-00-00-0", "d.md", "deep/c"});
  CHECK_EQ(skipped, std::vector<std::string>{"again: a link to a folder, which is not followed", "empty.json: empty",
                                             "lost: a link to nothing", "notes.json: text without JSON",
                                             "pipe: a pipe, socket or device"});
}

TEST_CASE("event files: what cannot be read is named with the reason, and its neighbours are found") {
  const TemporaryDirectory folder;
  const std::string in = folder.path() + "/";
  write(in + "whole", kRecord);
  fs::create_symlink("loop", in + "loop");            // ELOOP
  fs::create_symlink("/proc/self/mem", in + "sick");  // EIO
  const auto found = find_event_files({folder.path(), in + "loop"});
  REQUIRE(found.ok());
  REQUIRE_EQ(found.value().files.size(), 1);
  CHECK_EQ(found.value().files[0].path, in + "whole");
  REQUIRE_EQ(found.value().unreadable.size(), 2);
  CHECK_EQ(found.value().unreadable[0].path, in + "loop");
  CHECK(found.value().unreadable[0].reason.find("symbolic links") != std::string::npos);
  CHECK_EQ(found.value().unreadable[1].path, in + "sick");
  CHECK_EQ(found.value().unreadable[1].reason, "cannot be read: Input/output error");
}

TEST_CASE("event files: a Parquet file is named, with what to do for events and not for address files") {
  const TemporaryDirectory folder;
  write(folder.path() + "/rows", "PAR1\x15\x04\x15");
  const auto found = find_event_files({folder.path()});
  REQUIRE(found.ok());
  REQUIRE_EQ(found.value().skipped.size(), 1);
  CHECK(found.value().skipped[0].reason.starts_with("a Parquet file; export its rows as lines of JSON"));
}

TEST_CASE("event files: a reading that fails is an error") {
  for (const bool lines : {false, true}) {
    std::string text;
    const Status read = read_event_file({"/proc/self/mem", 100, lines}, [&](std::string piece) { text += piece; });
    REQUIRE_FALSE(read.ok());
    CHECK_EQ(read.error().message, "Input/output error");
    CHECK(text.empty());
  }
}

TEST_CASE("event files: a path that is not there is an error that names it") {
  const auto found = find_event_files({"/nowhere/at/all"});
  REQUIRE_FALSE(found.ok());
  CHECK_EQ(found.error().message, "/nowhere/at/all: no such file or folder");
}

TEST_CASE("event files: a large file of lines comes in pieces that part no value, and all of it comes") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/lines";
  // A value over several lines among values of one line.
  const std::string value = "{\"eventVersion\":\"1.11\",\n \"padding\":\"" + std::string(1'000, 'x') + "\"\n}\n";
  std::string text = kRecord + "\n";
  while (text.size() < kPieceBytes + kPieceBytes / 2) text += value;
  write(path, text);
  auto found = find_event_files({path});
  REQUIRE(found.ok());
  REQUIRE(found->files.size() == 1);
  REQUIRE(found->files[0].lines);
  std::string all;
  std::size_t pieces = 0;
  REQUIRE(read_event_file(found->files[0], [&](std::string piece) {
            ++pieces;
            CHECK_EQ(piece.substr(piece.find_last_not_of('\n')), piece.ends_with('\n') ? "}\n" : "}");
            all += piece;
          }).ok());
  CHECK_EQ(pieces, 2);
  CHECK(all == text);
}

}  // namespace
}  // namespace straykey
