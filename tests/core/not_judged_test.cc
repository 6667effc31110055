// Which events cannot be judged, and why.
#include "core/event/not_judged.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("a call without caller or address cannot be judged, and the reason is told apart") {
  Event event;
  event.record = R"({"eventName":"x"})";
  event.event_type = "AwsApiCall";
  CHECK_FALSE(can_be_judged(event));
  CHECK(name_of(why_not_judged(event)) == "no_identity");
  event.record = R"({"eventName":"x","userIdentity.arn":"a"})";
  CHECK(name_of(why_not_judged(event)) == "flattened");
  event.access_key = "AKIAEXAMPLE";
  CHECK_FALSE(can_be_judged(event));
  CHECK(name_of(why_not_judged(event)) == "no_address");
  event.source_ip = "192.0.2.1";
  CHECK(can_be_judged(event));
}

TEST_CASE("an address that names no place is told apart from a service's name") {
  Event event;
  event.access_key = "AKIAEXAMPLE";
  for (const std::string_view address :
       {"192.0.2.1", "2001:db8::1", "::1", "AWS Internal", "cloudtrail.amazonaws.com", "ec2.amazonaws.com.cn"}) {
    CAPTURE(address);
    event.source_ip = address;
    CHECK(can_be_judged(event));
  }
  for (const std::string_view address : {"REDACTED", "X.X.X.X", "***", "0.0.0.0", "::", "AppStream"}) {
    CAPTURE(address);
    event.source_ip = address;
    CHECK_FALSE(can_be_judged(event));
    CHECK(name_of(why_not_judged(event)) == "hidden_address");
  }
}

TEST_CASE("a service's own event lacks nothing") {
  Event event;
  event.event_type = "AwsServiceEvent";
  CHECK(can_be_judged(event));
}

}  // namespace
}  // namespace straykey
