#include "core/base/terminal_text.h"

#include <doctest/doctest.h>

#include <simdjson.h>

#include <string>

namespace straykey {
namespace {

TEST_CASE("terminal text: plain text, quotes, backslashes and other scripts included, stays as it is") {
  for (const char* text : {"", "GetObject", "Größe \"x\" C:\\y", "日本", "🙂", "עברית"}) {
    CHECK_EQ(terminal_text(text), text);
    CHECK_EQ(terminal_json(text), text);
  }
}

TEST_CASE("terminal text: every character that a terminal obeys is escaped, in text and in JSON") {
  CHECK_EQ(terminal_text("a\x1b[2Jb\r\n\t\x7f"), R"(a\x1b[2Jb\x0d\x0a\x09\x7f)");
  CHECK_EQ(terminal_text(std::string_view("\0", 1)), R"(\x00)");
  for (std::uint32_t c = 0x80; c < 0xa0; ++c) {
    const std::string text{static_cast<char>(0xc2), static_cast<char>(c)};
    CHECK_EQ(terminal_text(text).size(), 8);
    CHECK_EQ(terminal_json('"' + text + '"').size(), 8);
  }
  for (const char* text : {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d",
                           "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff"}) {
    CHECK(terminal_text(text).starts_with("\\x"));
    CHECK(terminal_json(text).starts_with("\\u"));
  }
}

TEST_CASE("terminal text: bytes that are no UTF-8 are escaped as well, and an overlong control is no way around") {
  CHECK_EQ(terminal_text("\x9b"), R"(\x9b)");
  CHECK_EQ(terminal_text("\xc3"), R"(\xc3)");
  CHECK_EQ(terminal_text("\xe0\x82\x9b"), R"(\xe0\x82\x9b)");
  CHECK_EQ(terminal_json("\"\x9b\xff\""), R"("\ufffd\ufffd")");
}

TEST_CASE("terminal text: a long value is cut between characters and says so; escaping again changes nothing") {
  CHECK_EQ(terminal_text("abcdef", 3), "abc...");
  CHECK_EQ(terminal_text("abc", 3), "abc");
  CHECK_EQ(terminal_text("aä", 2), "a...");
  const std::string once = terminal_text("\x1b[1m\u202e\xff");
  CHECK_EQ(terminal_text(once), once);
}

TEST_CASE("terminal text: of several lines only the line ends stay") {
  CHECK_EQ(terminal_lines("a\x1b\nb\r\n\nc"), "a\\x1b\nb\\x0d\n\nc");
  CHECK_EQ(terminal_lines(""), "");
  CHECK_EQ(terminal_lines("a\n"), "a\n");
}

TEST_CASE("terminal text: JSON that was made safe is JSON and means the same") {
  const std::string json = "{\n \"a\u009b\": \"x\x7f\u202ey\\u001b\\\"\",\t\"b\": [\"Größe\"]\n}";
  const std::string safe = terminal_json(json);
  simdjson::dom::parser before, after;
  simdjson::dom::element one, other;
  REQUIRE_EQ(before.parse(json).get(one), simdjson::SUCCESS);
  REQUIRE_EQ(after.parse(safe).get(other), simdjson::SUCCESS);
  CHECK_EQ(simdjson::minify(one), simdjson::minify(other));
  CHECK_EQ(safe.find("\u009b"), std::string::npos);
  CHECK_EQ(safe.find("\u202e"), std::string::npos);
  CHECK_EQ(safe.find('\x7f'), std::string::npos);
}

}  // namespace
}  // namespace straykey
