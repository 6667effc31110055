#pragma once
// Facts: what was seen, of whom, on which days.
//
// Shape:  (kind, scope, value) -> Fact. The key on disk is made of keyed hashes, so no name from outside can be too
//         long or chosen to collide; the full texts are in the row's value. All values of a scope lie together. What is
//         learned of an identity or a role lies together, too, whatever its kind, and so do those of an account: a new
//         identity teaches several facts at once, and each page that it changes is written as a whole.
// Order:  a set that only grows by OR: learning twice, late or in two partitions does no harm.
// Bounds: kFactTextMax bytes for scope and value each; a longer text is cut and carries the hash of the whole.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/baseline/presence.h"

namespace straykey {

// The numbers are part of the store's format, so they never change and new ones are added at the end.
enum class FactKind : std::uint8_t {
  identity_network = 1,  // B1: identity -> network of its external calls
  network_identity = 2,  // B2: network -> whoever of our accounts used it
  address_identity = 3,  // written by builds before December 2026: external address -> whoever used it
  identity_tool = 4,     // B4: service identity -> tool family
  tool_identity = 5,     // B5: tool family -> serverless identity
  identity_runtime = 6,  // B6: service identity -> "platform exec-env"
  role_service = 7,      // role -> service that assumed it
  role_principal = 8,    // role -> principal that assumed it
  account = 9,           // account -> "": seen as recipient
  // Service identity -> network from which it made another call than GetCallerIdentity
  identity_other_call = 10,
  identity_evidence = 11,   // B7: service identity -> evidence, as Candidate::evidence names it
  identity_presigned = 12,  // B8: service identity -> "": external presigned requests
  role_child = 13,          // role -> role that it assumed with a service token
  account_early_day = 14,   // account -> one of its kEarliestDays earliest days, as a number
  // Quarantine (AlertStore, Table::quarantine): the pair took part in a hit while it was not learned.
  quarantine_identity_network = 17,
  quarantine_network_role = 18,
  quarantine_identity_tool = 19,
  quarantine_identity_runtime = 20,  // service identity -> platform, or exec-env
  quarantine_identity_evidence = 21,
  quarantine_role_child = 22,
  quarantine_identity_presigned = 23,
  // What weakly proven tokens teach: it counts for weakly proven tokens only.
  weak_identity_network = 33,
  weak_identity_tool = 36,
  weak_tool_identity = 37,
  weak_identity_runtime = 38,
  weak_identity_evidence = 43,
};

// So many days tell when an account became active, however long ago they were. Its own fact cannot tell: the bitmap
// holds 64 days, and of what is older only the first day.
inline constexpr std::size_t kEarliestDays = 7;

// What weakly proven tokens teach instead of `kind`. REQUIRES: it is identity_network, identity_tool, tool_identity,
// identity_runtime or identity_evidence.
[[nodiscard]] constexpr FactKind weak_kind(FactKind kind) noexcept {
  return static_cast<FactKind>(static_cast<std::uint8_t>(kind) + 32);
}
static_assert(weak_kind(FactKind::identity_network) == FactKind::weak_identity_network &&
              weak_kind(FactKind::identity_tool) == FactKind::weak_identity_tool &&
              weak_kind(FactKind::tool_identity) == FactKind::weak_tool_identity &&
              weak_kind(FactKind::identity_runtime) == FactKind::weak_identity_runtime &&
              weak_kind(FactKind::identity_evidence) == FactKind::weak_identity_evidence);

inline constexpr std::size_t kFactTextMax = 512;
// kind u8, hash of the scope, hash of the value (16 bytes each); or, if is_of_identity(kind): kOfIdentities, 4 bytes of
// the account's hash, hash of the scope (16), kind u8, 8 bytes of the value's hash.
inline constexpr std::size_t kFactKeyBytes = 33;
inline constexpr std::size_t kIdentityFactKeyBytes = 30;
inline constexpr char kOfIdentities = 64;  // is no kind, and will be none

// Whether the scope is an identity or a role of ours, account/..., and it is a kind of Table::facts.
[[nodiscard]] bool is_of_identity(FactKind kind) noexcept;

struct FactRef {
  FactKind kind;
  std::string_view scope;
  std::string_view value;
};

struct Fact {
  Presence presence;
  Day first_day = 0;
  bool acknowledged = false;   // quarantine only: an operator said "this is ours"
  Day acknowledged_until = 0;  // the last day for which that counts; 0: all

  bool operator==(const Fact&) const = default;
  // True if that changed anything.
  bool seen(Day day) noexcept;
  void merge(const Fact& other) noexcept;
  // Whether it was acknowledged for calls of `day`.
  [[nodiscard]] bool acknowledged_on(Day day) const noexcept {
    return acknowledged && (acknowledged_until == 0 || day <= acknowledged_until);
  }
};

struct NamedFact {
  Fact fact;
  std::string scope;
  std::string value;
};

[[nodiscard]] std::string fact_key(HashKey key, const FactRef& ref);
// Prefix of the keys of all values of a scope.
[[nodiscard]] std::string fact_scope_prefix(HashKey key, FactKind kind, std::string_view scope);
// Prefix of the keys of all facts of the account's identities and roles: those for whose kind is_of_identity().
[[nodiscard]] std::string fact_account_prefix(HashKey key, std::string_view account);
// The kind of the fact with this key, of any format. REQUIRES: the key is not empty.
[[nodiscard]] FactKind fact_kind(std::string_view key) noexcept;
// Whether format 2 of the store made the key, and this one would make another.
[[nodiscard]] bool is_key_of_format_2(std::string_view key) noexcept;
[[nodiscard]] std::string fact_key_of_format_2(HashKey key, const FactRef& ref);
// Today's key of the same fact. REQUIRES: is_key_of_format_2(key).
[[nodiscard]] std::string renewed_fact_key(HashKey hash_key, std::string_view key, std::string_view scope);

[[nodiscard]] std::string encode_fact(const Fact& fact, const FactRef& ref);
[[nodiscard]] std::optional<NamedFact> decode_fact(std::string_view bytes);
// The fact, if the stored texts are those of `ref`. Nothing if the key collides and the row is another fact's.
[[nodiscard]] std::optional<Fact> decode_fact_of(std::string_view bytes, const FactRef& ref);

}  // namespace straykey
