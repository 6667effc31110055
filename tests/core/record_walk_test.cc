// The short way from a record to its Event: plain records are taken, odd ones left alone, and RecordParser agrees.
#include "core/event/record_walk.h"

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/event_text.h"
#include "tests/support/two_readings.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::string_view kCore =
    R"("eventVersion":"1.11","eventTime":"2026-05-01T10:00:00Z","eventSource":"s3.amazonaws.com",
      "eventName":"ListBuckets")";

std::string with(std::string_view members) {
  return "{" + std::string(kCore) + "," + std::string(members) + "}";
}

std::vector<std::string> corpus() {
  std::ifstream file(std::string(STRAYKEY_SOURCE_DIR) + "/tests/fuzz/corpus/records.jsonl");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  REQUIRE(lines.size() > 20);
  return lines;
}

// Takes the record, or leaves it; either way as RecordParser has it.
bool takes(TwoReadings& readings, std::string_view record) {
  CAPTURE(record);
  const std::size_t before = readings.taken();
  const auto difference = readings.differ_on_record(record);
  CHECK(difference.value_or("") == "");
  return readings.taken() > before;
}

TEST_CASE("plain records are taken, however they are spaced and whatever they hold besides") {
  TwoReadings readings;
  for (const std::string_view members :
       {R"("x":1)", R"("x":{},"y":[],"z":[{}],"a":{"b":{"c":[[1,2],[3]]}})", R"("n":-1.25,"t":true,"f":false,"z":null)",
        R"("errorCode":null,"userIdentity":null,"sessionCredentialFromConsole":null)",
        R"("userIdentity":{"type":"Root","sessionContext":{"sessionIssuer":{},"webIdFederationData":null}})",
        R"( "errorCode" : "Denied" , "x" : [ 1 , 2 ] )", R"("userAgent":"a \"b\" \\ \u00e9","x":"\/\b\f\n\r\t")",
        R"("sessionCredentialFromConsole":"true")", R"("sessionCredentialFromConsole":true)",
        R"("requestParameters":{"policy":"{\"a\":\"b\\\\\"}"},"responseElements":{"x":[]})"})
    CHECK(takes(readings, with(members)));
  CHECK(takes(readings, R"({"eventVersion":"1.08","eventTime":"2026-05-01T10:00:00Z","eventSource":"sts.amazonaws.com",
    "eventName":"AssumeRole","requestParameters":{"roleArn":"r","roleSessionName":"s","x":[]},
    "responseElements":{"credentials":{"accessKeyId":"ASIAISSUED"}}})"));
}

TEST_CASE("how a request was signed is read alike, in whatever form it stands") {
  TwoReadings readings;
  for (const std::string_view members :
       {R"("additionalEventData":{"AuthenticationMethod":"QueryString","x":[1]})",
        R"("additionalEventData":{"CipherSuite":"a","AuthenticationMethod":"AuthHeader"})",
        R"("additionalEventData":null,"requestParameters":{"key":"k","X-Amz-Expires":"60"})",
        R"("additionalEventData":"x","requestParameters":{"X-Amz-Expires":60})",
        R"("additionalEventData":{"AuthenticationMethod":null},"requestParameters":{"X-Amz-Expires":null})",
        R"("additionalEventData":{"AuthenticationMethod":7},"requestParameters":["X-Amz-Expires"])",
        R"("additionalEventData":[],"requestParameters":null)"})
    if (!takes(readings, with(members))) FAIL_CHECK(std::string(members), " was not taken");
  for (const std::string_view members :
       {R"("additionalEventData":{"AuthenticationMethod":"Query\u0053tring"})",
        R"("additionalEventData":{"AuthenticationMethod":"a","AuthenticationMethod":"QueryString"})",
        R"("requestParameters":{"X-Amz-Expires":1,"X-Amz-Expires":2})"})
    if (takes(readings, with(members))) FAIL_CHECK(std::string(members), " was taken");
}

TEST_CASE("what an MCP server of AWS or a delegate did is read alike") {
  TwoReadings readings;
  for (const std::string_view members :
       {R"("eventType":"AwsMcpEvent","additionalEventData":{"downstreamRequests":[{"apiName":"a"}]})",
        R"("userIdentity":{"invokedBy":"aws-mcp.amazonaws.com"},"userAgent":"aws-mcp.amazonaws.com")",
        R"("userIdentity":{"invokedByDelegate":{"accountId":"444455556666"}})",
        R"("userIdentity":{"invokedByDelegate":null})", R"("userIdentity":{"invokedByDelegate":"444455556666"})"})
    if (!takes(readings, with(members))) FAIL_CHECK(std::string(members), " was not taken");
  CHECK_FALSE(takes(readings, with(R"("userIdentity":{"invokedByDelegate":{},"invokedByDelegate":null})")));
}

