#pragma once
// TokenSurvey: which service tokens of a trail can be stolen with certain alerts, and what the trail teaches a server.
//
// Shape:  give add() every record in the order of delivery. It reads them as the server does, with the same parser,
//         proofs and networks. A token can be stolen if it is proven by more than a session's name, its identity was
//         first seen activation_days before, and its account is active. The seed draws one call of each identity, and
//         the theft happens behind it. How the identity behaves in the whole trail decides which thefts are certain to
//         be seen.
// Thread: one owner.
// Bounds: kIdentitiesMax identities, kPlacesMax places, kToolsMax tools; those that come later are ignored. Accounts
//         and networks are not bounded: a trail with more of them needs more memory.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/baseline/fact.h"
#include "core/engine/observation.h"
#include "core/event/payload.h"

namespace straykey {

struct StealableToken {
  ServiceToken token;
  std::uint64_t record = 0;  // number of the record in the trail, 0 first
  Seconds time = 0;
  std::string key, user_identity, region, recipient;  // user_identity: JSON
  std::string address;                                // its own, inside AWS; empty: none
  // What the identity does anywhere in the trail, or sessions of its role that may be proven later:
  bool calls_from_outside = false;
  bool uses_command_lines = false;
  bool on_own_instances = false;  // ECS on EC2: not serverless
  std::set<std::string> evidence =
      {};  // of the third analytic, as evidence_of() and evidence of an unproven call name it
};

// An address outside AWS that somebody of ours uses. That caller cannot raise alerts, so the address is never in
// quarantine.
struct KnownPlace {
  std::string address, network;
  std::string caller;  // who used it
  Presence days;
};

// A command line that a serverless identity uses and always used, so that it never raised an alert.
struct UsualTool {
  std::string identity, user_agent;
  Presence days;
};

class TokenSurvey {
 public:
  static constexpr std::size_t kIdentitiesMax = 100'000, kPlacesMax = 1'000, kToolsMax = 1'000;

  // Both outlive it.
  TokenSurvey(const DetectionSettings& detection, const NetworkMap& networks, std::uint64_t seed);

  void add(std::string_view record);

  // By identity.
  [[nodiscard]] std::vector<StealableToken> tokens() const;
  [[nodiscard]] std::vector<KnownPlace> places() const;
  [[nodiscard]] std::vector<UsualTool> tools() const;
  [[nodiscard]] bool knows_network(const std::string& network) const { return networks_seen_.contains(network); }
  [[nodiscard]] bool knows_account(const std::string& account) const;
  // "of 42 service identities in 28,113 records, the tokens of 3 can be stolen; ..."
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] const DetectionSettings& detection() const noexcept { return detection_; }
  [[nodiscard]] const NetworkMap& networks() const noexcept { return networks_map_; }

 private:
  struct Identity {
    Day first_day = 0;
    std::uint64_t drawn_of = 0;  // how many calls there were at which it was old enough
    StealableToken token;
  };
  struct Tool {
    std::string user_agent;
    Presence days;
    bool silent = true;
  };

  void learn(const Event& event);
  void learn_token(const Event& event, const Observation& observation);
  void learn_tool(const Event& event, const Candidate& call);
  void learn_place(const Observation& observation);
  void draw(Identity& identity, const Event& event, const Candidate& call);
  void begin_day(Day day);
  [[nodiscard]] bool is_active(const std::string& account, Day day) const;
  [[nodiscard]] bool is_stealable(const Identity& identity) const;

  const DetectionSettings& detection_;
  const NetworkMap& networks_map_;
  std::uint64_t seed_;
  PayloadReader reader_;
  PayloadReader::Sink sink_;
  std::string body_;
  std::uint64_t record_ = 0;  // number of the one in hand
  Day newest_day_ = 0;
  std::unordered_map<std::string, IssuedToken> issued_;  // by access key, of the last days
  std::map<std::string, Fact> accounts_;                 // as recipient
  std::set<std::string> other_accounts_;                 // as caller or as owner of an endpoint
  std::set<std::string> networks_seen_;
  std::map<std::string, Identity> identities_;
  std::set<std::string> unproven_outside_, unproven_command_line_;    // account/role
  std::map<std::string, std::set<std::string>> unproven_evidence_;    // by account/role
  std::map<std::pair<std::string, std::string>, KnownPlace> places_;  // by address and caller
  std::map<std::pair<std::string, std::string>, Tool> tools_;         // by identity and tool
};

}  // namespace straykey
