#include "core/detect/formats/splunk_hec.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

TEST_CASE("splunk hec: an event is the document with its type and page, under the time of the call") {
  const boost::json::value body = boost::json::parse(splunk_hec_body(testing::sample_alert(), {"https://p.example/"}));
  CHECK_EQ(body.at("time").as_int64(), 1'711'011'900);
  CHECK_EQ(body.at("sourcetype").as_string(), "straykey:json");
  CHECK_EQ(body.at_pointer("/event/type").as_string(), "alert.created");
  CHECK_EQ(body.at_pointer("/event/id").as_string(), testing::kSampleId);
  CHECK_EQ(body.at_pointer("/event/link").as_string(), std::string("https://p.example/") + testing::kSampleId);
  CHECK_EQ(body.at_pointer("/event/respond/revoke/0/role").as_string(), "orders");
}

}  // namespace
}  // namespace straykey
