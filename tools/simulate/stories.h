#pragma once
// Stories: the thefts in the trail, the alerts they must raise, and the harmless neighbours that must raise nothing.
//
// Shape:  it is a table of scripted calls on the days of a plan of kPlanDays days. A longer trail has them in its last
//         kPlanDays days. Day 14 is the first on which an account is active.
// Thread: any (immutable).
// Source: the decision tables of core/detect/CATALOGUE.md; each story says in one sentence which rule it is about.
#include <cstdint>
#include <string_view>
#include <vector>

namespace straykey {

inline constexpr unsigned kPlanDays = 45;
inline constexpr unsigned kActivationDays = 14;

enum class Actor : std::uint8_t {
  workload,        // with the workload's current key
  token_exchange,  // exchanges a pod's projected token, then calls with the key it got
  person,
  failed_sign_in,   // an unknown person who fails to sign in at the console
  foreign_account,  // a caller of somebody else's account
  anonymous,
  managed_node,  // a machine in an office, with a key that Systems Manager issued
};

enum class From : std::uint8_t {
  home,              // where the workload always calls from
  network,           // `asn`, its prefix `prefix`
  amazon_by_asn,     // Amazon's ASN, absent from the ranges
  own_endpoint,      // through a VPC endpoint of another account of ours
  foreign_endpoint,  // through a VPC endpoint of somebody else's account
};

// How a call is made.
enum class Way : std::uint8_t {
  key,
  console,     // in a session of the console that was opened with the key, with a key that no event issued
  asks,        // the key's holder asks an MCP server of AWS
  by_a_server  // the server calls in his name, with a key that no event issued
};

struct StoryCall {
  unsigned day = 0;  // of the plan
  unsigned hour = 0;
  std::string_view who = {};  // workload or person
  From from = From::home;
  std::uint32_t asn = 0;
  std::string_view agent = {};  // empty: the workload's own
  Actor actor = Actor::workload;
  unsigned prefix = 0;
  unsigned calls = 4;
  bool both_copies = false;       // delivered to the caller's and to the owner's trail, under one sharedEventID
  std::string_view account = {};  // whose trail, for actors without a name of ours
  std::string_view api = {};      // "sts:GetWebIdentityToken"; empty: what thieves call first
  Way way = Way::key;             // of a workload's calls, and a person's questions to a server
};

struct ExpectedAlert {
  unsigned day = 0;
  std::string_view variation = {};  // id, as in the catalogue
  std::string_view who = {};        // workload
  // Of serverless_cli; remote_service_token has the network of the day's call instead, misused_service_token neither
  std::string_view tool = "";
};

struct Story {
  std::string_view name = {};
  std::string_view text = {};
  std::vector<StoryCall> calls = {};
  std::vector<ExpectedAlert> alerts = {};  // none: a harmless story
  bool from_start = false;                 // its days count from the trail's first day, however long the trail is
};

inline constexpr std::string_view kForeignAccount = "999900001111";

[[nodiscard]] const std::vector<Story>& stories();

}  // namespace straykey
