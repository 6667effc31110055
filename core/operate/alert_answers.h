#pragma once
// What an operator may say of an alert, or of all alerts of a campaign: that it is ours, that it is a false positive,
// that it is done with, or that it is open again.
//
// Shape:  each function makes an OperatorChange (engine/operator_change.h), as those of operator_changes.h do. An alert
//         that is acknowledged or a false positive is answered: the pairs that it was raised for count as known. Rows
//         of Table::alert_pairs tell which answered alerts hold a pair (engine/alert_pairs.h).
// Order:  every change is safe to repeat: it is done again, or refused because nothing is left to change.
// Bounds: one transaction reads and writes the rows of the alert, or of all alerts of the campaign. The first reopening
//         in a store that an older program wrote reads the rows of every alert, once.
// Thread: any; the functions inside a change run where operator_change.h says.
#include <memory>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/engine/operator_change.h"

namespace straykey {

// An alert, or every alert that is in the campaign when the change is carried out. Later ones are left as they are.
struct AnsweredAlerts {
  Hash128 id;
  bool campaign = false;
};

struct Acknowledgement {
  static constexpr std::size_t kNoteBytesMax = 1'000;

  // Whether an AS number is acknowledged with the prefix. offered: not if it belongs to a hosting company.
  enum class Networks : std::uint8_t { offered, all, prefix };

  Hash128 id;        // of an alert, or of a campaign
  std::string note;  // cut to kNoteBytesMax
  Day until = 0;     // the last day of calls for which it counts; 0: for good
  Networks networks = Networks::offered;
  bool false_positive = false;  // the same under another word
};
// Refused if `until` is before the day of an alert, because nothing of that alert would be acknowledged.
[[nodiscard]] std::unique_ptr<OperatorChange> acknowledge(HashKey hash_key, Acknowledgement what, Seconds now);
[[nodiscard]] std::unique_ptr<OperatorChange> acknowledge_campaign(HashKey hash_key, Acknowledgement what, Seconds now);

// It is done with: the status changes and nothing else. Answered alerts are left as they are.
[[nodiscard]] std::unique_ptr<OperatorChange> close_alerts(AnsweredAlerts which, std::string note, Seconds now);

// Undoes all of these: the alert is open, and its pairs are in quarantine again. A pair that another answered alert
// holds stays known.
[[nodiscard]] std::unique_ptr<OperatorChange> reopen(HashKey hash_key, AnsweredAlerts which, std::string note,
                                                     Seconds now);

}  // namespace straykey
