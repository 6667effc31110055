// /services/collector, from the wire to the pipeline and back.
#include <string>
#include <vector>

#include "tests/net/protocol_site.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

const std::string kSplunk = "Authorization: Splunk " + kIngestToken + "\r\n";
}  // namespace

TEST_CASE("splunk: events without separators are taken, with any of its addresses") {
  ProtocolSite site;
  const std::string two =
      R"({"time":"1711011900.5","event":)" + record_json("a") + R"(}{"event":)" + escaped(record_json("b")) + "}";
  for (const std::string path : {"/services/collector", "/services/collector/event", "/services/collector/event/1.0"}) {
    const auto reply = site.post(path, kSplunk, two);
    CHECK(reply.status == 200);
    CHECK(reply.body == R"({"text":"Success","code":0})");
  }
  CHECK(site.post("/services/collector/raw", kSplunk, record_json("c") + "\n" + record_json("d")).status == 200);
  CHECK(site.pipeline.ids().size() == 8);
}

TEST_CASE("splunk: what is no record is answered with success and counted") {
  ProtocolSite site;
  CHECK(site.post("/services/collector", kSplunk, R"({"event":"HEC TEST EVENT"})").body ==
        R"({"text":"Success","code":0})");
  CHECK(site.post("/services/collector/raw", kSplunk, "a line of text\nand another").body ==
        R"({"text":"Success","code":0})");
  CHECK(site.rejected("bad_json") + site.rejected("not_cloudtrail") == 2);
}

TEST_CASE("splunk: its own words for what is wrong, each with a number") {
  ProtocolSite site;
  CHECK(site.post("/services/collector", kSplunk, "").body == R"({"text":"No data","code":5})");
  const auto missing = site.post("/services/collector", "", record_json("a"));
  CHECK(missing.status == 401);
  CHECK(missing.body == R"({"text":"Token is required","code":2})");
  const auto unknown =
      site.post("/services/collector", "Authorization: Splunk nobody-knows-this\r\n", record_json("a"));
  CHECK(unknown.status == 403);
  CHECK(unknown.body == R"({"text":"Invalid token","code":4})");
  site.pipeline.set(FakePipeline::Mode::overloaded);
  const auto busy = site.post("/services/collector", kSplunk, record_json("a"));
  CHECK(busy.status == 503);
  CHECK(busy.body == R"({"text":"Server is busy","code":9})");
}

TEST_CASE("splunk: a sender with a channel gets an id after the commit, and hears that it is stored") {
  ProtocolSite site;
  const std::string channel = kSplunk + "X-Splunk-Request-Channel: 0f5a1c9e\r\n";
  const json::object first = json::parse(site.post("/services/collector", channel, record_json("a")).body).as_object();
  const json::object second =
      json::parse(site.post("/services/collector?channel=7", kSplunk, record_json("b")).body).as_object();
  CHECK(second.at("ackId").to_number<int>() == first.at("ackId").to_number<int>() + 1);
  const std::string id = json::serialize(first.at("ackId"));
  CHECK(site.post("/services/collector/ack?channel=7", kSplunk, "{\"acks\":[" + id + "]}").body ==
        "{\"acks\":{\"" + id + "\":true}}");
  CHECK(site.post("/services/collector/ack", kSplunk, "{\"acks\":[\"x\"]}").status == 400);
  CHECK(site.post("/services/collector/ack", "", "{\"acks\":[1]}").status == 401);
}

TEST_CASE("splunk: header names with an underscore are taken here and nowhere else") {
  ProtocolSite site;
  CHECK(site.post("/services/collector", kSplunk + "__splunk_app_name: sc4s\r\n", record_json("a")).status == 200);
  CHECK(site.post("/v1/events", kBearer + "__splunk_app_name: sc4s\r\n", record_json("a")).status == 400);
  CHECK(site.get("/services/collector/health").body == R"({"text":"HEC is healthy","code":17})");
}

TEST_CASE("hec: health is Splunk's own word for whether events are taken, without a token") {
  ProtocolSite site;
  const std::pair<const char*, const char*> words[] = {
      {"queues", R"({"text":"HEC is unhealthy, queues are full","code":18})"},
      {"draining", R"({"text":"Server is shutting down","code":23})"},
      {"damaged: shard-01", R"({"text":"Server is busy","code":9})"}};
  for (const auto& [reason, body] : words) {
    site.readiness.reasons = {reason};
    for (const char* path : {"/services/collector/health", "/services/collector/health/1.0"}) {
      const auto reply = site.get(path);
      CHECK(reply.status == 503);
      CHECK(reply.head.find("Retry-After: 1") != std::string::npos);
      CHECK(reply.body == body);
    }
  }
  site.readiness.reasons.clear();
  CHECK(site.get("/services/collector/health").status == 200);
}

}  // namespace straykey
