#include "core/baseline/fact.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace straykey {
namespace {

// Not acknowledged, for good, or until a day that follows.
enum class Acknowledged : std::uint8_t { no = 0, for_good = 1, until = 2 };

constexpr std::size_t kAccountHashBytes = 4, kHashBytes = 16, kValueHashBytes = 8;
constexpr std::size_t kFactBytesBesideTexts = 2 + 2 * sizeof(Day) + sizeof(std::uint64_t) + sizeof(Day) + 2 * 2;

// The text as it is stored: whole or, if it is too long, its beginning and the hash of all of it. `cut` then owns the
// bytes.
std::string_view stored_text(std::string_view text, std::string& cut) {
  if (text.size() <= kFactTextMax) return text;
  cut = std::string(text.substr(0, kFactTextMax - 33)) + '~' + hash128(kFixedHashKey, text).hex();
  return cut;
}

struct FactView {
  Fact fact;
  std::string_view scope, value;
};

std::optional<FactView> view_fact(std::string_view bytes) noexcept {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != 1) return std::nullopt;
  FactView out;
  const auto acknowledged = in.fixed<Acknowledged>();
  if (acknowledged > Acknowledged::until) return std::nullopt;
  out.fact.acknowledged = acknowledged != Acknowledged::no;
  if (acknowledged == Acknowledged::until) out.fact.acknowledged_until = in.fixed<Day>();
  out.fact.presence.newest_day = in.fixed<Day>();
  out.fact.presence.days = in.fixed<std::uint64_t>();
  out.fact.first_day = in.fixed<Day>();
  out.scope = in.string();
  out.value = in.string();
  if (!in.at_end()) return std::nullopt;
  return out;
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
  if (!other.acknowledged) return;
  const bool for_good = (acknowledged && acknowledged_until == 0) || other.acknowledged_until == 0;
  acknowledged_until = for_good ? 0 : std::max(acknowledged_until, other.acknowledged_until);
  acknowledged = true;
}

bool is_of_identity(FactKind kind) noexcept {
  switch (kind) {
    case FactKind::identity_network:
    case FactKind::identity_tool:
    case FactKind::identity_runtime:
    case FactKind::role_service:
    case FactKind::role_principal:
    case FactKind::identity_other_call:
    case FactKind::identity_evidence:
    case FactKind::identity_presigned:
    case FactKind::role_child:
    case FactKind::weak_identity_network:
    case FactKind::weak_identity_tool:
    case FactKind::weak_identity_runtime:
    case FactKind::weak_identity_evidence:
      return true;
    default:
      return false;
  }
}

std::string fact_account_prefix(HashKey key, std::string_view account) {
  const auto bytes = hash128(key, account).bytes();
  std::string out;
  out.reserve(kFactKeyBytes);
  out.append(1, kOfIdentities).append(bytes.data(), kAccountHashBytes);
  return out;
}

std::string fact_scope_prefix(HashKey key, FactKind kind, std::string_view scope) {
  const auto bytes = hash128(key, scope).bytes();
  if (is_of_identity(kind)) {
    std::string out = fact_account_prefix(key, scope.substr(0, scope.find('/')));
    out.append(bytes.data(), bytes.size()).append(1, static_cast<char>(kind));
    return out;
  }
  std::string out;
  out.reserve(kFactKeyBytes);
  out.append(1, static_cast<char>(kind)).append(bytes.data(), bytes.size());
  return out;
}

std::string fact_key(HashKey key, const FactRef& ref) {
  std::string out = fact_scope_prefix(key, ref.kind, ref.scope);
  const auto bytes = hash128(key, ref.value).bytes();
  out.append(bytes.data(), is_of_identity(ref.kind) ? kValueHashBytes : bytes.size());
  return out;
}

FactKind fact_kind(std::string_view key) noexcept {
  const bool of_identity = key.size() == kIdentityFactKeyBytes && key.front() == kOfIdentities;
  return static_cast<FactKind>(of_identity ? key[kIdentityFactKeyBytes - kValueHashBytes - 1] : key.front());
}

std::string fact_key_of_format_2(HashKey key, const FactRef& ref) {
  const auto scope = hash128(key, ref.scope).bytes(), value = hash128(key, ref.value).bytes();
  return std::string(1, static_cast<char>(ref.kind))
      .append(scope.data(), scope.size())
      .append(value.data(), value.size());
}

bool is_key_of_format_2(std::string_view key) noexcept {
  return key.size() == kFactKeyBytes && is_of_identity(static_cast<FactKind>(key.front()));
}

// A long scope was cut when it was stored, so its hash is taken from the key.
std::string renewed_fact_key(HashKey hash_key, std::string_view key, std::string_view scope) {
  std::string out = fact_account_prefix(hash_key, scope.substr(0, scope.find('/')));
  return out.append(key.substr(1, kHashBytes))
      .append(1, key.front())
      .append(key.substr(1 + kHashBytes, kValueHashBytes));
}

std::string encode_fact(const Fact& fact, const FactRef& ref) {
  std::string cut_scope, cut_value;
  const std::string_view scope = stored_text(ref.scope, cut_scope), value = stored_text(ref.value, cut_value);
  ByteWriter out(kFactBytesBesideTexts + scope.size() + value.size());
  out.fixed<std::uint8_t>(1);
  if (!fact.acknowledged || fact.acknowledged_until == 0) {
    out.fixed(fact.acknowledged ? Acknowledged::for_good : Acknowledged::no);
  } else {
    out.fixed(Acknowledged::until).fixed(fact.acknowledged_until);
  }
  return out.fixed(fact.presence.newest_day)
      .fixed(fact.presence.days)
      .fixed(fact.first_day)
      .string(scope)
      .string(value)
      .bytes();
}

std::optional<NamedFact> decode_fact(std::string_view bytes) {
  const auto view = view_fact(bytes);
  if (!view) return std::nullopt;
  return NamedFact{view->fact, std::string(view->scope), std::string(view->value)};
}

std::optional<Fact> decode_fact_of(std::string_view bytes, const FactRef& ref) {
  const auto view = view_fact(bytes);
  std::string cut;
  if (!view || view->scope != stored_text(ref.scope, cut) || view->value != stored_text(ref.value, cut))
    return std::nullopt;
  return view->fact;
}

}  // namespace straykey
