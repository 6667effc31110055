// Every way to present a token, at every address that takes events.
#include <string>
#include <vector>

#include "tests/net/protocol_site.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::string kNewToken = "the-token-that-follows-0123";

struct Address {
  std::string path;
  std::string own;  // the protocol's own way, up to the token
  std::string body;
};

std::vector<Address> addresses() {
  const std::string record = record_json("a");
  return {{"/v1/events", "", record},
          {"/firehose", "X-Amz-Firehose-Access-Key: ",
           R"({"requestId":"x","timestamp":1,"records":[{"data":")" + base64_of(record) + "\"}]}"},
          {"/services/collector", "Authorization: Splunk ", record},
          {"/services/collector/event", "Authorization: Splunk ", record},
          {"/services/collector/raw", "Authorization: Splunk ", record},
          {"/_bulk", "", "{\"index\":{}}\n" + record + "\n"},
          {"/trail/_bulk", "", "{\"index\":{}}\n" + record + "\n"},
          {"/v1/logs", "", record},
          {"/api/v2/logs", "", record}};
}

std::vector<std::string> ways(const Address& address, const std::string& token) {
  std::vector<std::string> ways{"Authorization: Bearer " + token, "Authorization: Basic " + base64_of("any:" + token),
                                "X-Api-Key: " + token};
  if (!address.own.empty()) ways.push_back(address.own + token);
  return ways;
}

bool is_taken(unsigned status) {
  return status == 200 || status == 202;
}

}  // namespace

TEST_CASE("each address takes a token in each way, two tokens at once, and counts by the token's name") {
  ProtocolSite site;
  REQUIRE(site.server.auth
              ->replace({{"forwarder", kIngestToken, TokenScope::ingest},
                         {"forwarder-next", kNewToken, TokenScope::ingest},
                         {"operator", kAdminToken, TokenScope::admin}})
              .ok());
  std::size_t sent = 0;
  for (const Address& address : addresses()) {
    CAPTURE(address.path);
    for (const std::string& token : {kIngestToken, kNewToken})
      for (const std::string& way : ways(address, token)) {
        CAPTURE(way);
        CHECK(is_taken(site.post(address.path, way + "\r\n", address.body).status));
        ++sent;
      }
    for (const std::string& wrong : {kAdminToken, std::string("nobody-knows-this-0123")})
      for (const std::string& way : ways(address, wrong)) {
        CAPTURE(way);
        const unsigned status = site.post(address.path, way + "\r\n", address.body).status;
        CHECK((status == 401 || status == 403));
      }
    CHECK(site.post(address.path, "", address.body).status == 401);
  }
  CHECK(site.pipeline.ids().size() == sent);
  for (const std::string_view source : {"forwarder", "forwarder-next"}) {
    const Counter& received = site.metrics.counter(
        "straykey_events_received_total",
        "Events taken out of bodies and messages, by the token or syslog listener that brought them.",
        {{"source", source}});
    CHECK(received.value() == sent / 2);
  }
}

}  // namespace straykey
