#include "core/engine/alert_pairs.h"

#include "core/base/bytes.h"
#include "core/engine/judge.h"

namespace straykey {

std::vector<AlertPairs::Pair> quarantined_pairs(const Judgement& judgement, const Candidate& call) {
  const ServiceToken& token = call.token;
  std::vector<AlertPairs::Pair> pairs;
  for (const std::string& form : judgement.quarantined_networks) {
    pairs.push_back({FactKind::quarantine_identity_network, token.identity, form});
    pairs.push_back({FactKind::quarantine_network_role, form, token.role_identity});
  }
  if (judgement.quarantines_tool) pairs.push_back({FactKind::quarantine_identity_tool, token.identity, call.tool});
  for (const std::string& runtime : judgement.quarantined_runtimes)
    pairs.push_back({FactKind::quarantine_identity_runtime, token.identity, runtime});
  for (const std::string& evidence : judgement.quarantined_evidence)
    pairs.push_back({FactKind::quarantine_identity_evidence, token.identity, evidence});
  if (judgement.quarantines_child)
    pairs.push_back({FactKind::quarantine_role_child, token.parent_role, token.role_identity});
  if (judgement.quarantines_presigned) pairs.push_back({FactKind::quarantine_identity_presigned, token.identity, ""});
  return pairs;
}

std::string pair_holders_prefix(HashKey key, const AlertPairs::Pair& pair) {
  return hash128(key, ByteWriter().fixed(pair.kind).string(pair.scope).string(pair.value).view()).key();
}

std::string pair_holder_key(HashKey key, const AlertPairs::Pair& pair, Hash128 alert_id) {
  return pair_holders_prefix(key, pair) + alert_id.key();
}

std::string encode_alert_pairs(const AlertPairs& pairs) {
  ByteWriter out;
  out.fixed(pairs.day).varint(pairs.pairs.size());
  for (const AlertPairs::Pair& pair : pairs.pairs) out.fixed(pair.kind).string(pair.scope).string(pair.value);
  return out.bytes();
}

std::optional<AlertPairs> decode_alert_pairs(std::string_view bytes) {
  ByteReader in(bytes);
  AlertPairs out;
  out.day = in.fixed<Day>();
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) {
    AlertPairs::Pair& pair = out.pairs.emplace_back();
    pair.kind = in.fixed<FactKind>();
    pair.scope = in.string();
    pair.value = in.string();
  }
  if (!in.at_end()) return std::nullopt;
  return out;
}

}  // namespace straykey
