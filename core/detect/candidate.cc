#include "core/detect/candidate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "core/base/bytes.h"

namespace straykey {
namespace {

// Rows of version 1 end before the texts that version 2 added, and may wait to be judged when a store is upgraded.
// Version 3 adds what only the calls of one tool have, so all other rows are still of version 2. Version 4 adds the day
// by which the judge tells whether a call came late, which calls that wait for proof and those of alerts do not have.
constexpr std::uint8_t kVersion = 4, kToolVersion = 3, kPlainVersion = 2, kOldVersion = 1;
constexpr std::size_t kTextsOfVersion[] = {0, 27, 31, 32, 32};

enum Flags : std::uint8_t {
  kFromFuture = 1,
  kUntrusted = 2,
  kRangeCapped = 4,
  kServerless = 8,
  kRecordTruncated = 16,
  kNoCall = 32,  // an account's day or, if it names a key, a contradiction
  kPresigned = 64,
  kConsoleSession = 128
};

// All texts of a candidate, in the order of its encoding.
template <class AnyCandidate>
auto texts_of(AnyCandidate& c) {
  return std::array{&c.token.service,
                    &c.token.account,
                    &c.token.identity,
                    &c.token.role_identity,
                    &c.token.workload,
                    &c.token.must_have_assumed,
                    &c.address,
                    &c.source_text,
                    &c.network,
                    &c.prefix_network,
                    &c.as_name,
                    &c.vpc_endpoint,
                    &c.endpoint_owner,
                    &c.tool,
                    &c.exec_env,
                    &c.command,
                    &c.sid,
                    &c.user_agent_text,
                    &c.access_key,
                    &c.event_id,
                    &c.shared_event_id,
                    &c.event_name,
                    &c.event_source,
                    &c.region,
                    &c.error_code,
                    &c.recipient_account,
                    &c.record,
                    &c.token.parent_role,
                    &c.token.chain,
                    &c.token.assumed_role,
                    &c.evidence,
                    &c.downstream};
}

}  // namespace

std::vector<std::string> Candidate::network_forms() const {
  std::vector<std::string> forms;
  if (!endpoint_owner.empty()) forms.push_back(endpoint_network());
  for (std::string& form : address_forms()) forms.push_back(std::move(form));
  return forms;
}

std::vector<std::string> Candidate::address_forms() const {
  if (address_class != SourceClass::external) return {};
  if (prefix_network == network) return {network};
  return {network, prefix_network};
}

std::string encode_candidate(const Candidate& c) {
  const int flags = (c.from_future ? kFromFuture : 0) | (c.untrusted ? kUntrusted : 0) |
                    (c.range_capped ? kRangeCapped : 0) | (c.token.serverless ? kServerless : 0) |
                    (c.record_truncated ? kRecordTruncated : 0) | (c.is_call() ? 0 : kNoCall) |
                    (c.presigned ? kPresigned : 0) | (c.console_session ? kConsoleSession : 0);
  ByteWriter out(1024 + c.record.size());
  const std::uint8_t version = c.newest_day != 0 ? kVersion : c.downstream.empty() ? kPlainVersion : kToolVersion;
  out.fixed(version).fixed(c.combination.low).fixed(c.combination.high).fixed(c.time).fixed(c.last_time).fixed(c.count);
  out.fixed(static_cast<std::uint8_t>(flags));
  out.fixed(c.token.family)
      .fixed(c.token.proof)
      .fixed(c.address_class)
      .fixed(c.tool_kind)
      .fixed(c.platform)
      .fixed(c.asn);
  if (version == kVersion) out.fixed(c.newest_day);
  const auto texts = texts_of(c);
  static_assert(std::tuple_size_v<decltype(texts)> == kTextsOfVersion[kVersion]);
  for (std::size_t i = 0; i < kTextsOfVersion[version]; ++i) out.string(*texts[i]);
  return out.bytes();
}

bool add_calls(std::span<char> encoded, std::uint64_t count, Seconds last_time) {
  // The version, the combination, the time of the first call.
  constexpr std::size_t kLastTimeAt = 1 + sizeof(Hash128) + sizeof(Seconds);
  struct {
    Seconds last_time;
    std::uint64_t count;
  } calls;
  if (encoded.size() < kLastTimeAt + sizeof calls) return false;
  char* const at = encoded.data() + kLastTimeAt;
  std::memcpy(&calls, at, sizeof calls);
  calls.last_time = std::max(calls.last_time, last_time);
  calls.count += count;
  std::memcpy(at, &calls, sizeof calls);
  return true;
}

std::optional<Candidate> decode_candidate(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version < kOldVersion || version > kVersion) return std::nullopt;
  Candidate c;
  c.combination.low = in.fixed<std::uint64_t>();
  c.combination.high = in.fixed<std::uint64_t>();
  c.time = in.fixed<Seconds>();
  c.last_time = in.fixed<Seconds>();
  c.count = in.fixed<std::uint64_t>();
  const auto flags = in.fixed<std::uint8_t>();
  c.from_future = (flags & kFromFuture) != 0;
  c.untrusted = (flags & kUntrusted) != 0;
  c.range_capped = (flags & kRangeCapped) != 0;
  c.token.serverless = (flags & kServerless) != 0;
  c.record_truncated = (flags & kRecordTruncated) != 0;
  c.presigned = (flags & kPresigned) != 0;
  c.console_session = (flags & kConsoleSession) != 0;
  c.token.family = in.fixed<Family>();
  c.token.proof = in.fixed<Proof>();
  c.address_class = in.fixed<SourceClass>();
  c.tool_kind = in.fixed<ToolKind>();
  c.platform = in.fixed<Platform>();
  c.asn = in.fixed<std::uint32_t>();
  if (version == kVersion) c.newest_day = in.fixed<Day>();
  if (c.token.family > Family::kubernetes || c.token.proof > Proof::session ||
      c.address_class > SourceClass::external || c.tool_kind > ToolKind::mcp || c.platform > Platform::kali ||
      c.time < 0)
    return std::nullopt;
  const auto texts = texts_of(c);
  for (std::size_t i = 0; i < kTextsOfVersion[version]; ++i) *texts[i] = in.string();
  if (!in.at_end()) return std::nullopt;
  c.contradiction = (flags & kNoCall) != 0 && !c.access_key.empty();
  c.account_day = (flags & kNoCall) != 0 && c.access_key.empty();
  return c;
}

}  // namespace straykey
