#include "core/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <functional>
#include <random>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/terminal_text.h"

#include <doctest/doctest.h>

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

// What a Log writes in its life, as lines.
std::vector<std::string> lines_of(Log::Settings settings, const std::function<void(Log&)>& work) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  {
    Log log(settings);
    work(log);
  }
  std::fflush(stderr);
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::rewind(file);
  std::vector<std::string> lines(1);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += static_cast<char>(c);
  }
  std::fclose(file);
  CHECK(lines.back().empty());
  lines.pop_back();
  return lines;
}

// The fields of a line of logfmt; a text that is not key=word or key="..." with its inner quotes escaped is none.
std::vector<std::pair<std::string, std::string>> fields_of(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!line.empty()) {
    const std::size_t equals = line.find('=');
    REQUIRE(equals != std::string_view::npos);
    std::string key(line.substr(0, equals)), value;
    line.remove_prefix(equals + 1);
    if (line.starts_with('"')) {
      std::size_t at = 1;
      for (; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == '\\') value += line[at++];
        REQUIRE(at < line.size());
        value += line[at];
      }
      REQUIRE(at < line.size());
      line.remove_prefix(at + 1);
    } else {
      value = line.substr(0, line.find(' '));
      line.remove_prefix(value.size());
    }
    fields.emplace_back(std::move(key), std::move(value));
    REQUIRE((line.empty() || line.front() == ' '));
    if (!line.empty()) line.remove_prefix(1);
  }
  return fields;
}

std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts{"\" level=error msg=\"forged",
                                 "a\nb\r\n{\"level\":\"error\"}",
                                 "\x1b]0;title\x07\x1b[2J",
                                 "\xc2\x9b\x33\x31m",
                                 "\xe2\x80\xae"
                                 "evil\xe2\x81\xa9",
                                 "\xff\xfe\xc0\xaf",
                                 "\\",
                                 "\\\"",
                                 "\\x41",
                                 std::string("\0\0", 2),
                                 "\xe2\x80\xa8\xef\xbb\xbf",
                                 std::string(100'000, '\n'),
                                 std::string(999, 'a') + "\xe2\x80\xae"};
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  texts.push_back(all);
  return texts;
}

TEST_CASE("log: hostile fields stay in their line and their field, as logfmt and as JSON") {
  for (const bool json : {false, true}) {
    for (const std::string& text : hostile_texts()) {
      const auto lines = lines_of({LogLevel::info, json}, [&text](Log& log) {
        log.warning("a record was rejected", {{"reason", text}, {"source", "trail"}});
      });
      REQUIRE_EQ(lines.size(), 1);
      for (const char c : lines[0]) REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
      for (std::string_view rest = lines[0]; !rest.empty();) {
        const Utf8Character character = first_character(rest);
        REQUIRE(character.bytes > 0);
        REQUIRE_FALSE(may_fool_a_terminal(character.code_point));
        rest.remove_prefix(character.bytes);
      }
      if (json) {
        const boost::json::object line = boost::json::parse(lines[0]).as_object();
        REQUIRE_EQ(line.size(), 5);
        CHECK_EQ(line.at("level").as_string(), "warning");
        CHECK_EQ(line.at("source").as_string(), "trail");
        continue;
      }
      const auto fields = fields_of(lines[0]);
      REQUIRE_EQ(fields.size(), 5);
      CHECK_EQ(fields[0].first, "time");
      CHECK_EQ(fields[1].second, "warning");
      CHECK_EQ(fields[3].second, escape_for_log(text));
      CHECK_EQ(fields[4].second, "trail");
    }
  }
}

TEST_CASE("log: the time is UTC with milliseconds") {
  const auto lines = lines_of({}, [](Log& log) { log.info("x"); });
  REQUIRE_EQ(lines.size(), 1);
  CHECK(std::regex_match(lines[0], std::regex(R"(time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=info msg="x")")));
}

TEST_CASE("log: what repeats is held back and counted, and the count is told though the line never comes again") {
  const auto lines = lines_of({}, [](Log& log) {
    for (int i = 0; i < 1'000; ++i) log.warning("again");
    for (int i = 0; i < 12; ++i) log.info("other");
    for (int i = 0; i < 20; ++i) log.always("kept");
    log.debug("unseen");
  });
  const auto count = [&lines](std::string_view words) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.find(words) != std::string::npos; });
  };
  CHECK_EQ(count(R"(msg="again")"), 10);
  CHECK_EQ(count(R"(msg="other")"), 10);
  CHECK_EQ(count(R"(msg="kept")"), 20);
  CHECK_EQ(count("unseen"), 0);
  CHECK_EQ(count(R"(of="again" lines="990")"), 1);
  CHECK_EQ(count(R"(of="other" lines="2")"), 1);
  CHECK_EQ(lines.size(), 42);
}

TEST_CASE("log: level and format may change") {
  const auto lines = lines_of({LogLevel::error, false}, [](Log& log) {
    log.info("unseen");
    log.use({LogLevel::debug, true});
    log.debug("seen");
  });
  REQUIRE_EQ(lines.size(), 1);
  CHECK_EQ(boost::json::parse(lines[0]).as_object().at("msg").as_string(), "seen");
}

}  // namespace
}  // namespace straykey
