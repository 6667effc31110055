// Finding the texts of a body: every framing, every kind of damage.
#include "core/event/cloudtrail.h"
#include "core/event/payload.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/payload_outcome.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace payloads;

TEST_CASE("each framing gives its records in order") {
  const std::string a = record("a"), b = record("b"), c = record("c");
  for (const std::string& body :
       {a + "\n" + b + "\n" + c + "\n", a + "\r\n" + b + "\r\n\r\n  " + c, a + b + c, a + " " + b + "\t" + c,
        "[" + a + "," + b + "," + c + "]", "\xef\xbb\xbf [\n" + a + ",\n" + b + ",\n" + c + "\n]\n",
        R"({"Records":[)" + a + "," + b + "," + c + "]}",
        "{\n \"Records\": [\n" + a + " ,\n" + b + ",\n" + c + "\n]\n}\n", "[" + a + "]\n[" + b + "," + c + "]",
        pretty("a") + pretty("b") + "\n" + pretty("c"), a + "," + b + ",\n" + c,
        "\x1e" + a + "\n\x1e" + b + "\n\x1e" + c, R"({"Records":[)" + a + R"(]}{"Records":[)" + b + "," + c + "]}",
        R"({"x":[],"Records":[)" + a + "," + b + "," + c + R"(],"y":"]}"})", "[[" + a + "],[" + b + "," + c + "]]"}) {
    CAPTURE(body);
    CHECK(read(body).text() == "a b c ");
  }
}

TEST_CASE("a time, a log stream or a number before a record does not matter") {
  const std::string a = record("a"), b = record("b"), c = record("c");
  for (const std::string_view stamp : {"2026-11-28T10:00:00.000Z ", "2026-11-28T10:00:00+00:00 1111_CloudTrail ",
                                       "2026-11-28 10:00:00,123 ", "17 ", "1795860000000\t"}) {
    CAPTURE(stamp);
    const std::string s(stamp);
    CHECK(read(s + a).text() == "a ");
    CHECK(read(s + a + "\n" + s + b + "\r\n" + s + c + "\n").text() == "a b c ");
    CHECK(read(s + a + "\n" + s + R"({"cut":)" + "\n" + s + c + "\n").text() == "a !truncated c ");
    CHECK(read(s + R"({"Records":[)" + a + "]}\n").text() == "a ");
    CHECK(read(s + "no record\n" + s + a).text() == "!bad_json a ");
  }
  CHECK(read("17 apples").error == "unreadable_body");
  CHECK(read(std::string(700, '1') + " " + a).error == "unreadable_body");
}

TEST_CASE("of two members Records both are read, and what is left out is counted") {
  const std::string a = record("a"), b = record("b");
  CHECK(read(R"({"Records":[],"Records":[)" + a + "]}").text() == "a ");
  CHECK(read(R"({"Records":[)" + a + R"(],"x":1,"Records":[)" + b + "]}").text() == "a b ");
  CHECK(read(R"({"Records":[)" + a + R"(],"Records":)" + b + "}").text() == "a b ");
  CHECK(read(R"({"Records":[)" + a + R"(],"Records":null})").text() == "a !empty_value ");
  CHECK(read(R"({"Records":[)" + a + R"(],"Records":[)" + b + ",{\"eventVersion\":").text() == "a b !truncated ");
  CHECK(read(R"({"x":1,"Records":[)" + a + R"(],"Records":[)" + b + "]}").text() == "!bad_json b ");
  CHECK(read(R"({"x":1,"Records":[ ],"Records":[)" + b + "]}").text() == "b ");
  CHECK(read(R"({"message":)" + quoted(a) + R"(,"message":)" + quoted(b) + "}").text() == "!bad_json b ");
  CHECK(read(R"({"host":1,"host":2,"message":)" + quoted(a) + R"(,"event":1,"event":"x"})").text() == "a ");
}

TEST_CASE("one record may stand alone, on one line or many") {
  CHECK(read(record("a")).text() == "a ");
  CHECK(read(" \n" + record("a") + "\n ").text() == "a ");
  CHECK(read(pretty("a")).text() == "a ");
}

TEST_CASE("a line cut at any byte is one reject between two whole neighbours") {
  for (const Wrapped& wrapped : envelopes(record("a"))) {
    if (wrapped.body.find('\n') != std::string::npos) continue;
    CAPTURE(wrapped.name);
    for (std::size_t size = 1; size < wrapped.body.size(); ++size) {
      const Outcome outcome = read(record("b") + "\n" + wrapped.body.substr(0, size) + "\n" + record("c") + "\n");
      CAPTURE(size);
      CHECK(outcome.values.front() == "b");
      // A line that ends in `"Records":[` may also be a file over several lines, and then c is in it.
      CHECK(std::ranges::count(outcome.values, "c") == 1);
      CHECK(rejects(outcome) == 1);
    }
  }
}

