// The forms of a record's time.
#include "core/event/record_time.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("every form of a UTC time is the same second") {
  for (const std::string day_and_time : {"2026-11-28T11:00:00", "2026-11-28 11:00:00", "2026-11-28T11:00:00.123"})
    for (const std::string zone : {"Z", "", "+00:00", "+0000", "+00", "-00:00", " UTC"}) {
      CAPTURE(day_and_time + zone);
      CHECK(parse_record_time(day_and_time + zone) == parse_time("2026-11-28T11:00:00Z"));
    }
}

TEST_CASE("what is no UTC time is refused, at any length") {
  for (const std::string_view text : {"2026-11-28T11:00:00+01:00", "2026-11-28T11:00:00-05:00", "28.11.2026 11:00:00",
                                      "2026-11-28 11:00", "2026-11-28 11:00:00Z Z", "2026-13-28 11:00:00", "Z", ""})
    CHECK_FALSE(parse_record_time(text));
  const std::string time = "2026-11-28 11:00:00";
  for (std::size_t size = 0; size < time.size(); ++size) CHECK_FALSE(parse_record_time(time.substr(0, size)));
  CHECK_FALSE(parse_record_time(time + "." + std::string(100, '1')));
}

}  // namespace
}  // namespace straykey
