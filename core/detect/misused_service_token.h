#pragma once
// The third analytic: what is done with a service token is evidence, wherever the call comes from.
//
// Shape:  evidence is a short text: "console", "exchanged:GetWebIdentityToken", "letter:n", "tool:pacu",
//         "platform:macos". The verdict is a function of the evidence that the identity has not learned; the merger
//         finds out which that is. It reads no store and no clock.
// Source: the decision table of CATALOGUE.md, "Misused service token". It is ours; the reference has no such analytic.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/detect/candidate.h"
#include "core/detect/verdict.h"

namespace straykey {

inline constexpr std::string_view kConsoleEvidence = "console";
inline constexpr std::string_view kExchangedEvidence = "exchanged:", kLetterEvidence = "letter:",
                                  kToolEvidence = "tool:", kPlatformEvidence = "platform:";

// All that is evidence in a call, for its token's family and service. A file or a process says nothing of a descended
// key, because pipelines assume a role and export what they get; and an environment variable is evidence only where the
// service has an endpoint for credentials. Of a console session nothing counts but that it is one.
[[nodiscard]] std::vector<std::string> evidence_of(const Candidate& call);
[[nodiscard]] bool has_evidence(const Candidate& call);
// Whether it has facts of its own (B7). An attack tool is learned as any tool (B4) and a platform as any platform (B6):
// so whoever acknowledges them in one alert, whichever, has said so of the others, too.
[[nodiscard]] bool is_learned_as_evidence(std::string_view evidence) noexcept;

// Where an agent says that it found its credentials, as evidence: "letter:g,letter:n".
[[nodiscard]] std::string letter_evidence(const UserAgent& agent);

// Evidence that the identity has not learned.
struct NewEvidence {
  std::string text;          // as evidence_of() writes it
  int days = 0;              // on how many of the window's days the identity had it
  bool quarantined = false;  // it raised an alert, and nobody acknowledged it
};

struct MisuseEvidence {
  int window_days = 30;
  std::span<const NewEvidence> unlearned;
  // What another alert of this event says already.
  bool remote_is_strong = false;         // remote_service_token: it names an attack tool itself
  bool platform_said_elsewhere = false;  // serverless_cli.unusual, because of the platform
};

// Nothing means no alert.
[[nodiscard]] std::optional<Verdict> judge_misused_service_token(const Candidate& call, const MisuseEvidence& evidence);

}  // namespace straykey
