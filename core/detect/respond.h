#pragma once
// Response: what to do now about an alert, ready to paste.
//
// Shape:  texts for a shell, for Athena and for IAM, made of the alert's facts. They hold only what has the form of an
//         access key, a role's name, a Region, an address or an id. What a sender wrote otherwise is left out together
//         with the step that needs it, and what is put into a shell is quoted. So pasting a step never runs anything
//         else.
// Units:  the policy denies sessions that were issued up to the alert's last call, and says so in UTC. An alert takes
//         in more calls and keys after it was raised, so what is shown later is made anew with the alert's state.
// Bounds: kRolesRevokedMax roles of a chain.
// Thread: any (functions of their arguments).
// Source: IAM User Guide, "Revoke IAM role temporary security credentials"; CloudTrail's LookupEvents; the table that
//         CloudTrail's console makes for Athena.
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/detect/alert.h"

namespace straykey {

struct AlertState;

inline constexpr std::size_t kRolesRevokedMax = 3;

// The command that puts the policy on one role. It needs credentials of the role's account.
struct Revocation {
  std::string account, role, command;
};

struct Response {
  std::string revoke_policy;        // JSON; empty if the alert names no role
  std::vector<Revocation> revoke;   // the role of the call, then those of the chain that it came by, the newest first
  std::string cloudtrail_command;   // what the keys did, of 90 days; empty if the alert names neither key nor event
  std::string athena_query;         // the same, of all that the trail kept
  std::string acknowledge_command;  // if it was the operator's own
};
// As of the moment when it was raised: its first call and that call's key. `data_dir`: where commands find the server;
// empty: where they look if they are told nothing.
[[nodiscard]] Response response_to(const Alert& alert, std::string_view data_dir = {});
// As of its state: all calls and all keys that it has taken in since.
[[nodiscard]] Response response_to(const Alert& alert, const AlertState& state, std::string_view data_dir = {});

// As it stands in the alert's document.
[[nodiscard]] boost::json::object respond_document(const Response& response);

// What the policy does beside what it is for.
inline constexpr std::string_view kRevokeCaution =
    "The policy stops every session of the role that was issued until then, also the workload's own: it fails until it "
    "fetches its next one, or is restarted.";

// A word as a POSIX shell takes it: whatever stands in it is one argument.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace straykey