TEST_CASE("a file cut at any byte keeps every record before the cut") {
  const std::string head = R"({"Records":[)";
  const std::string a = record("a"), b = record("b"), c = record("c");
  const std::string body = head + a + "," + b + "," + c + "]}";
  for (std::size_t size = head.size() + 1; size < body.size(); ++size) {
    CAPTURE(size);
    const std::size_t whole = (size - head.size() + 1) / (a.size() + 1);
    const Outcome outcome = read(body.substr(0, size));
    CHECK(outcome.events == std::min<std::size_t>(whole, 3));
    CHECK(rejects(outcome) == 1);
    CHECK(outcome.values.back() == "!truncated");
    CHECK(outcome.error == (whole == 0 ? "unreadable_body" : ""));
  }
}

TEST_CASE("999 good and 1 bad: 999 taken and 1 refused, in every framing") {
  const std::vector<std::string> bad_ones{"{not json}",
                                          R"({"eventVersion":"1.11","x":tru})",
                                          record("x", R"(,"y":[1,2)"),
                                          R"({"a":[})",
                                          R"({"a":1]})",
                                          R"({"eventVersion":"1","eventName":"x"})",
                                          "{}",
                                          "{\"a\":\"\xff\"}",
                                          R"({"a":"unclosed})",
                                          record("x", R"(,"errorCode":7)")};
  for (const std::string& bad : bad_ones) {
    CAPTURE(bad);
    std::string lines, elements;
    for (int i = 0; i < 1000; ++i) {
      const std::string one = i == 500 ? bad : record(std::to_string(i));
      lines += one + "\n";
      elements += (i == 0 ? "" : ",") + one;
    }
    const Outcome by_lines = read(lines);
    CHECK(by_lines.events == 999);
    CHECK(rejects(by_lines) == 1);
    const Outcome by_elements = read(R"({"Records":[)" + elements + "]}");
    const bool unclosed = bad == record("x", R"(,"y":[1,2)") || bad.find("unclosed") != std::string::npos;
    CHECK(by_elements.events >= (unclosed ? 998 : 999));
    CHECK(rejects(by_elements) >= 1);
    CHECK(rejects(by_elements) <= 2);
  }
}

TEST_CASE("text between records is refused line by line") {
  CHECK(read("hello\n" + record("a") + "\nworld\nnull\n" + record("b") + " tail").text() ==
        "!bad_json a !bad_json !empty_value b !bad_json ");
}

TEST_CASE("a million brackets of any kind are refused at once") {
  const std::size_t count = 1'000'000;
  std::string braces, lines, records;
  for (std::size_t i = 0; i < count / 8; ++i) {
    braces += "{\"a\":";
    lines += "[\n";
    records += "{\"Records\":[";
  }
  const std::string open(count, '['), close(count, ']');
  for (const std::string& body :
       {open, open + close, braces, lines, records, std::string(count, '{'), std::string(count, '\n') + "{\n{\n[\n"}) {
    const Outcome outcome = read(body);
    CHECK(outcome.events == 0);
    CHECK((rejects(outcome) > 0 || !outcome.error.empty()));
  }
}

TEST_CASE("bodies made to be searched again and again stay linear") {
  std::string unclosed, nested, broken = "{\"Records\":[";
  for (int i = 0; i < 100'000; ++i) {
    unclosed += "{\"a\":[\n";
    nested += "{\"message\":{\"message\":{\"message\":[\n";
    broken += "{\"a\":[},{\"b";
  }
  for (const std::string& body : {unclosed, nested, broken}) CHECK(read(body).events == 0);
}

TEST_CASE("a record of over a MiB is refused among neighbours, in lines and in files") {
  const std::string large = record("x", ",\"y\":\"" + std::string(kRecordBytesMax, 'y') + "\"");
  CHECK(read(record("a") + "\n" + large + "\n" + record("b")).text() == "a !record_too_large b ");
  CHECK(read(R"({"Records":[)" + record("a") + "," + large + "," + record("b") + "]}").text() ==
        "a !record_too_large b ");
}

TEST_CASE("a file of one line may be larger than a record may be") {
  std::string body = R"({"Records":[)";
  const std::string filler = ",\"y\":\"" + std::string(10'000, 'y') + "\"";
  for (int i = 0; i < 300; ++i) body += (i == 0 ? "" : ",") + record(std::to_string(i), filler);
  CHECK(read(body + "]}").events == 300);
  CHECK(read(R"({"requestId":"r","records":[{"data":")" + base64_of(gzip_of(body + "]}")) + "\"}]}").events == 300);
}

TEST_CASE("a file may have other members around its array, and a fault behind it costs nothing in it") {
  const std::string array = "\"Records\":[" + record("a") + "]";
  CHECK(read("{" + array + R"(,"x":{"y":1},"z":[]})" + record("b")).text() == "a b ");
  CHECK(read("{" + array + "]").text() == "a !bad_json ");
  CHECK(read("{" + array + R"(,"x":)").text() == "a !truncated ");
  CHECK(read("{" + array + "} tail").text() == "a !bad_json ");
}

}  // namespace
}  // namespace straykey
