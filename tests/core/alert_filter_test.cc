#include "core/operate/alert_filter.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Arguments = std::map<std::string, std::string, std::less<>>;

TEST_CASE("alert filter: what is left out asks nothing") {
  const auto filter = alert_filter_of({});
  REQUIRE(filter.ok());
  CHECK_EQ(filter.value().severities, AlertFilter::kAny);
  CHECK_EQ(filter.value().statuses, AlertFilter::kAny);
  CHECK_FALSE(filter.value().campaign.has_value());
  CHECK_LT(filter.value().from, 0);
}

TEST_CASE("alert filter: several values stand with commas between, and times as times or days") {
  const auto filter = alert_filter_of({{"severity", "high,low"},
                                       {"status", "false_positive"},
                                       {"platform", "unknown,kali"},
                                       {"asn", "AS64511"},
                                       {"from", "2024-03-20"},
                                       {"to", "2024-03-20"},
                                       {"text", "Orders"}});
  REQUIRE(filter.ok());
  CHECK_EQ(filter.value().severities, 0b1010);
  CHECK_EQ(filter.value().statuses, 0b0100);
  CHECK_EQ(filter.value().platforms, 0b100001);
  CHECK_EQ(filter.value().asn, 64511u);
  CHECK_EQ(filter.value().to - filter.value().from, kSecondsPerDay - 1);
  CHECK_EQ(filter.value().text, "orders");
  CHECK_EQ(alert_filter_of({{"from", "2024-03-20T01:00:00Z"}}).value().from, *parse_time("2024-03-20T01:00:00Z"));
}

TEST_CASE("alert filter: each argument that is wrong is named") {
  for (const char* name :
       {"severity", "status", "analytic", "platform", "variation", "asn", "campaign", "from", "to"}) {
    const auto filter = alert_filter_of(Arguments{{name, "no such value"}});
    REQUIRE_FALSE(filter.ok());
    CHECK(filter.error().message.starts_with(std::string(name) + ":"));
  }
  CHECK_EQ(alert_filter_of({{"severity", "HIGH"}}).error().message,
           "severity: HIGH is none of informational, low, medium, high");
  CHECK_FALSE(alert_filter_of({{"asn", "0"}}).ok());
  CHECK_FALSE(alert_filter_of({{"asn", "AS99999999999"}}).ok());
}

}  // namespace
}  // namespace straykey
