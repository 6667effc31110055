#pragma once
// Candidate: one in-scope call worth judging, as a worker proposes it and the merger judges it.
//
// Shape:  everything the verdict and the alert need from the event, so that judging needs no event; stored under a
//         sequence number.
// Bounds: kCandidateRecordBytesMax of the record (the deciding fields instead, where it is longer), user agent cut
//         at 1,024 bytes.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/event/user_agent.h"
#include "core/identity/service_token.h"
#include "core/location/network_map.h"

namespace straykey {

inline constexpr std::size_t kCandidateRecordBytesMax = 8 * 1024;

// The service in a contradiction whose caller's key or session tells nothing yet, or as much of a stranger.
inline constexpr std::string_view kUnknownCaller = "?";

struct Candidate {
  Hash128 combination;  // (identity, network, address, tool, platform, exec-env, day): what is proposed once a day
  Seconds time = 0;     // of the first call
  Seconds last_time = 0;
  std::uint64_t count = 1;  // calls of this combination in the batch that proposed it
  // Not a call: it says that the account (token.account) was seen on this day for the first time
  bool account_day = false;
  // Not a call either: an event came late which says that the key was somebody else's than its calls were judged for.
  // It names the key, token.role_identity (whose sessions used it), token.service (in truth; empty: no workload's; or
  // kUnknownCaller), source_text (who assumed the role) and last_time (when). `time` is before any call it may concern.
  bool contradiction = false;
  bool from_future = false;  // eventTime was ahead of the clock; `time` is when the event was received
  // The newest day on which any account had been seen when the event came; 0: not known, so the call is never late.
  // What is learned between then and its judgement does not make it late. No alert keeps it.
  Day newest_day = 0;

  ServiceToken token;

  // Where the call came from, by its address alone. Only the merger can tell whether an endpoint's owner is foreign.
  SourceClass address_class = SourceClass::service;
  bool untrusted = false;
  bool range_capped = false;  // external only because AWS ranges that are old do not hold it
  std::string address;        // canonical text; empty if none
  std::string source_text;    // sourceIPAddress as it came, cut at 256
  std::string network;        // ASN form where known, else the prefix; empty unless external
  std::string prefix_network;
  std::uint32_t asn = 0;
  std::string as_name;
  std::string vpc_endpoint;
  std::string endpoint_owner;  // set only if it may be foreign

  // What made the call.
  std::string tool;
  ToolKind tool_kind = ToolKind::other;
  Platform platform = Platform::unknown;
  std::string exec_env, command, sid, user_agent_text;
  // Of an AwsMcpEvent: the requests that came of it, as downstream_requests() writes them. They are only shown
  std::string downstream;
  bool presigned = false;  // the signature may have travelled without the token: nothing of the agent is read
  // The call was made in a console session that was opened with the token: its place and tool are not judged
  bool console_session = false;
  // What needs no place to be evidence (B7), sorted, parted by commas, as the event says it:
  // "console,exchanged:GetWebIdentityToken,letter:n". evidence_of() tells what of it counts for the token, and adds
  // tool and platform.
  std::string evidence;

  // The event.
  std::string access_key, event_id, shared_event_id, event_name, event_source, region, error_code, recipient_account;
  std::string record;  // JSON text
  bool record_truncated = false;

  [[nodiscard]] Day day() const noexcept { return day_of(time); }
  [[nodiscard]] bool is_call() const noexcept { return !account_day && !contradiction; }
  // Whether only a proof stands behind it that an issuing event outweighs: a session, its name, a Lambda user agent.
  [[nodiscard]] bool may_be_contradicted() const noexcept {
    return !token.must_have_assumed.empty() || token.proof == Proof::ec2_delivery || token.proof == Proof::session;
  }
  [[nodiscard]] bool is_cli() const noexcept { return counts_as_cli(tool_kind); }
  [[nodiscard]] bool may_be_external() const noexcept {
    return address_class == SourceClass::external || !endpoint_owner.empty();
  }
  // The network forms under which this call's network is known: foreign endpoint, ASN, prefix (those that apply).
  [[nodiscard]] std::vector<std::string> network_forms() const;
  [[nodiscard]] std::string endpoint_network() const { return "vpce:" + endpoint_owner; }
  // Those of its address alone: ASN, prefix.
  [[nodiscard]] std::vector<std::string> address_forms() const;
};

[[nodiscard]] std::string encode_candidate(const Candidate& candidate);
[[nodiscard]] std::optional<Candidate> decode_candidate(std::string_view bytes);
// Adds later calls of the combination to an encoded candidate. False: it is none.
[[nodiscard]] bool add_calls(std::span<char> encoded, std::uint64_t count, Seconds last_time);

}  // namespace straykey
