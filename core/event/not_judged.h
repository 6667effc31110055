#pragma once
// Records of calls that were taken and can tell little: who called, or from where, is not in them.
//
// Shape:  such an event is stored like any other. Without a caller it can never lead to an alert; without a place it is
//         judged by its tool and evidence only. So whoever reports what was taken says how many there were. Otherwise
//         silence about them would look like a clean bill.
//         A flattened record carries its caller under names like "userIdentity.arn", where nobody reads it.
// Thread: any (functions of their arguments).
// Source: exports of anonymisers and of tools that flatten JSON; CloudTrail itself always writes both members.
#include <array>
#include <string_view>

#include "core/event/event.h"
#include "core/event/reject_reason.h"

namespace straykey {

[[nodiscard]] inline bool has_identity(const Event& event) noexcept {
  return event.type != IdentityType::none || !event.arn.empty() || !event.access_key.empty() ||
         !event.principal_id.empty() || !event.invoked_by.empty() || !event.account.empty();
}

// Whether the address may name a place, or is the name of a service that says for whom it called. What anonymisers put
// there ("REDACTED", "203.0.113.xxx", 0.0.0.0) is neither, nor is the name of a streamed desktop's service alone.
[[nodiscard]] bool names_a_place(const Event& event) noexcept;

// Can all of `event` be judged? A foreign endpoint is a place, too. A service's own events have no caller, so nothing
// is missing in them.
[[nodiscard]] inline bool can_be_judged(const Event& event) noexcept {
  return (has_identity(event) && (names_a_place(event) || !event.vpc_endpoint_account.empty())) ||
         event.event_type == "AwsServiceEvent";
}

// REQUIRES: !can_be_judged(event).
[[nodiscard]] inline NotJudged why_not_judged(const Event& event) noexcept {
  if (has_identity(event)) return event.source_ip.empty() ? NotJudged::no_address : NotJudged::hidden_address;
  for (const std::string_view name : {"\"userIdentity.", "\"userIdentity_", "\"userIdentity/"})
    if (event.record.find(name) != std::string_view::npos) return NotJudged::flattened;
  return NotJudged::no_identity;
}

}  // namespace straykey
