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

TEST_CASE("an address that names no place is told apart from one that does, however it is written") {
  Event event;
  event.access_key = "ASIAEXAMPLE";
  event.type = IdentityType::assumed_role;
  for (const std::string_view address :
       {"192.0.2.1", " 192.0.2.1 ", "192.0.2.1:443", "223.255.255.1", "2001:db8::1", "[2001:db8::1]:443", "::1",
        "REDACTED, 203.0.113.5", "203.0.113.5, REDACTED"}) {
    CAPTURE(address);
    event.source_ip = address;
    CHECK(can_be_judged(event));
  }
  for (const std::string_view address :
       {"REDACTED", "X.X.X.X", "203.0.113.xxx", "***", "0.0.0.0", "224.0.0.5", "250.1.2.3", "255.255.255.255",
        "::", ",", "1.2.3", "appstream.amazonaws.com", "AWS Internal"}) {
    CAPTURE(address);
    event.source_ip = address;
    CHECK_FALSE(can_be_judged(event));
    CHECK(name_of(why_not_judged(event)) == "hidden_address");
  }
  event.vpc_endpoint_account = "444455556666";
  CHECK(can_be_judged(event));
}

TEST_CASE("a service's name is a place of its own if it says for whom it called, and for whoever is no role") {
  Event event;
  event.type = IdentityType::assumed_role;
  event.source_ip = "cloudformation.amazonaws.com";
  CHECK_FALSE(can_be_judged(event));
  event.invoked_by = event.source_ip;
  CHECK(can_be_judged(event));
  event.invoked_by = {};
  event.type = IdentityType::root;
  CHECK(can_be_judged(event));
}

TEST_CASE("a service's own event lacks nothing") {
  Event event;
  event.event_type = "AwsServiceEvent";
  CHECK(can_be_judged(event));
}

}  // namespace
}  // namespace straykey
