// What reading costs: bytes looked at to find lines, texts and structure, over a family of shapes.
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/event/payload.h"
#include "tests/support/payload_outcome.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace payloads;

constexpr std::size_t kBodyBytes = 300'000;
constexpr std::uint64_t kLooksAtAByte = 4;
constexpr std::uint64_t kLooksAtAnyBody = 16 * 1024;  // the first windows of the indexes

PayloadReader::Work work_of(std::string_view body) {
  const std::string padded = std::string(body) + std::string(kJsonPadding, '}');
  PayloadReader reader(PayloadLimits{});
  TextArena arena;
  const PayloadReader::Sink sink{[](std::uint32_t, Event&&) {}, [](std::uint32_t, RejectReason, std::string_view) {}};
  (void)reader.read(std::string_view(padded).substr(0, body.size()), ContentEncoding::identity, kPayloadNow, arena,
                    sink);
  return reader.work();
}

std::string repeated(std::string_view piece, std::size_t bytes = kBodyBytes) {
  std::string out;
  while (out.size() < bytes) out += piece;
  return out;
}

std::string event_bridge(const std::string& a) {
  return R"({"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","detail":)" + a + "}";
}

void check_linear(const std::string& body) {
  const PayloadReader::Work work = work_of(body);
  CAPTURE(body.substr(0, 200));
  CAPTURE(body.size());
  CAPTURE(work.framing);
  CAPTURE(work.index);
  CHECK(work.framing + work.index <= kLooksAtAByte * work.texts + kLooksAtAnyBody);
  CHECK(work.texts <= 6 * body.size());
  // Broken values may be searched for their ends, as far as the effort of the body goes.
  CAPTURE(work.values);
  CHECK(work.values <= 6 * body.size() + kLooksAtAnyBody);
}

TEST_CASE("finding values is linear, whatever parts them and whatever they are") {
  const std::string a = record("a");
  const std::vector<std::string> all = {
      std::string("{}"),
      std::string("[]"),
      std::string(R"({"message":"{}"})"),
      std::string(R"({"message":{}})"),
      a,
      event_bridge(a),
      R"({"event":)" + a + "}",
      R"({"message":)" + quoted(a) + "}",
      R"({"Records":[)" + a + "]}",
      R"({"Records":[{"message":"{}"},{"message":"{}"}]})",
      "[" + quoted("{}") + "," + quoted(a) + "]",
      R"({"messageType":"DATA_MESSAGE","logEvents":[{"message":"{}"},{"message":)" + quoted(a) + "}]}",
      R"({"results":[[{"field":"@message","value":"{}"}]]})",
      R"({"MESSAGE":[123,125]})",
      std::string("null"),
      std::string("words"),
      std::string("17 {}"),
      std::string(R"({"a":[})"),
      std::string(R"({"a":[)"),
      std::string("{"),
      std::string(R"({"a":"x)"),
      std::string(R"({"message":"{\"message\":\"{}\"}"})")};
  for (const std::string& value : all) {
    for (const std::string_view between : {"", "\n", ",", " ", "\r\n\r\n", "                    "})
      check_linear(repeated(value + std::string(between)));
  }
}

TEST_CASE("white space costs as much before, between and behind values as it has bytes") {
  for (const std::string_view value : {"{}", R"({"Records":[{}]})", R"({"message":"{}"})", "x", "[]"})
    for (const char space : {' ', '\n', '\t', ','}) {
      const std::string values = repeated(value, 8'000), spaces(kBodyBytes, space);
      check_linear(values + spaces);
      check_linear(spaces + values);
      check_linear(values + spaces + values + spaces + values);
    }
}

TEST_CASE("any mixture of pieces stays linear") {
  const std::string a = record("a");
  const std::vector<std::string> pieces = {"{}",
                                           "[]",
                                           "\n",
                                           " ",
                                           "{",
                                           "}",
                                           "[",
                                           "]",
                                           "\"",
                                           ",",
                                           ":",
                                           R"({"message":"{}"})",
                                           R"({"Records":[)",
                                           a,
                                           "\\",
                                           event_bridge(a),
                                           "17 ",
                                           R"({"a":1,"b":)",
                                           std::string(3'000, ' '),
                                           std::string(3'000, 'x'),
                                           "\xff",
                                           "null",
                                           R"({"message":)" + quoted(a) + "}"};
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> few;
    for (unsigned i = 0; i < 2 + seed % 4; ++i) few.push_back(pieces[random() % pieces.size()]);
    std::string body;
    while (body.size() < kBodyBytes / 4) {
      const std::string& piece = few[random() % few.size()];
      for (auto i = random() % 20 + 1; i > 0; --i) body += piece;
    }
    CAPTURE(seed);
    check_linear(body);
  }
}

TEST_CASE("the small messages of a batch share one index") {
  std::string batch = repeated("{}\n", 60'000);
  const std::size_t bytes = batch.size();
  batch += std::string(kJsonPadding, ' ');
  PayloadReader reader(PayloadLimits{});
  TextArena arena;
  const PayloadReader::Sink sink{[](std::uint32_t, Event&&) {}, [](std::uint32_t, RejectReason, std::string_view) {}};
  reader.forget();
  for (std::size_t at = 0; at < bytes; at += 3)
    (void)reader.read_message(std::string_view(batch).substr(at, bytes - at), 2, kPayloadNow, arena, sink);
  const PayloadReader::Work work = reader.work();
  CHECK(work.framing + work.index <= kLooksAtAByte * bytes + kLooksAtAnyBody);
}

}  // namespace
}  // namespace straykey
