#pragma once
// Observation: one event seen by its shard, before anything is written: who, from where, with what.
//
// Thread: any (functions of their arguments).
#include <optional>
#include <string>
#include <vector>

#include "core/detect/candidate.h"
#include "core/detect/settings.h"
#include "core/event/event.h"
#include "core/location/network_map.h"

namespace straykey {

struct Observation {
  bool own = false;    // an authenticated caller of one of our accounts
  std::string caller;  // for B2; empty unless own, and of a workload's console session
  // What decides about the call. `token` is filled if the event proves one (weakly proven ones carry
  // must_have_assumed).
  Candidate call;
  bool has_token = false;
  // The token by the second weak proof, if there is one: a candidate of its own, because only the judge can tell which
  // of the two holds.
  std::optional<ServiceToken> second_token;
  bool may_wait_for_proof =
      false;  // a temporary key of a role session, unproven or by a name only: keep what it did until its issuing event
  std::string session;  // role session name, for that
};

// `issued`: what is known of the event's access key, or null. The call's combination is not set yet.
[[nodiscard]] Observation observe(const Event& event, const IssuedToken* issued, const NetworkMap& networks,
                                  const DetectionSettings& settings);

// Fills in what only the alert's text needs. Most calls are never shown, so this is done only for calls that are kept.
void describe(Candidate& call, const Event& event);

// Gives an unproven call the token that its key's issuing event proved. REQUIRES: !issued.service.empty().
void prove(Candidate& call, std::string_view session, const IssuedToken& issued);

// The hash of all that a verdict reads of a call: identity, family, service, proof still missing, chain, networks,
// address, endpoint owner, tool, platform, exec-env, evidence, whether it was presigned, whether another account's
// trail brought it, and day. One call of each combination is proposed; as the day is in it, once a day.
[[nodiscard]] Hash128 combination_of(HashKey key, const Candidate& call);

// The evidence of a call with a token that has facts of its own.
[[nodiscard]] std::vector<std::string> taught_evidence(const Candidate& call);

// Whether the call asked STS for a token that another partition, or anybody else, takes.
[[nodiscard]] bool asks_for_token(const Candidate& call) noexcept;

// False: an operator has switched the family's alerts off. Its tokens are learned all the same, so that their workloads
// are not new on the day on which it is switched on.
[[nodiscard]] bool is_judged(Family family, const DetectionSettings& settings) noexcept;

// Whether worth_judging() may hold once it is known whose the call is. False: it only teaches.
[[nodiscard]] bool may_be_worth_judging(const Candidate& call) noexcept;

// Whether any analytic could say something about the call.
[[nodiscard]] bool worth_judging(const Candidate& call, const DetectionSettings& settings);

}  // namespace straykey
