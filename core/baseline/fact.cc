#include "core/baseline/fact.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace straykey {
namespace {

// The text as stored: whole, or its beginning and the hash of all of it.
std::string stored_text(std::string_view text) {
  if (text.size() <= kFactTextMax) return std::string(text);
  return std::string(text.substr(0, kFactTextMax - 33)) + '~' + hash128(kFixedHashKey, text).hex();
}

}  // namespace

bool Fact::seen(Day day) noexcept {
  const Fact before = *this;
  merge({{day, 1}, day, false});
  return *this != before;
}

void Fact::merge(const Fact& other) noexcept {
  if (other.presence.days != 0) first_day = presence.days == 0 ? other.first_day : std::min(first_day, other.first_day);
  presence.merge(other.presence);
  acknowledged = acknowledged || other.acknowledged;
}

std::string fact_scope_prefix(HashKey key, FactKind kind, std::string_view scope) {
  std::string out(1, static_cast<char>(kind));
  const auto bytes = hash128(key, scope).bytes();
  return out.append(bytes.data(), bytes.size());
}

std::string fact_key(HashKey key, const FactRef& ref) {
  std::string out = fact_scope_prefix(key, ref.kind, ref.scope);
  const auto bytes = hash128(key, ref.value).bytes();
  return out.append(bytes.data(), bytes.size());
}

std::string encode_fact(const Fact& fact, const FactRef& ref) {
  return ByteWriter()
      .fixed<std::uint8_t>(1)
      .fixed<std::uint8_t>(fact.acknowledged ? 1 : 0)
      .fixed(fact.presence.newest_day)
      .fixed(fact.presence.days)
      .fixed(fact.first_day)
      .string(stored_text(ref.scope))
      .string(stored_text(ref.value))
      .take();
}

std::optional<NamedFact> decode_fact(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != 1) return std::nullopt;
  NamedFact out;
  out.fact.acknowledged = in.fixed<std::uint8_t>() == 1;
  out.fact.presence.newest_day = in.fixed<Day>();
  out.fact.presence.days = in.fixed<std::uint64_t>();
  out.fact.first_day = in.fixed<Day>();
  out.scope = in.string();
  out.value = in.string();
  if (!in.at_end()) return std::nullopt;
  return out;
}

std::optional<Fact> decode_fact_of(std::string_view bytes, const FactRef& ref) {
  auto named = decode_fact(bytes);
  if (!named || named->scope != stored_text(ref.scope) || named->value != stored_text(ref.value)) return std::nullopt;
  return named->fact;
}

}  // namespace straykey
