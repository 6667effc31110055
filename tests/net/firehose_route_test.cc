// POST /firehose, from the wire to the pipeline and back.
#include <memory>
#include <string>
#include <vector>

#include "tests/net/protocol_site.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

std::string firehose_head(const std::string& token) {
  return "X-Amz-Firehose-Access-Key: " + token +
         "\r\nX-Amz-Firehose-Request-Id: 0f5a1c9e-2b7d-4a10-9c3e-5d1f00c0ffee\r\n";
}

void check_firehose(const RawHttpClient::Reply& reply, unsigned status, bool has_message) {
  CHECK(reply.status == status);
  CHECK(reply.head.find("Content-Type: application/json") != std::string::npos);
  const json::object body = json::parse(reply.body).as_object();
  CHECK(body.at("requestId") == "0f5a1c9e-2b7d-4a10-9c3e-5d1f00c0ffee");
  CHECK(body.at("timestamp").to_number<std::int64_t>() > 1'700'000'000'000);
  CHECK(body.contains("errorMessage") == has_message);
}

}  // namespace

TEST_CASE("firehose: records in base64, gzip inside, are taken, and every reply has the form that it prescribes") {
  ProtocolSite site;
  const std::string logs =
      R"({"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"g","logStream":"s","subscriptionFilters":[],)"
      R"("logEvents":[{"id":"1","timestamp":1,"message":)" +
      escaped(record_json("a")) + "}]}";
  const std::string body = R"({"requestId":"x","timestamp":1,"records":[{"data":")" + base64_of(gzip_of(logs)) +
                           R"("},{"data":")" + base64_of(record_json("b")) + R"("}]})";
  check_firehose(site.post("/firehose", firehose_head(kIngestToken), body), 200, false);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b"});

  check_firehose(site.post("/firehose", firehose_head("nobody-knows-this-one"), body), 401, true);
  check_firehose(site.post("/firehose", firehose_head(kIngestToken), "no json"), 400, true);
  site.pipeline.set(FakePipeline::Mode::overloaded);
  const auto busy = site.post("/firehose", firehose_head(kIngestToken), body);
  check_firehose(busy, 503, true);
  CHECK(busy.head.find("Retry-After: 1") != std::string::npos);
}

TEST_CASE("firehose: a body over the limit is 400, because after 413 it would give the batch up") {
  ProtocolSite site;
  const auto reply = site.send("POST /firehose HTTP/1.1\r\nHost: localhost\r\n" + firehose_head(kIngestToken) +
                               "Content-Length: 67108865\r\n\r\n");
  check_firehose(reply, 400, true);
  CHECK(reply.body.find("body_too_large") != std::string::npos);
}

TEST_CASE("firehose: an id that is none is not repeated") {
  ProtocolSite site;
  const auto reply =
      site.post("/firehose", "X-Amz-Firehose-Access-Key: " + kIngestToken + "\r\nX-Amz-Firehose-Request-Id: \"<b>\r\n",
                record_json("a"));
  CHECK(json::parse(reply.body).as_object().at("requestId") == "");
}

TEST_CASE("firehose: a head of 128 KiB is taken, from so many connections at once as are let in") {
  ProtocolSite site;
  const std::string body =
      R"({"requestId":"x","timestamp":1,"records":[{"data":")" + base64_of(record_json("a")) + R"("}]})";
  const std::string head = firehose_head(kIngestToken) + "X-Amz-Firehose-Common-Attributes: ";
  check_firehose(site.post("/firehose", head + std::string(127 * 1024, 'a') + "\r\n", body), 200, false);
  CHECK(site.post("/firehose", head + std::string(128 * 1024, 'a') + "\r\n", body).status == 431);
  std::vector<std::unique_ptr<RawHttpClient>> half;
  for (std::size_t i = 0; i < kLargeHeadsMax; ++i) {
    half.push_back(site.server.connect());
    half.back()->send("POST /firehose HTTP/1.1\r\nHost: a\r\nA: " + std::string(20'000, 'a'));
  }
  // Those whose head is too many hear so at once; the others are waited for.
  std::size_t status = 0;
  while (status != 503) {
    const auto more = site.server.connect();
    more->send("POST /firehose HTTP/1.1\r\nHost: a\r\nA: " + std::string(20'000, 'a') +
               "\r\nContent-Length: 0\r\n\r\n");
    status = more->read_reply().status;
  }
  // They take no place of those whose token has come.
  const std::string large = head + std::string(64 * 1024, 'a') + "\r\n";
  CHECK(site.post("/firehose", large, body).status == 200);
}

TEST_CASE("firehose: a large head with a bad token is refused before it ends, and one too many hears so in JSON") {
  ProtocolSite site;
  const std::string rest = "X-Amz-Firehose-Common-Attributes: " + std::string(20'000, 'a');
  const auto bad = site.server.connect();
  bad->send("POST /firehose HTTP/1.1\r\nHost: a\r\n" + firehose_head("token-of-nobody-0123456789") + rest);
  check_firehose(bad->read_reply(), 401, true);
  std::vector<std::unique_ptr<RawHttpClient>> half;
  const std::string begun = "POST /firehose HTTP/1.1\r\nHost: a\r\n" + firehose_head(kIngestToken) + rest;
  for (std::size_t i = 0; i < kLargeHeadsMax; ++i) {
    half.push_back(site.server.connect());
    half.back()->send(begun);
  }
  for (;;) {
    const auto more = site.server.connect();
    more->send(begun + "\r\nContent-Length: 0\r\n\r\n");
    const auto reply = more->read_reply();
    if (reply.status != 503) continue;
    check_firehose(reply, 503, true);
    break;
  }
}

}  // namespace straykey
