#pragma once
// Plans thefts to put into a trail: the calls of each thief, and the alerts that they must raise.
//
// Shape:  one theft an identity, in one of these ways, each where it is possible:
//           outside           an SDK, from a network nobody here used
//           kali-outside      aws-cli on Kali Linux, from such a network
//           foreign-endpoint  an SDK, through a VPC endpoint of an account that is none of ours
//           kali-inside       aws-cli on Kali Linux, from the workload's own address (serverless tokens)
//           known-network     an SDK, from an address outside AWS that a person here uses
//           usual-tool        a command line that another serverless identity uses (serverless tokens)
//           attack-tool, pasted, exchanged, console
//                             from the workload's own address: an attack tool; an SDK that found the token in a file;
//                             a call that turns it into another credential, or into a console session
//         The alerts follow from the analytics' own decision tables, with the evidence that the survey vouches for.
// Thread: any (functions of their arguments).
// Source: core/detect/CATALOGUE.md. Thieves' addresses are from 3fff::/20 (RFC 9637, documentation), which is
//         nobody's: where the server's AWS ranges are old, their verdicts stay at the weak tier, and the
//         labels say so.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "tools/replay/token_survey.h"
#include "tools/simulate/story_teller.h"

namespace straykey {

struct TheftSettings {
  std::uint64_t count = 0;
  std::uint64_t seed = 1;
  std::int64_t shift_days = 0;  // how far the replay moves the trail
};

struct Theft {
  std::uint64_t behind = 0;  // number of the record in the trail behind which it goes, 0 first
  Seconds time = 0;          // of its first call, in the trail's time
  std::string_view way = {};
  std::vector<std::string> records = {};  // in the trail's time
  std::vector<TheftLabel> labels = {};    // in the time of the replay; `story` is the way
};

// In the order of `behind`. Errors: fewer tokens can be stolen than are wanted; the sentence says why.
[[nodiscard]] Result<std::vector<Theft>> plan_thefts(const TokenSurvey& survey, const TheftSettings& settings);

}  // namespace straykey
