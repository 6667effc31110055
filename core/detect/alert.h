#pragma once
// Alert: what is told to people, as one JSON document.
//
// Shape:  the document is built once and never changes; what changes afterwards (occurrences, last seen,
//         acknowledgement) is its AlertState (alert_state.h).
// Units:  times RFC 3339 UTC.
// Bounds: a document stays under 20 KB: the record whole up to 8 KB; where that does not fit, without the record, then
//         with texts and lists from outside cut short.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/detect/candidate.h"
#include "core/detect/settings.h"
#include "core/detect/verdict.h"

namespace straykey {

// One line of an investigation list.
struct CallLine {
  std::string api;  // "s3:ListBuckets"
  std::uint64_t count = 0, errors = 0;
  Seconds first = 0, last = 0;
};
struct CountedText {
  std::string text;
  std::uint64_t count = 0;
};
struct CallSummary {
  std::uint64_t calls = 0, errors = 0;
  Seconds first = 0, last = 0;
  std::vector<CallLine> apis;     // at most 20, most called first
  std::uint64_t other_calls = 0;  // of APIs not listed
  std::vector<CountedText> sources, agents;
};

// Who was seen to assume the role: a service for its workloads, or a principal.
struct RoleAssumption {
  std::string by;  // "lambda", "lambda.amazonaws.com", an ARN or account/role
  int days = 0;    // in the window
  Day first_day = 0, last_day = 0;
};

struct RelatedAlert {
  Hash128 id;
  std::string relation;  // "weaker_evidence", "same_event"
};

struct Alert {
  Hash128 id;
  const Candidate* call = nullptr;  // lives as long as the Alert is built and written
  Verdict verdict;
  Severity severity = Severity::low;
  std::string network;  // "AS64511", a prefix, "vpce:...", or the source class for a call from inside
  SourceClass source_class = SourceClass::external;
  int dedup_days = 5;
  CallSummary key_calls, identity_calls;
  std::vector<RoleAssumption> role_assumed_by;  // at most kAssumptionsShown
  std::vector<RelatedAlert> related;
};

// Hash of (analytic, tier, account, identity, network or tool, day): the same everywhere, from any input order.
[[nodiscard]] Hash128 alert_id(const Verdict& verdict, std::string_view account, std::string_view identity,
                               std::string_view subject, Day day);

// One sentence that a tired person understands.
[[nodiscard]] std::string alert_title(const Alert& alert);

// The JSON document, without state.
[[nodiscard]] std::string alert_document(const Alert& alert);
// The webhook body in Standard Webhooks form, around a document. `type`: "alert.created", "alert.test" ...
[[nodiscard]] std::string webhook_body(std::string_view type, Seconds timestamp, std::string_view document);

}  // namespace straykey
