#pragma once
// The first analytic: a service token used from outside AWS.
//
// Shape:  the verdict is a function of the evidence, which is numbers that the merger gathered from all partitions. It
//         reads no store and no clock.
// Source: the decision table of CATALOGUE.md, "Remote usage of an AWS service token".
#include <optional>

#include "core/detect/candidate.h"
#include "core/detect/verdict.h"

namespace straykey {

struct RemoteEvidence {
  int window_days = 30;
  std::string network;            // under which the call is judged: "AS64511", "198.51.100.0/24", "vpce:111122223333"
  bool foreign_endpoint = false;  // came through an endpoint whose owner is not one of our accounts
  bool network_learned =
      false;             // B1: this identity uses this network, and the pair is not in quarantine (or was acknowledged)
  int network_days = 0;  // days in the window on which this identity used this network
  bool network_quarantined = false;
  // B2: other identities that used this network on two days of the window; counted up to a bound
  int other_identities = 0;
  bool only_identity_call = false;  // so far nothing but GetCallerIdentity came from this network for this identity
  // What runtime of the user agent the service does not offer; empty if it does, or if this identity has learned it
  std::string_view impossible;
  bool new_kali = false;      // Kali Linux, on which this identity never ran
  bool tool_learned = false;  // B4
  int tool_days = 0;
  // Of a presigned request, B8: on how many days this identity's links were used from outside, whether that makes them
  // known, and whether somebody said that they are ours.
  int presigned_days = 0;
  bool presigned_learned = false, presigned_acknowledged = false;
  bool presigned_quarantined = false;  // they raised an alert in the window
};

// Nothing means no alert. REQUIRES: the candidate is external (by address, or through a foreign endpoint).
[[nodiscard]] std::optional<Verdict> judge_remote_service_token(const Candidate& candidate,
                                                                const RemoteEvidence& evidence);

// Whether the tool is a CLI or an attack tool that this identity has not learned. Such a hit also puts (identity, tool)
// into quarantine.
[[nodiscard]] bool is_new_cli(const Candidate& candidate, const RemoteEvidence& evidence) noexcept;

}  // namespace straykey
