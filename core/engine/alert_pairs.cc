#include "core/engine/alert_pairs.h"

#include "core/base/bytes.h"

namespace straykey {

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
