#pragma once
// Alert: what is known of one alert, as facts, and the JSON document that people are told.
//
// Shape:  the facts are stored as they were when the alert was raised (message.h) and never change. Documents and
//         bodies are made of them. What changes afterwards (occurrences, last seen, acknowledgement) is in its
//         AlertState (alert_state.h).
// Units:  times RFC 3339 UTC.
// Bounds: a document stays under 20 KB. It holds the record whole if that has up to 8 KB. If the document is still too
//         long, the record is left out; if that is not enough, texts and lists that came from outside are cut short.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/detect/campaign.h"
#include "core/detect/candidate.h"
#include "core/detect/verdict.h"

namespace straykey {

// One line of an investigation list.
struct CallLine {
  std::string api;  // "s3:ListBuckets"
  std::uint64_t count = 0, errors = 0;
  Seconds first = 0, last = 0;

  bool operator==(const CallLine&) const = default;
};
struct CountedText {
  std::string text;
  std::uint64_t count = 0;

  bool operator==(const CountedText&) const = default;
};
struct CallSummary {
  std::uint64_t calls = 0, errors = 0;
  Seconds first = 0, last = 0;
  std::vector<CallLine> apis;     // at most 20, most called first
  std::uint64_t other_calls = 0;  // of APIs not listed
  std::vector<CountedText> sources, agents;

  bool operator==(const CallSummary&) const = default;
};

// Who was seen to assume the role: a service for its workloads, or a principal.
struct RoleAssumption {
  std::string by;  // "lambda", "lambda.amazonaws.com", an ARN or account/role
  int days = 0;    // in the window
  Day first_day = 0, last_day = 0;

  bool operator==(const RoleAssumption&) const = default;
};

struct RelatedAlert {
  Hash128 id;
  std::string relation;  // "weaker_evidence", "same_event"

  bool operator==(const RelatedAlert&) const = default;
};

struct Alert {
  Hash128 id;
  Candidate call;  // the one that raised it
  Verdict verdict;
  Severity severity = Severity::low;
  std::string network;  // "AS64511", a prefix, "vpce:...", or the source class for a call from inside
  SourceClass source_class = SourceClass::external;
  int dedup_days = 5;
  bool hosting =
      false;  // anybody may rent an address there, so an acknowledgement is of the prefix, if nothing else is said
  CallSummary key_calls, identity_calls;
  std::vector<RoleAssumption> role_assumed_by;  // at most kAssumptionsShown
  std::vector<RelatedAlert> related;
  AlertCampaign campaign;
};

// What an alert is about, and so what it takes in: an identity, and a network or tool.
struct AlertSubject {
  Analytic analytic;
  std::string_view account, identity;
  std::string_view subject;  // of a remote alert of ECS, EKS or Kubernetes the family, too: Judgement::subjects
};
// Hash of the subject, the tier and the day: the same everywhere, from any input order.
[[nodiscard]] Hash128 alert_id(const AlertSubject& about, Tier tier, Day day);

// One sentence that a tired person understands.
[[nodiscard]] std::string alert_title(const Alert& alert);

// One event may raise an alert of each analytic. Adds the others of `of_event` to what the alert is related to; a zero
// id stands for an alert that was not raised.
void relate_to_event(Alert& alert, std::span<const Hash128> of_event);

// The JSON document, without state. `data_dir`: as response_to() takes it.
[[nodiscard]] std::string alert_document(const Alert& alert, std::string_view data_dir = {});

// How alerts call the place of a call. Services of AWS that act by themselves are in no scope, so a service's name
// instead of an address means that the caller's place is hidden.
[[nodiscard]] std::string_view name_of_place(SourceClass place) noexcept;

// The answers to an investigation as of two moments, as JSON: what `then` holds, what `now` holds, and what was called
// since.
[[nodiscard]] std::string investigation_document(const Alert& then, const Alert& now);

}  // namespace straykey
