#include "core/event/syslog_start.h"

#include <optional>
#include <string>

#include "core/event/json_text.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace std::string_literals;

std::optional<std::size_t> found(std::string_view text) {
  return find_message_start(text, MessagesAre::parted_by_nothing);
}

bool closed(std::string_view text) {
  BraceDepth whole, by_bytes;
  whole.pass(text);
  for (const char c : text) by_bytes.pass({&c, 1});
  CHECK(whole.closed() == by_bytes.closed());
  CHECK(whole.between_values() == by_bytes.between_values());
  return whole.closed();
}

}  // namespace

TEST_CASE("a priority is a number from 0 to 191 in angle brackets") {
  CHECK(priority_bytes("<0>{}") == 3);
  CHECK(priority_bytes("<191>") == 5);
  for (const std::string_view text : {"", "<", "<1", "<>", "<192>", "<1234>", "< 1>", "1>", "<14", "<1a>"}) {
    CAPTURE(text);
    CHECK(priority_bytes(text) == 0);
  }
  for (const std::string_view text : {"", "<", "<1", "<191"}) CHECK(may_become_priority(text));
  for (const std::string_view text : {"x", "<a", "<1a", "<1234", "<14>{"}) CHECK_FALSE(may_become_priority(text));
}

TEST_CASE("a message begins at a count before a priority, and at a priority behind a brace or an end of line") {
  CHECK(found("EXAM510 <134>1 - {}") == 4);
  CHECK(found("x\"}510 <134>1 - {}") == 3);
  CHECK(found("x\"}<134>1 - {}") == 3);
  CHECK(found("x\n<134>1 - {}") == 2);
  CHECK(found("x\0<134>1 - {}"s) == 2);
  CHECK(found("x\n{\"a\":1}") == 2);
  CHECK(found("x}12 {\"a\":1}") == 2);
  CHECK(found("x\n12 {\"a\":1}") == 2);
  CHECK(found("x}]12 [{\"a\":1}]") == 3);
  CHECK(found("ab12 @cee:{}") == 2);
  CHECK(found("\"n\":0012 @cee:{}") == 6);
  CHECK(found("ab12 \xef\xbb\xbf{}") == 2);
}

TEST_CASE("where messages are counted, one that begins behind a brace has its count") {
  CHECK_FALSE(find_message_start("x\"}<134>1 - {}", MessagesAre::counted).has_value());
  CHECK(find_message_start("x\"}<134>1 - 9 <134>{}", MessagesAre::counted) == 12);
  CHECK(find_message_start("x\n<134>1 - {}", MessagesAre::counted) == 2);
}

TEST_CASE("what stands in the middle of a message is no beginning") {
  for (const std::string_view text :
       {"", "{", "<134>", "a <134>", "a{", "a 5 {", "\"a\": {", "0 <134>", "}<192>", "}<b>", "}{", "} <134>",
        "x 05 <b>", "]12 @x", "12 [", "}[", "x@cee:{}", "\n[", "\n@cee:"}) {
    CAPTURE(text);
    CHECK_FALSE(found(text).has_value());
  }
}

TEST_CASE("the braces of a message are closed where its JSON ends, whatever its strings and its header hold") {
  CHECK(closed("<14>1 - host app - - [m v=\"1] {\"a\":{\"b\":\"}{\\\"}\"}}"));
  CHECK_FALSE(closed(""));
  CHECK_FALSE(closed("<14>text"));
  CHECK_FALSE(closed("{\"a\":\"}"));
  CHECK_FALSE(closed("{\"a\":\"\\\\\\\"}"));
  CHECK(closed("{\"a\":\"\\\\\"}"));
  BraceDepth depth;
  depth.pass("{\"a\": ");
  CHECK(depth.between_values());
  depth.pass("\"b");
  CHECK_FALSE(depth.between_values());
}

TEST_CASE("JSON is followed byte by byte as scan_json_value() follows it") {
  for (const std::string_view text :
       {R"({"a":[1,{"b":"}]\"}],"c":null})", R"([{}, [] ,"x"])", R"({"a":"x\u0041\\"})", "{", "[{", R"({"a)", R"({"a\)",
        R"({"a":"xyz480 {"a":1})", R"({"a":1480 {"b":2})", "{{", R"({"a" "b"})", "{]", "[}", "{\"a\":\"\n\"}",
        R"({"a":1,<14>})", R"({"a":{}{})", R"({}x)", R"([1]])"}) {
    CAPTURE(text);
    JsonProgress progress;
    for (const char c : text) progress.pass({&c, 1});
    const JsonExtent extent = scan_json_value(text);
    CHECK(progress.size() == extent.size);
    CHECK((progress.state() == JsonProgress::State::complete) == (extent.end == JsonEnd::complete));
    CHECK((progress.state() == JsonProgress::State::broken) == (extent.end == JsonEnd::broken));
  }
  const std::string deep = std::string(70, '[') + std::string(70, ']') + "x";
  JsonProgress progress;
  progress.pass(deep);
  CHECK(progress.state() == JsonProgress::State::complete);
  CHECK(progress.size() == 140);
}

TEST_CASE("JSON knows where its last string began") {
  JsonProgress progress;
  progress.pass(R"({"a":"b","cd":1480 {)");
  CHECK(progress.state() == JsonProgress::State::broken);
  CHECK(progress.last_string() == 9);
  JsonProgress cut;
  cut.pass(R"({"a":"2026186 {"b":1})");
  CHECK(cut.state() == JsonProgress::State::broken);
  CHECK(cut.last_string() == 5);
}

}  // namespace straykey
