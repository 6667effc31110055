// A body as a whole: encodings, limits, what is no JSON at all; messages of a batch; one reader for many bodies.
#include "core/event/payload.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/payload_outcome.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace payloads;

TEST_CASE("a body that is no JSON at all is refused as a whole") {
  for (const std::string_view body : {"", " \n\t", "\xef\xbb\xbf"}) CHECK(read(body).error == "empty_body");
  for (const std::string_view body : {"hello", "hello\nworld {", "<xml/>", "12 3", "\"text", "\"a\" \"b\"", "nullx",
                                      "-", "-x", "2026-11-28", "\xff\xfe\x01"}) {
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

TEST_CASE("a body that is JSON and no object or array is a bad record") {
  for (const std::string_view body : {"null", " null\n", "\"\"", "\" \""}) {
    CAPTURE(body);
    CHECK(read(body).text() == "!empty_value ");
  }
  for (const std::string_view body : {"1", "-1.5e300", "1e999", "0", "true", "false", "\"text\"", "\"a \\\"b\\\"\""}) {
    CAPTURE(body);
    CHECK(read(body).text() == "!not_cloudtrail ");
  }
  CHECK(read("\"bad \\escape\"").text() == "!bad_json unreadable_body");
  CHECK(read(quoted(record("a"))).text() == "a ");
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
  CHECK(read(zstd_of(body)).text() == "a b ");
  CHECK(read(zstd_of(body), ContentEncoding::zstd).text() == "a b ");
  CHECK(read(gzip_of(zstd_of(body)), ContentEncoding::gzip).text() == "a b ");
  CHECK(read(body, ContentEncoding::zstd).error == "bad_compression");
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

TEST_CASE("the number of records is limited") {
  const PayloadLimits limits{.records_max = 3};
  const std::string three = record("a") + record("b") + "\n{}\n";
  CHECK(read(three, ContentEncoding::identity, limits).error == "");
  const Outcome outcome = read(three + record("c"), ContentEncoding::identity, limits);
  CHECK(outcome.error == "too_many_records");
  CHECK(outcome.values.size() == 3);
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
      const auto error = reader.read_message(rest, message.size(), kPayloadNow, arena, sink);
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
    CHECK(
        reader
            .read(std::string_view(body).substr(0, bad.size()), ContentEncoding::identity, kPayloadNow, arena, nothing)
            .has_value());
    body = record("a") + std::string(kJsonPadding, '\0');
    CHECK_FALSE(reader
                    .read(std::string_view(body).substr(0, body.size() - kJsonPadding), ContentEncoding::identity,
                          kPayloadNow, arena, nothing)
                    .has_value());
  }
}

}  // namespace
}  // namespace straykey
