#pragma once
// What a line of a scenario is in CloudTrail: the records of one day, ready to be parsed.
//
// Errors: one sentence without file and line.
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "tests/scenarios/scenario_file.h"

namespace straykey {

inline constexpr std::string_view kScenarioAccount = "111122223333";

// Day 1 is 2026-01-01.
[[nodiscard]] Day day_number(int scenario_day);

struct DayRecords {
  std::vector<std::string> request;        // in their order
  std::vector<std::string> later_request;  // what proof=late-issued brings afterwards
};

// Appends what the line means on that day.
[[nodiscard]] Status add_records(const EventLine& line, int scenario_day, DayRecords& records);
// An auditor's ordinary call, which proves that the account's trail arrives.
[[nodiscard]] std::string background_record(int scenario_day, std::string_view account);

}  // namespace straykey
