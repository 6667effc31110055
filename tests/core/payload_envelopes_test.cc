// Unwrapping: every envelope, cut anywhere, nested, around other things.
#include "core/event/payload.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/payload_outcome.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace payloads;

TEST_CASE("what holds nothing is taken without a word") {
  for (const std::string_view body :
       {R"({"Records":[]})", "[]",
        R"({"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE"}]})",
        R"({"logEvents":[{"message":"CWL CONTROL MESSAGE"}],"messageType":"CONTROL_MESSAGE"})",
        R"({"resourceLogs":[]})"})
    CHECK(read(body).text() == "");
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
  CHECK(read(R"({"requestId":"r","records":[{"data":")" + base64_of(record("a")) + R"("},{"data":")" +
             base64_of(record("b")) + R"(\u003d"},{"data":")" + base64_of(record("c")) + R"(","data":7},{ "data":")" +
             base64_of(record("d")) + R"("},{"data":")" + base64_of(record("e")) + "\"}]}")
            .text() == "a b !not_cloudtrail d e ");
  CHECK(read(R"({"results":[[{"field":"@ptr","value":"x"}],[],[7],{"_raw":"text"}]})").text() ==
        "!not_cloudtrail !not_cloudtrail !not_cloudtrail !not_cloudtrail ");
  CHECK(read(R"({"hits":{"total":0}})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"MESSAGE":[1,2,3]})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"MESSAGE":[123,300]})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[)"
             R"({"key":"rpc.method","value":{"stringValue":"GetObject"}}]},{"timeUnixNano":"1"}]}]}]})")
            .text() == "!attributes_only !not_cloudtrail ");
  CHECK(read(R"({"awslogs":{}})").text() == "!not_cloudtrail ");
  CHECK(read(R"({"message":"{\"cut\":"})").text() == "!truncated unreadable_body");
}

TEST_CASE("the attribute event.original of a log record without a body is its record, as a text or as a map") {
  const auto log_record = [](const std::string& value) {
    return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"rpc.method","value":{"stringValue":)"
           R"("GetObject"}},{"key":"event.original","value":)" +
           value + "}]}]}]}]}";
  };
  CHECK(read(log_record(R"({"stringValue":)" + quoted(record("a")) + "}")).text() == "a ");
  CHECK(read(log_record(R"({"stringValue":"words"})")).text() == "!not_cloudtrail ");
  CHECK(read(log_record(R"({"kvlistValue":{"values":[{"key":"message","value":{"stringValue":)" + quoted(record("a")) +
                        "}}]}}"))
            .text() == "a ");
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

TEST_CASE("what envelopes unescape is limited in sum") {
  const PayloadLimits limits{.inflated_bytes_max = 1'000};
  std::string body;
  for (int i = 0; i < 10; ++i) body += R"({"message":)" + quoted(record(std::to_string(i))) + "}\n";
  const Outcome outcome = read(body, ContentEncoding::identity, limits);
  CHECK(outcome.events > 0);
  CHECK(outcome.events < 10);
  CHECK(outcome.values.back() == "!inflated_too_large");
}

}  // namespace
}  // namespace straykey
