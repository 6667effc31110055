// Cutting JSON at value boundaries: extents, elements, members, escapes.
#include "core/event/json_text.h"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

namespace straykey {
namespace {

TEST_CASE("a value ends where it ends, whatever brackets and quotes its strings hold") {
  const std::string_view values[] = {R"({})",         R"([])",
                                     R"({"a":"}"})",  R"({"a":"\"}"})",
                                     R"({"a":"\\"})", R"(["[","{",{"x":[1,2,{"y":null}]}])",
                                     R"("a \" b")",   "true",
                                     "-1.5e3",        R"({ "a" : [ ] , "b" : { } })"};
  for (const std::string_view value : values) {
    CAPTURE(value);
    for (const std::string_view after : {"", " ", ",", "}", "]", "{\"b\":1}", "\n"}) {
      const std::string text = std::string(value) + std::string(after);
      const JsonExtent extent = scan_json_value(text);
      CHECK(extent.end == JsonEnd::complete);
      CHECK(extent.size == value.size());
    }
  }
}

TEST_CASE("every proper prefix of an object is truncated") {
  const std::string text = R"({"a":[{"b":"c\"\\ \u0041 long enough for eight byte steps"},1,true],"d":{"e":null}})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK(scan_json_value(std::string_view(text).substr(0, size)).end == JsonEnd::truncated);
  }
}

TEST_CASE("what no JSON can go on with is broken, not truncated") {
  for (const std::string_view text :
       {R"({"a":[})", R"({"a":1]})", R"({"a":{"b":1} {"c":1})", R"({"a":1,{"b":1}})", "{\"a\":\"b\n\"}", R"({"a" "b"})",
        R"({"a":<1>})", "{\"a\":\x01}", "{\"a\":'b'}"}) {
    CAPTURE(text);
    CHECK(scan_json_value(text).end == JsonEnd::broken);
  }
}

TEST_CASE("a quote, a backslash or a control byte stops a string at any offset") {
  for (std::size_t offset = 0; offset < 24; ++offset) {
    const std::string filler(offset, '\xc3');
    CHECK(scan_json_value('"' + filler + "\"tail-tail-tail").size == offset + 2);
    CHECK(scan_json_value('"' + filler + "\\\"\"tail-tail-tail").size == offset + 4);
    CHECK(scan_json_value('"' + filler + "\x1ftail-tail-tail\"").end == JsonEnd::broken);
  }
}

TEST_CASE("a million open brackets are one pass") {
  const std::string open(1'000'000, '[');
  CHECK(scan_json_value(open).end == JsonEnd::truncated);
  CHECK(scan_json_value(open + std::string(1'000'000, ']')).size == 2'000'000);
}

std::vector<std::string> elements_of(std::string_view array, JsonEnd& end) {
  std::size_t effort = 10'000;
  JsonElements walk(array, effort);
  std::vector<std::string> found;
  JsonSlice element;
  while (walk.next(element)) found.emplace_back(element.text);
  end = walk.end();
  return found;
}

TEST_CASE("elements come one by one, and a broken one does not take its neighbours along") {
  JsonEnd end{};
  CHECK(elements_of("[]", end).empty());
  CHECK(end == JsonEnd::complete);
  CHECK(elements_of(R"([ {"a":1} , 2,"x",[3] ] rest)", end) ==
        std::vector<std::string>{R"({"a":1})", "2", "\"x\"", "[3]"});
  CHECK(end == JsonEnd::complete);
  const auto around_broken = elements_of(R"([{"a":1},{"b":"unclosed},{"c":3},{"d":4}])", end);
  CHECK(around_broken.front() == R"({"a":1})");
  CHECK(around_broken.back() == R"({"d":4})");
  CHECK(elements_of(R"([{"a":1},{"b":)", end).size() == 2);
  CHECK(end == JsonEnd::truncated);
}

TEST_CASE("without effort left a broken element ends its array") {
  std::size_t effort = 0;
  JsonElements walk(R"([{"a":]},{"b":1}])", effort);
  JsonSlice element;
  CHECK(walk.next(element));
  CHECK(element.end == JsonEnd::broken);
  CHECK_FALSE(walk.next(element));
  CHECK(walk.end() == JsonEnd::broken);
}

TEST_CASE("members give keys as written and values whole") {
  JsonMembers walk(R"({ "a" : 1, "b\u0041":{"c":2} } tail)");
  std::string_view key;
  JsonSlice value;
  CHECK(walk.next(key, value));
  CHECK(key == "a");
  CHECK(value.text == "1");
  CHECK(walk.next(key, value));
  CHECK(key == "b\\u0041");
  CHECK(value.text == R"({"c":2})");
  CHECK_FALSE(walk.next(key, value));
  CHECK(walk.end() == JsonEnd::complete);
  CHECK(walk.consumed() == 30);
}

TEST_CASE("escapes mean what RFC 8259 says and half a surrogate pair is U+FFFD") {
  std::string out;
  CHECK(unescape_json(R"(a\"\\\/\b\f\n\r\tz)", out));
  CHECK(out == "a\"\\/\b\f\n\r\tz");
  CHECK(unescape_json(R"(\u0041\u00e9\u20ac\ud83d\ude00)", out));
  CHECK(out == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(unescape_json(R"(\ud83d!)", out));
  CHECK(out == "\xef\xbf\xbd!");
  for (const std::string_view bad : {R"(\x)", R"(\u12)", R"(\u12g4)", "\\"}) CHECK_FALSE(unescape_json(bad, out));
}

TEST_CASE("mending touches valid numbers and lone surrogates only") {
  std::string out;
  CHECK(mend_json(R"({"a":1e400,"b":"1e400 \ud800","c":123456789012345678901234567890})", out));
  CHECK(out == R"({"a":0    ,"b":"1e400 \ufffd","c":0                             })");
  CHECK_FALSE(mend_json(R"({"a":"\ud83d\ude00","b":01,"c":1.,"d":tru})", out));
}

}  // namespace
}  // namespace straykey