TEST_CASE("a value may end where the text ends") {
  TwoReadings readings;
  for (const std::string_view last : {R"("x":{})", R"("x":[])", R"("x":{"y":{"z":[]}})", R"("x":1)", R"("x":"")"})
    CHECK(takes(readings, with(last)));
}

TEST_CASE("what is odd is left to the parser") {
  TwoReadings readings;
  for (const std::string_view members :
       {R"("errorCode":"a","errorCode":null)",
        R"("userIdentity":{"type":"Root","arn":"a"},"userIdentity":{"type":"Root"})",
        R"("error\u0043ode":"x")",
        R"("x\n":1)",
        R"("x":{"y\n":1})",
        R"("x":01)",
        R"("x":-)",
        R"("x":1.)",
        R"("x":.5)",
        R"("x":1e5)",
        R"("x":123456789012345678901)",
        R"("x":tru)",
        R"("x":truex)",
        R"("x":nulll)",
        R"("x":[1,])",
        R"("x":{"a":1,})",
        R"("x":[1 2])",
        R"("x":{"a" 1})",
        R"("x":{]})",
        R"("x":[})",
        R"("x":"\x")",
        R"("x":"\u12")",
        R"("x":"\ud83d")",
        "\"x\":\"\xff\"",
        "\"x\":\"a\nb\"",

        R"("x":tru"e")",
        R"("x":"a"b)",
        R"("errorCode":7)",
        R"("errorCode":{})",
        R"("userIdentity":[])",
        R"("sessionCredentialFromConsole":1)",
        R"("digestStartTime":"x")",
        R"("eventCategory":"Insight")",
        R"("userIdentity":{"type":"Assumed\u0052ole"})",
        R"("eventTime":"2026-05-01T10:00:00Z")",
        R"("userIdentity":{"inScopeOf":null,"sessionContext":{"inScopeOf":{"issuerType":"t"}}})"})
    if (takes(readings, with(members))) FAIL_CHECK(std::string(members), " was taken");
  const std::string deep = with("\"x\":" + std::string(60, '[') + "7" + std::string(60, ']'));
  CHECK_FALSE(takes(readings, deep));
  CHECK_FALSE(takes(readings, R"({"eventTime":"2026-05-01T10:00:00Z","eventName":"x"})"));
  CHECK_FALSE(takes(readings, R"({"eventSource":"x","eventTime":"2026-05-01T10:00:00Z","eventName":null})"));
  CHECK_FALSE(takes(readings, R"({"eventSource":"x","eventTime":"yesterday","eventName":"x"})"));
  CHECK_FALSE(takes(readings, "{}"));
}

TEST_CASE("a record cut at any byte is left alone") {
  TwoReadings readings;
  const std::string record = corpus().front();
  for (std::size_t size = 1; size < record.size(); ++size)
    CHECK_FALSE(takes(readings, std::string_view(record).substr(0, size)));
  CHECK(takes(readings, record));
}

