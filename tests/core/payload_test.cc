// A body -> its records: every framing, every envelope, every kind of damage.
#include "core/event/payload.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/compress.h"

namespace straykey {
namespace {

constexpr Seconds kNow = 1'780'000'000;

// What a body gave, in order: event ids, and "!reason" for rejects.
struct Outcome {
  std::vector<std::string> values;
  std::string error;
  std::size_t events = 0;
  bool indices_in_order = true;

  bool operator==(const Outcome&) const = default;
  [[nodiscard]] std::string text() const {
    std::string joined;
    for (const std::string& value : values) joined += value + ' ';
    return joined + error;
  }
};

std::size_t rejects(const Outcome& outcome) {
  return outcome.values.size() - outcome.events;
}

Outcome read(std::string_view body, ContentEncoding encoding = ContentEncoding::identity, PayloadLimits limits = {}) {
  static PayloadReader standard(PayloadLimits{});
  PayloadReader limited(limits);
  PayloadReader& reader = limits.inflated_bytes_max == PayloadLimits{}.inflated_bytes_max &&
                                  limits.records_max == PayloadLimits{}.records_max
                              ? standard
                              : limited;
  const std::string padded = std::string(body) + std::string(kJsonPadding, '}');
  TextArena arena;
  Outcome outcome;
  std::vector<Event> events;
  std::uint32_t expected = 0;
  const PayloadReader::Sink sink{[&](std::uint32_t index, Event&& event) {
                                   outcome.indices_in_order &= index == expected++;
                                   outcome.values.emplace_back(event.event_id);
                                   events.push_back(event);
                                 },
                                 [&](std::uint32_t index, RejectReason reason, std::string_view) {
                                   outcome.indices_in_order &= index == expected++;
                                   outcome.values.push_back("!" + std::string(name_of(reason)));
                                 }};
  const auto error = reader.read(std::string_view(padded).substr(0, body.size()), encoding, kNow, arena, sink);
  if (error) outcome.error = name_of(*error);
  outcome.events = events.size();
  // Views must still be good when the whole body was read.
  for (const Event& event : events) {
    CHECK(event.record.find(event.event_id) != std::string_view::npos);
    CHECK(event.event_name == "ListBuckets");
  }
  CHECK(outcome.indices_in_order);
  return outcome;
}

std::string record(std::string_view id, std::string_view more = "") {
  return R"({"eventVersion":"1.11","eventTime":"2026-05-01T10:00:00Z","eventSource":"s3.amazonaws.com",)"
         R"("eventName":"ListBuckets","eventID":")" +
         std::string(id) + "\"" + std::string(more) + "}";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + "\"";
}

// A record spread over lines, as pretty printers do.
std::string pretty(std::string_view id) {
  std::string out;
  for (const char c : record(id, R"(,"requestParameters":{"a":{}})")) {
    out += c;
    if (c == '{' || c == ',') out += "\n    ";
  }
  return out;
}

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

TEST_CASE("one record may stand alone, on one line or many") {
  CHECK(read(record("a")).text() == "a ");
  CHECK(read(" \n" + record("a") + "\n ").text() == "a ");
  CHECK(read(pretty("a")).text() == "a ");
}

TEST_CASE("what holds nothing is taken without a word") {
  for (const std::string_view body :
       {R"({"Records":[]})", "[]",
        R"({"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE"}]})",
        R"({"logEvents":[{"message":"CWL CONTROL MESSAGE"}],"messageType":"CONTROL_MESSAGE"})",
        R"({"resourceLogs":[]})"})
    CHECK(read(body).text() == "");
}

struct Wrapped {
  const char* name;
  std::string body;
};

std::vector<Wrapped> envelopes(const std::string& a) {
  const std::string log_events =
      R"({"messageType":"DATA_MESSAGE","owner":"111122223333","logEvents":[{"id":"1","timestamp":1,"message":)" +
      quoted(a) + "}]}";
  return {
      {"file", R"({"Records":[)" + a + "]}"},
      {"EventBridge",
       R"({"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.s3x","detail":)" + a + "}"},
      {"Firehose", R"({"requestId":"r","timestamp":1,"records":[{"data":")" + base64_of(a) + "\"}]}"},
      {"Firehose, gzip", R"({"requestId":"r","timestamp":1,"records":[{"data":")" + base64_of(gzip_of(a)) + "\"}]}"},
      {"Firehose, two records in one",
       R"({"requestId":"r","records":[{"data":")" + base64_of(gzip_of(R"({"Records":[)" + a + "]}")) + "\"}]}"},
      {"CloudWatch Logs", log_events},
      {"CloudWatch Logs through Firehose",
       R"({"requestId":"r","records":[{"data":")" + base64_of(gzip_of(log_events)) + "\"}]}"},
      {"CloudWatch Logs through Firehose, escaped slashes",
       [&] {
         std::string data;
         for (const char c : base64_of(gzip_of(log_events))) data += c == '/' ? std::string("\\/") : std::string(1, c);
         return R"({"requestId":"r","records":[{"data":")" + data + "\"}]}";
       }()},
      {"awslogs", R"({"awslogs":{"data":")" + base64_of(gzip_of(log_events)) + "\"}}"},
      {"SNS",
       R"({"Type":"Notification","MessageId":"m","TopicArn":"t","Message":)" + quoted(a) + R"(,"Timestamp":"x"})"},
      {"SNS around EventBridge",
       R"({"Type":"Notification","Message":)" + quoted(R"({"detail-type":"x","detail":)" + a + "}") + "}"},
      {"OTLP string", R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1",)"
                      R"("body":{"stringValue":)" +
                          quoted(a) + "}}]}]}]}"},
      {"OTLP kvlist",
       R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[
          {"key":"eventVersion","value":{"stringValue":"1.11"}},{"key":"eventTime",
      "value":{"stringValue":"2026-05-01T10:00:00Z"}},
          {"key":"eventName","value":{"stringValue":"ListBuckets"}},{"key":"n",
      "value":{"intValue":"7"}},{"key":"d","value":{"doubleValue":1.5}},
          {"key":"l","value":{"arrayValue":{"values":[{"boolValue":true},{},{"stringValue":"x"}]}}},{"key":"k",
      "value":{"kvlistValue":{}}},
          {"key":"eventID","value":{"stringValue":"a"}}]}}}]}]}]})"},
      {"HEC object", R"({"time":"1.5","sourcetype":"aws:cloudtrail","event":)" + a + "}"},
      {"HEC string", R"({"time":1,"event":)" + quoted(a) + "}"},
      {"HEC around Records", R"({"event":{"Records":[)" + a + "]}}"},
      {"event.message", R"({"event":{"message":)" + quoted(a) + "}}"},
      {"event.original", R"({"event":{"kind":"event","original":)" + quoted(a) + R"(},"message":"text"})"},
      {"message beside an event of another kind", R"({"event":{"kind":"event"},"message":)" + quoted(a) + "}"},
      {"message object", R"({"message":)" + a + "}"},
      {"MESSAGE", R"({"HOST":"h","MESSAGE":)" + quoted(a) + "}"},
      {"log with a line end", R"({"stream":"stdout","log":)" + quoted(a + "\n") + "}"},
      {"_raw", R"({"_raw":)" + quoted(a) + "}"},
      {"Message", R"({"Message":)" + quoted("\xef\xbb\xbf" + a) + "}"},
      {"body", R"({"messageId":"m","body":)" + quoted(a) + "}"},
      {"key with escapes", R"({"\u0052ecords":[)" + a + "]}"},
      {"the last of two equal keys", R"({"message":"text","message":)" + quoted(a) + "}"},
      {"records as strings", R"({"Records":[)" + quoted(a) + "]}"},
  };
}

