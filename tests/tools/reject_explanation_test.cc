#include "tools/scan/reject_explanation.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

constexpr Seconds kNow = 1'750'000'000;  // 2025-06-15T15:06:40Z

TEST_CASE("reject explanation: the place is a line, a byte if there is one line only, or the record's number alone") {
  const std::string lines = "{}\n{}\n{}\n";
  const PlacedText placed{lines, 0, 0, 0};
  CHECK_EQ(place_of(placed.text.substr(3, 2), 1, placed), "line 2, record 2");
  const PlacedText later{lines, 1'000, 40, 40};
  CHECK_EQ(place_of(later.text.substr(6, 2), 2, later), "line 43, record 43");
  const std::string line = "[{},{}]\n";
  const PlacedText of_line{line, 0, 0, 0};
  CHECK_EQ(place_of(of_line.text.substr(4, 2), 1, of_line), "byte 5, record 2");
  const std::string elsewhere = "{}";
  CHECK_EQ(place_of(elsewhere, 1, of_line), "record 2");
  CHECK_EQ(place_of({}, 1, of_line), "record 2");
}

TEST_CASE("reject explanation: the value that is wrong is shown, with what was expected") {
  CHECK_EQ(explain_reject(RejectReason::bad_event_time, R"({"eventVersion":"1","eventTime":"yesterday"})", kNow),
           "bad_event_time: eventTime is \"yesterday\"; expected a time in UTC of the years 2013 to 2099, such as "
           "\"2025-06-30T12:00:00Z\"");
  CHECK_EQ(explain_reject(RejectReason::bad_field_type, R"({"eventName":"x","sourceIPAddress":5})", kNow),
           "bad_field_type: sourceIPAddress is \"5\"; expected text or null");
  CHECK_EQ(explain_reject(RejectReason::bad_field_type, R"({"userIdentity":[1]})", kNow),
           "bad_field_type: userIdentity is \"[1]\"; expected an object or null");
  CHECK_EQ(explain_reject(RejectReason::bad_field_type, R"({"userIdentity":{"arn":7}})", kNow),
           "bad_field_type: userIdentity.arn is \"7\"; expected text or null");
  CHECK_EQ(explain_reject(RejectReason::future_event_time, R"({"eventTime":"2031-01-01T00:00:00Z"})", kNow),
           "future_event_time: eventTime is \"2031-01-01T00:00:00Z\"; expected a time at most 10 minutes after this "
           "machine's clock, which says 2025-06-15T15:06:40Z");
  CHECK(explain_reject(RejectReason::truncated, {}, kNow).starts_with("truncated: nothing is there; expected "));
}

TEST_CASE("reject explanation: a value is escaped and cut") {
  const std::string record = "{\"a\":\"\x1b[2J\u202e\u009b" + std::string(5'000, 'x') + "\"}";
  const std::string said = explain_reject(RejectReason::not_cloudtrail, record, kNow);
  CHECK_EQ(said.find('\x1b'), std::string::npos);
  CHECK_EQ(said.find("\u202e"), std::string::npos);
  CHECK_EQ(said.find("\u009b"), std::string::npos);
  CHECK_LT(said.size(), 400);
}

TEST_CASE("reject explanation: every reason says what was expected, whatever the record") {
  for (std::size_t i = 0; i < kRejectReasonCount; ++i)
    for (const char* record : {"", "{", "{\"eventTime\":", "[]", "null", "\xff"}) {
      const auto reason = static_cast<RejectReason>(i);
      const std::string said = explain_reject(reason, record, kNow);
      CHECK(said.starts_with(std::string(name_of(reason)) + ": "));
      CHECK(said.find("; expected a") != std::string::npos);
    }
}

}  // namespace
}  // namespace straykey
