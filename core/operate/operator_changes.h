#pragma once
// The changes that an operator may make of baselines and deliveries: forget what is known of an identity, send an alert
// again. What may be said of alerts is in alert_answers.h.
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

struct OperatorStores;

// An identity, or one network or one tool of it, is new again.
struct Forgetting {
  std::string identity;
  std::string network, tool;  // both empty: all that is known of the identity
};
[[nodiscard]] std::unique_ptr<OperatorChange> forget(HashKey hash_key, Forgetting what, Seconds now);

// An alert is sent again. A dead letter becomes due, with its body. What was delivered has no row any more: its body is
// made anew of the facts, in the endpoint's format, as the first one was. While it waits to be delivered, asking again
// is refused.
struct Redelivery {
  Hash128 alert;
  std::string endpoint;  // empty: those where it is a dead letter
};
// The routes of `stores` are read at once: they need not outlive the call.
[[nodiscard]] std::unique_ptr<OperatorChange> redeliver(const OperatorStores& stores, Redelivery what, Seconds now);

// Adds a line to what operators changed by hand.
void note_in_operator_log(StoreWriter& alerts, Seconds now, std::string_view text);

}  // namespace straykey