TEST_CASE("a byte changed anywhere makes no difference between the walk and the parser") {
  TwoReadings readings;
  std::size_t differences = 0, taken_unchanged = 0;
  const std::vector<std::string> lines = corpus();
  for (const std::string& line : lines) {
    if (takes(readings, line)) ++taken_unchanged;
    if (line.size() > 2'000) continue;
    for (std::size_t at = 1; at < line.size(); ++at)
      for (const char byte : {'"', '\\', '{', ']', ',', ':', ' ', '0', 'u', '\n', '\xc3'}) {
        std::string changed = line;
        changed[at] = byte;
        if (readings.differ_on_record(changed)) ++differences;
      }
  }
  CHECK(differences == 0);
  CHECK(taken_unchanged >= 12);
}

TEST_CASE("records in one body are read one after the other, through windows of any size") {
  const std::vector<std::string> lines = corpus();
  const std::string& plain = lines.front();
  std::string body = "{\"Records\":[";
  const std::size_t records = 2'000;  // 2.4 MB
  for (std::size_t i = 0; i < records; ++i)
    body += (i > 0 ? "," : "") + (i % 300 == 299 ? with("\"x\":\"" + std::string(400'000, 'y') + "\"") : plain);
  body += "]}";
  TwoReadings readings;
  CHECK_FALSE(readings.differ_on_body(body, ContentEncoding::identity));
  body[body.size() / 2] = '\xff';  // somewhere in a string, most likely
  CHECK_FALSE(readings.differ_on_body(body, ContentEncoding::identity));
}

TEST_CASE("all envelopes of the corpus, joined in any framing, read alike both ways") {
  TwoReadings readings;
  std::string lines, array = "[", cut;
  for (const std::string& line : corpus()) {
    lines += line + "\n";
    array += (array.size() > 1 ? ",\n" : "") + line;
    cut += line.substr(0, line.size() * 2 / 3) + "\n" + line + "\n";
  }
  array += "]";
  for (const std::string& body : {lines, array, cut, "{\"Records\":" + array + "}"})
    CHECK_FALSE(readings.differ_on_body(body, ContentEncoding::identity));
}

std::vector<std::string> wrappers_of(const std::string& record) {
  return {R"({"event":)" + record + "}",
          R"( { "time" : 1750000000.5 , "host":"h","source":"s","event" : )" + record + R"( , "fields":{"a":["b"]} })",
          R"({"version":"0","id":"i","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","resources":[],)"
          R"("detail":)" +
              record + "}",
          R"({"detail":)" + record + R"(,"detail-type":"x"})"};
}

// Whether the short way takes the object as one around a record.
bool takes_wrapped(std::string_view object) {
  const std::string text = std::string(object) + std::string(kJsonPadding, '"');
  RecordWalk walk;
  TextArena arena;
  Event event;
  const std::string_view given = std::string_view(text).substr(0, object.size());
  const std::size_t bytes = walk.read_wrapped(given, arena, 1'790'000'000, event);
  if (bytes > 0) CHECK(event.event_name == "ListBuckets");
  return bytes == object.size();
}

TEST_CASE("an object around one plain record is taken, and read alike both ways in any framing") {
  TwoReadings readings;
  const std::string record = with(R"("errorCode":"a \u00e9")");
  for (std::string wrapper : wrappers_of(record)) {
    CAPTURE(wrapper);
    if (wrapper.front() == ' ') wrapper.erase(0, 1);
    CHECK(takes_wrapped(wrapper));
    std::string joined, lines, array = "[";
    for (int i = 0; i < 300; ++i) {
      const std::string& next = i % 50 == 49 ? record : wrapper;
      joined += next;
      lines += next + "\n";
      array += next + ",";
    }
    array += wrapper + "]";
    for (const std::string& body : {wrapper, joined, lines, array, joined.substr(0, joined.size() - 5),
                                    R"({"Records":)" + array + "}", R"({"event":)" + array + "}"})
      CHECK_FALSE(readings.differ_on_body(body, ContentEncoding::identity));
  }
}

TEST_CASE("an object that may be another envelope, or wraps another thing, is left alone and read alike") {
  TwoReadings readings;
  const std::string record = with(R"("x":1)"), odd = R"({"eventVersion":"1","eventName":"x","eventTime":"never"})";
  for (const std::string& object : std::vector<std::string>{
           R"({"event":)" + record + R"(,"event":1})", R"({"event":)" + record + R"(,"event":)" + record + "}",
           R"({"event":)" + record + R"(,"Records":[]})", R"({"event":)" + record + R"(,"eventName":"x"})",
           R"({"event":)" + record + R"(,"message":"{}"})", R"({"\u0065vent":)" + record + R"(,"event":{"a":1}})",
           R"({"event":)" + record + R"(,"\u0052ecords":[]})", R"({"event":)" + odd + "}", R"({"event":"text"})",
           R"({"detail":)" + record + "}", R"({"detail-type":7,"detail":)" + record + "}",
           R"({"detail-type":"Object Created","source":"aws.s3","detail":)" + record + "}",
           R"({"event":)" + record + R"(,"digestS3Object":"x"})", R"({"time":01,"event":)" + record + "}",
           R"({"event":)" + record, R"({"event":)" + record + "]", R"({"time":1})", std::string("{}"), record}) {
    CAPTURE(object);
    CHECK_FALSE(takes_wrapped(object));
    for (const std::string& body : {object, object + object, object + "\n" + record + "\n", "[" + object + "]"})
      CHECK_FALSE(readings.differ_on_body(body, ContentEncoding::identity));
  }
}

TEST_CASE("a byte changed anywhere around a record makes no difference between the two ways") {
  TwoReadings readings;
  for (const std::string& wrapper : wrappers_of(with(R"("x":1)")))
    for (std::size_t at = 0; at < wrapper.size(); ++at)
      for (const char byte : {'"', '\\', '{', '}', ']', ',', ':', ' ', '0', 'u', '\n', '\xc3'}) {
        std::string changed = wrapper + wrapper;
        changed[at] = byte;
        CAPTURE(changed);
        CHECK(readings.differ_on_body(changed, ContentEncoding::identity).value_or("") == "");
        CHECK(readings.differ_on_body(changed.substr(0, at + 1), ContentEncoding::identity).value_or("") == "");
      }
}

TEST_CASE("texts point into the record; escaped ones into the arena") {
  const std::string record = with(R"("errorCode":"plain","userAgent":"\u00e9")") + std::string(kJsonPadding, ' ');
  const std::string_view text = std::string_view(record).substr(0, record.size() - kJsonPadding);
  RecordWalk walk;
  TextArena arena;
  Event event;
  REQUIRE(walk.read(text, arena, 1'790'000'000, event) == text.size());
  CHECK(event.error_code.data() == record.data() + record.find("plain"));
  CHECK(event.user_agent_text == "\xc3\xa9");
  CHECK(arena.bytes() > 0);
}

}  // namespace
}  // namespace straykey
