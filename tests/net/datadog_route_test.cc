// POST /api/v2/logs, from the wire to the pipeline and back.
#include <string>
#include <vector>

#include "tests/net/protocol_site.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

}  // namespace

TEST_CASE("datadog: an array of objects is taken with 202, and so is what keeps the connection alive") {
  ProtocolSite site;
  const std::string key = "DD-API-KEY: " + kIngestToken + "\r\n";
  const auto reply = site.post("/api/v2/logs", key,
                               R"([{"ddsource":"cloudtrail","message":)" + record_json("a") + R"(},{"message":)" +
                                   escaped(record_json("b")) + "}]");
  CHECK(reply.status == 202);
  CHECK(reply.body == "{}");
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b"});
  CHECK(site.post("/api/v2/logs", key, "{}").status == 202);
  CHECK(site.post("/api/v2/logs", "", "{}").status == 401);
}

}  // namespace straykey
