#include "storage/format_file.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

constexpr FormatFile kFile{{0x0011223344556677, 0x8899aabbccddeeff}, 4, 8};

std::string refused(std::string_view text) {
  const auto parsed = parse_format_file(text);
  return parsed.ok() ? "accepted" : parsed.error().message;
}

TEST_CASE("format file: what is written is read back, in the documented text") {
  const std::string text = format_file_text(kFile);
  CHECK(text.starts_with(
      "straykey store\nformat 3\nhash_key 00112233445566778899aabbccddeeff\nshards 4\npartitions 8\ncrc32c "));
  const auto parsed = parse_format_file(text);
  REQUIRE(parsed.ok());
  CHECK(parsed.value() == kFile);
}

TEST_CASE("format file: an older format is read, and its number is kept until it is written anew") {
  FormatFile old = kFile;
  old.format = 1;
  const auto parsed = parse_format_file(format_file_text(old));
  REQUIRE(parsed.ok());
  CHECK_EQ(parsed.value().format, 1);
}

TEST_CASE("format file: cut anywhere or with any byte changed it is refused") {
  const std::string text = format_file_text(kFile);
  for (std::size_t at = 0; at < text.size(); ++at) {
    CAPTURE(at);
    CHECK_NE(refused(text.substr(0, at)), "accepted");
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_NE(refused(changed), "accepted");
  }
  CHECK_NE(refused(text + "\n"), "accepted");
}

TEST_CASE("format file: a newer format is told as such, whatever follows") {
  CHECK_EQ(refused("straykey store\nformat 4\nsomething else entirely\n"),
           "has store format 4 and this straykey knows 3: use the newer straykey that wrote it");
  CHECK(refused("straykey store\nformat 0\n").starts_with("is damaged"));
  CHECK(refused("").starts_with("is damaged"));
}

}  // namespace
}  // namespace straykey
