#pragma once
// `straykey simulate`: writes a synthetic organisation's CloudTrail with thefts, and the alerts that they must raise.
//
// Shape:  into `out`: trail/ (delivered files, TrailFiles), ip-ranges.json (AWS's format), asn.csv
//         (start,end,asn,name), labels.jsonl (one line an expected alert), stories.jsonl (each theft and each
//         harmless neighbour, in a sentence). One seed, one result, byte for byte.
// Units:  `end` is the trail's last day, `days` how many it has.
// Errors: settings that make no sense, a folder `out`/trail that is not empty, or an error of the disk.
// Thread: one caller.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "tools/simulate/story_teller.h"

namespace straykey {

struct SimulateSettings {
  std::uint64_t seed = 1;
  Day end = 0;
  unsigned days = kPlanDays;  // kPlanDays..400
  std::uint64_t events_target =
      28'000;  // what is written is near it; at least the cast's own traffic. At most 1,000,000,000
  std::filesystem::path out = {};
  bool gzip = true;
  bool json_lines = false;
};

struct SimulateProgress {
  unsigned days_done = 0, days = 0;
  std::uint64_t events = 0;
};

struct SimulateSummary {
  std::uint64_t events = 0;      // records, each copy counted
  std::uint64_t duplicates = 0;  // of them, copies
  std::uint64_t files = 0, file_bytes = 0, json_bytes = 0;
  std::size_t accounts = 0, workloads = 0;
  Day first_day = 0, last_day = 0;
  std::vector<TheftLabel> labels;   // as in labels.jsonl
  std::string_view trusted_prefix;  // belongs into networks.trusted, or the story "trusted-egress" raises an alert
};

// `progress` is called after each day; it may be empty.
[[nodiscard]] Result<SimulateSummary> simulate(const SimulateSettings& settings,
                                               const std::function<void(const SimulateProgress&)>& progress);

// For people, several lines.
[[nodiscard]] std::string summary_text(const SimulateSettings& settings, const SimulateSummary& summary);
// One line of labels.jsonl, without its end.
[[nodiscard]] std::string label_json(const TheftLabel& label);

}  // namespace straykey
