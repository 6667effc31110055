#include "core/base/log.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace straykey {
namespace {

TEST_CASE("log: plain text, other scripts included, stays as it is") {
  for (const char* text : {"", "GetObject", "Größe", "日本", "🙂"}) CHECK_EQ(escape_for_log(text), text);
}

TEST_CASE("log: what could end the line or fool a terminal is written as bytes") {
  CHECK_EQ(escape_for_log("a\nb\r\t\x1b[2J"), R"(a\x0ab\x0d\x09\x1b[2J)");
  CHECK_EQ(escape_for_log(std::string_view("\0", 1)), R"(\x00)");
  CHECK_EQ(escape_for_log("\x7f"), R"(\x7f)");
  CHECK_EQ(escape_for_log("\u009b"), R"(\xc2\x9b)");      // C1: the one-byte CSI
  CHECK_EQ(escape_for_log("\u202e"), R"(\xe2\x80\xae)");  // right-to-left override
  CHECK_EQ(escape_for_log("\u2066"), R"(\xe2\x81\xa6)");  // isolate
  CHECK_EQ(escape_for_log("\u2028"), R"(\xe2\x80\xa8)");  // line separator
}

TEST_CASE("log: quotes and backslashes are escaped, so a field cannot end early") {
  CHECK_EQ(escape_for_log(R"(" level=error msg="\x)"), R"(\" level=error msg=\"\\x)");
}

TEST_CASE("log: bytes that are no UTF-8 are written as bytes") {
  CHECK_EQ(escape_for_log("\xff"), R"(\xff)");
  CHECK_EQ(escape_for_log("\xc3"), R"(\xc3)");
  CHECK_EQ(escape_for_log("\xc0\xaf"), R"(\xc0\xaf)");  // overlong
}

TEST_CASE("log: a long value is cut and says so") {
  CHECK_EQ(escape_for_log("abcdef", 3), "abc...");
  CHECK_EQ(escape_for_log("abc", 3), "abc");
  CHECK_EQ(escape_for_log("aä", 2), R"(a\xc3...)");
  CHECK_LE(escape_for_log(std::string(100'000, '\n')).size(), 4 * 1'000 + 3);
}

TEST_CASE("log: no control byte comes out of random bytes") {
  std::mt19937 random(5);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 50, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    for (const char byte : escape_for_log(bytes)) REQUIRE((static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f));
  }
}

}  // namespace
}  // namespace straykey
