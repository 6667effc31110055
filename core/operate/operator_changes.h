#pragma once
// The changes that an operator may make: acknowledge an alert or a campaign, reopen an alert, forget what is known of
// an identity.
//
// Shape:  each function makes an OperatorChange (engine/operator_change.h) for whoever carries it out: the pipeline of
//         a running server, or InlinePipeline on the store of a stopped one.
// Durable: the line in the operator log is part of the merger's transaction.
// Order:  every change is safe to repeat: it is done again, or refused because nothing is left to change.
// Thread: any; the functions inside a change run where operator_change.h says.
#include <memory>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/engine/operator_change.h"

namespace straykey {

// "This is ours": the pairs that the alert was raised for count as known from now on.
struct Acknowledgement {
  static constexpr std::size_t kNoteBytesMax = 1'000;

  // Whether an AS number is acknowledged with the prefix. offered: not if it belongs to a hosting company.
  enum class Networks : std::uint8_t { offered, all, prefix };

  Hash128 id;        // of an alert, or of a campaign
  std::string note;  // cut to kNoteBytesMax
  Day until = 0;     // the last day of calls for which it counts; 0: for good
  Networks networks = Networks::offered;
};
[[nodiscard]] std::unique_ptr<OperatorChange> acknowledge(HashKey hash_key, Acknowledgement what, Seconds now);

// The same for every alert that is in the campaign when it is carried out; later ones stay open. Cost: reads and writes
// the rows of all its alerts in one transaction.
[[nodiscard]] std::unique_ptr<OperatorChange> acknowledge_campaign(HashKey hash_key, Acknowledgement what, Seconds now);

// Undoes an acknowledgement: the alert is open, and its pairs are in quarantine again. A pair that another acknowledged
// alert was raised for stays known. Cost: reads the pairs of every alert.
[[nodiscard]] std::unique_ptr<OperatorChange> reopen(HashKey hash_key, Hash128 alert_id, std::string note, Seconds now);

// An identity, or one network or one tool of it, is new again.
struct Forgetting {
  std::string identity;
  std::string network, tool;  // both empty: all that is known of the identity
};
[[nodiscard]] std::unique_ptr<OperatorChange> forget(HashKey hash_key, Forgetting what, Seconds now);

// Adds a line to what operators changed by hand.
void note_in_operator_log(StoreWriter& alerts, Seconds now, std::string_view text);

}  // namespace straykey