TEST_CASE("each envelope gives the record inside, alone, in lines and in arrays") {
  for (const Wrapped& wrapped : envelopes(record("a"))) {
    CAPTURE(wrapped.name);
    CAPTURE(wrapped.body);
    CHECK(read(wrapped.body).text() == "a ");
    CHECK(read(wrapped.body + wrapped.body).text() == "a a ");
    CHECK(read(record("b") + "\n" + wrapped.body + "\n" + record("c")).text() == "b a c ");
    CHECK(read("[" + wrapped.body + "," + record("b") + "]").text() == "a b ");
  }
}

TEST_CASE("a body cut at any byte never passes for whole, whatever its envelope, and gives nothing that is not in it") {
  for (const Wrapped& wrapped : envelopes(record("a"))) {
    CAPTURE(wrapped.name);
    for (std::size_t size = 0; size < wrapped.body.size(); ++size) {
      const Outcome outcome = read(wrapped.body.substr(0, size));
      CAPTURE(size);
      CHECK((rejects(outcome) > 0 || !outcome.error.empty()));
      CHECK(outcome.events <= 1);
    }
  }
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

TEST_CASE("a body that is no JSON at all is refused as a whole") {
  for (const std::string_view body : {"", " \n\t", "\xef\xbb\xbf"}) CHECK(read(body).error == "empty_body");
  for (const std::string_view body :
       {"hello", "hello\nworld {", "<xml/>", "123", "\"text\"", "null", "true", "\xff\xfe\x01"}) {
    CAPTURE(body);
    const Outcome outcome = read(body);
    CHECK(outcome.error == "unreadable_body");
    CHECK(outcome.values.empty());
  }
  for (const std::string_view body :
       {R"({"Records":[)", "{not json", "{not json}", "{", "[", R"({"Records":[{"eventVersion":"1.)", "{\"a\":1"}) {
    CAPTURE(body);
    const Outcome outcome = read(body);
    CHECK(outcome.error == "unreadable_body");
    CHECK(rejects(outcome) == 1);
  }
}

TEST_CASE("text between records is refused line by line") {
  CHECK(read("hello\n" + record("a") + "\nworld\nnull\n" + record("b") + " tail").text() ==
        "!bad_json a !bad_json !empty_value b !bad_json ");
}

TEST_CASE("odd Records are refused one by one") {
  CHECK(read(R"({"Records":[1,"x",null,[],{},true,)" + record("a") + "]}").text() ==
        "!not_cloudtrail !not_cloudtrail !empty_value !not_cloudtrail !not_cloudtrail a ");
  CHECK(read(R"({"Records":null})").text() == "!empty_value ");
  CHECK(read(R"({"Records":7})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"Records":)" + record("a") + "}").text() == "a ");
}

TEST_CASE("notifications of S3 are pointers, in every form") {
  CHECK(read(R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",)"
             R"("s3":{"bucket":{}}}]})")
            .text() == "!s3_pointer ");
  CHECK(read(R"({"s3Bucket":"b","s3ObjectKey":["k"]})").text() == "!s3_pointer ");
  CHECK(read(R"({"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"}}})").text() ==
        "!s3_pointer ");
}

TEST_CASE("envelopes around other things are refused once each") {
  CHECK(read(R"({"message":"just text"})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"messageType":"DATA_MESSAGE","logEvents":[{"message":"text\nof two lines"},{"id":"1"},)" +
             record("a") + "]}")
            .text() == "!not_cloudtrail !not_cloudtrail a ");
  CHECK(read(R"({"requestId":"r","records":[{"data":"%%%"},{"data":")" + base64_of("text") +
             R"("},{"data":7},{"data":")" + base64_of(record("a")) + "\"}]}")
            .text() == "!bad_encoding !not_cloudtrail !not_cloudtrail a ");
  CHECK(read(R"({"awslogs":{}})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"message":"{\"cut\":"})").text() == "!truncated unreadable_body");
}

TEST_CASE("five envelopes are opened and a sixth is not") {
  std::string body = record("a");
  for (int i = 0; i < 5; ++i) body = R"({"message":)" + body + "}";
  CHECK(read(body).text() == "a ");
  CHECK(read(R"({"message":)" + body + "}").values == std::vector<std::string>{"!too_deep"});
  std::string lists = record("a");
  for (int i = 0; i < 5; ++i) lists = "[" + lists + "]";
  CHECK(read(lists).text() == "a ");
  CHECK(read("[" + lists + "]").text() == "!too_deep ");
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

TEST_CASE("gzip is seen by its magic and deflate as declared") {
  const std::string body = record("a") + "\n" + record("b");
  CHECK(read(gzip_of(body)).text() == "a b ");
  CHECK(read(gzip_of(body), ContentEncoding::gzip).text() == "a b ");
  CHECK(read(gzip_of(record("a")) + gzip_of("\n" + record("b"))).text() == "a b ");
  CHECK(read(gzip_of(gzip_of(body)), ContentEncoding::gzip).text() == "a b ");
  CHECK(read(zlib_of(body), ContentEncoding::deflate).text() == "a b ");
  CHECK(read(raw_deflate_of(body), ContentEncoding::deflate).text() == "a b ");
  CHECK(read(gzip_of(body), ContentEncoding::deflate).text() == "a b ");
  CHECK(read(body, ContentEncoding::gzip).error == "bad_compression");
  CHECK(read(body, ContentEncoding::deflate).error == "bad_compression");
  CHECK(read(gzip_of(gzip_of(gzip_of(gzip_of(body))))).error == "bad_compression");
  CHECK(read(gzip_of("")).error == "empty_body");
}

TEST_CASE("a gzip body cut anywhere is bad compression") {
  const std::string bytes = gzip_of(record("a"));
  for (std::size_t size = 2; size < bytes.size(); ++size) CHECK(read(bytes.substr(0, size)).error == "bad_compression");
}

TEST_CASE("inflated bytes are limited in the body, in a layer and in sum") {
  const PayloadLimits limits{.inflated_bytes_max = 1 << 20};
  const std::string bomb = gzip_of(std::string(2 << 20, ' ') + record("a"));
  CHECK(read(bomb, ContentEncoding::gzip, limits).error == "inflated_too_large");
  CHECK(read(gzip_of(bomb), ContentEncoding::gzip, limits).error == "inflated_too_large");
  const auto firehose = [](const std::vector<std::string>& datas) {
    std::string body = R"({"requestId":"r","records":[)";
    for (const std::string& data : datas) body += R"({"data":")" + base64_of(data) + "\"},";
    return body + R"({"data":")" + base64_of(record("z")) + "\"}]}";
  };
  const std::string large = gzip_of(record("a") + std::string(200'000, ' '));
  CHECK(read(firehose({bomb, large}), ContentEncoding::identity, limits).text() == "!inflated_too_large a z ");
  const std::vector<std::string> many(8, large);
  const Outcome outcome = read(firehose(many), ContentEncoding::identity, limits);
  CHECK(outcome.events == 6);
  CHECK(rejects(outcome) == 3);
  CHECK(outcome.values.back() == "z");
}

TEST_CASE("what envelopes unescape is limited in sum") {
  const PayloadLimits limits{.inflated_bytes_max = 1'000};
  std::string body;
  for (int i = 0; i < 10; ++i) body += R"({"message":)" + quoted(record(std::to_string(i))) + "}\n";
  const Outcome outcome = read(body, ContentEncoding::identity, limits);
  CHECK(outcome.events > 0);
  CHECK(outcome.events < 10);
  CHECK(outcome.values.back() == "!inflated_too_large");
}

TEST_CASE("the number of records is limited") {
  const PayloadLimits limits{.records_max = 3};
  const std::string three = record("a") + record("b") + "\n{}\n";
  CHECK(read(three, ContentEncoding::identity, limits).error == "");
  const Outcome outcome = read(three + record("c"), ContentEncoding::identity, limits);
  CHECK(outcome.error == "too_many_records");
  CHECK(outcome.values.size() == 3);
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

TEST_CASE("messages of a batch, read one by one along the same text, give what each gives alone") {
  const std::vector<std::string> messages{record("a"),
                                          record("b") + " \n",
                                          "{\"Records\":[" + record("c") + "," + record("d") + "]}",
                                          record("e").substr(0, 40),
                                          record("f"),
                                          "words",
                                          "{\"cut\":",
                                          "1}",
                                          record("g") + record("h"),
                                          "",
                                          record("i")};
  for (std::size_t first = 0; first < messages.size(); ++first) {
    std::string text;
    for (std::size_t i = 0; i < messages.size(); ++i) text += messages[(first + i) % messages.size()];
    text.append(kJsonPadding, '}');
    PayloadReader reader(PayloadLimits{});
    TextArena arena;
    Outcome together;
    const PayloadReader::Sink sink{[&](std::uint32_t, Event&& event) { together.values.emplace_back(event.event_id); },
                                   [&](std::uint32_t, RejectReason reason, std::string_view) {
                                     together.values.push_back("!" + std::string(name_of(reason)));
                                   }};
    reader.forget();
    Outcome apart;
    std::size_t at = 0;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::string& message = messages[(first + i) % messages.size()];
      const Outcome alone = read(message);
      apart.values.insert(apart.values.end(), alone.values.begin(), alone.values.end());
      const std::string_view rest = std::string_view(text).substr(at, text.size() - kJsonPadding - at);
      const auto error = reader.read_message(rest, message.size(), kNow, arena, sink);
      CHECK_EQ(error ? name_of(*error) : "", alone.error);
      at += message.size();
    }
    CHECK_EQ(together.text(), apart.text());
  }
}

TEST_CASE("one reader reads body after body, whatever the one before was") {
  PayloadReader reader(PayloadLimits{});
  const PayloadReader::Sink nothing{[](std::uint32_t, Event&&) {},
                                    [](std::uint32_t, RejectReason, std::string_view) {}};
  for (const std::string_view bad : {"{\"Records\":[{\"", "hello", "", "[[[[[[["}) {
    TextArena arena;
    std::string body = std::string(bad) + std::string(kJsonPadding, '\0');
    CHECK(reader.read(std::string_view(body).substr(0, bad.size()), ContentEncoding::identity, kNow, arena, nothing)
              .has_value());
    body = record("a") + std::string(kJsonPadding, '\0');
    CHECK_FALSE(reader
                    .read(std::string_view(body).substr(0, body.size() - kJsonPadding), ContentEncoding::identity, kNow,
                          arena, nothing)
                    .has_value());
  }
}

}  // namespace
}  // namespace straykey
