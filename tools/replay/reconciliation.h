#pragma once
// Reconciliation: were the alerts that came the alerts that had to come?
//
// Shape:  an alert is known by variation, account, identity, day, and network (remote_service_token) or tool
//         (serverless_cli): "remote_service_token 111122223333 .../orders AS64496 2026-10-26".
// Thread: any (functions of their arguments).
// Errors: a labels file that cannot be read, or a line of it that is no label.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "tools/replay/record_rewriter.h"

namespace straykey {

// The alerts of a labels.jsonl, moved in time and fanned out as the records were.
[[nodiscard]] Result<std::vector<std::string>> read_expected_alerts(const std::string& path,
                                                                    const RecordRewriter& rewriter,
                                                                    std::uint32_t copies);
// Of one label's line; none: it is no label.
[[nodiscard]] std::optional<std::string> expected_alert(std::string_view line, std::int64_t shift_days);
// Of a webhook message of type alert.created; none: it is something else.
[[nodiscard]] std::optional<std::string> received_alert(std::string_view body);

struct AlertComparison {
  std::uint64_t expected = 0, received = 0, matched = 0;
  std::uint64_t other_messages = 0;                     // of another type than alert.created
  std::uint64_t of_others = 0;                          // alerts that were not to be compared
  std::vector<std::string> missing = {}, surplus = {};  // sorted

  [[nodiscard]] bool agrees() const noexcept { return missing.empty() && surplus.empty(); }
};
// Every alert, or only those of an identity and network (or tool) that `expected` names.
enum class Compared : std::uint8_t { all, expected_pairs };
[[nodiscard]] AlertComparison compare_alerts(std::vector<std::string> expected, const std::vector<std::string>& bodies,
                                             Compared which = Compared::all);

}  // namespace straykey
