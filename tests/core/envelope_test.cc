// Which envelope an object is.
#include "core/event/envelope.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

EnvelopeKind kind_of(std::string_view object) {
  std::string scratch;
  return open_envelope(object, scratch).kind;
}

TEST_CASE("a record's own members win over an envelope's") {
  CHECK(kind_of(R"({"Records":[],"eventSource":"s3.amazonaws.com"})") == EnvelopeKind::record);
  CHECK(kind_of(R"({"message":"{}","eventVersion":"1"})") == EnvelopeKind::record);
}

TEST_CASE("the first carrier that can hold JSON is taken") {
  std::string scratch;
  const Envelope envelope =
      open_envelope(R"({"event":"login","message":"text","log":" \n{\"a\":1}","body":"{}"} rest)", scratch);
  CHECK(envelope.kind == EnvelopeKind::carrier);
  CHECK(envelope.payload.text == R"(" \n{\"a\":1}")");
  CHECK(envelope.end == JsonEnd::complete);
  CHECK(kind_of(R"({"event":"login","message":7,"body":{"x":1}})") == EnvelopeKind::none);
}

TEST_CASE("a cut object tells its end and still gives its array") {
  std::string scratch;
  const Envelope envelope = open_envelope(R"({"Records":[{"a":1},{"b)", scratch);
  CHECK(envelope.kind == EnvelopeKind::values);
  CHECK(envelope.end == JsonEnd::truncated);
  CHECK(envelope.payload.text == R"([{"a":1},{"b)");
}

TEST_CASE("first members tell envelopes from records") {
  CHECK(opens_like_envelope(R"({ "Records":[]})"));
  CHECK(opens_like_envelope(R"({"version":"0"})"));
  CHECK_FALSE(opens_like_envelope(R"({"eventVersion":"1.11"})"));
  CHECK_FALSE(opens_like_envelope("{"));
}

TEST_CASE("an AnyValue nested without end is refused") {
  std::string value = R"({"stringValue":"x"})", out;
  for (int i = 0; i < 63; ++i) value = R"({"arrayValue":{"values":[)" + value + "]}}";
  CHECK(json_of_any_value(value, out));
  for (int i = 0; i < 10; ++i) value = R"({"arrayValue":{"values":[)" + value + "]}}";
  CHECK_FALSE(json_of_any_value(value, out));
}

TEST_CASE("members are found by what their keys mean") {
  CHECK(member_of(R"({"a":1,"d\u0061ta":"x","a":2})", "data").text == "\"x\"");
  CHECK(member_of(R"({"a":1,"data":"x","a":2})", "a").text == "2");
  CHECK(member_of(R"({"a":1})", "b").text.empty());
}

}  // namespace
}  // namespace straykey
