#include "core/detect/known_things.h"

#include <algorithm>
#include <cctype>

#include "core/identity/principal.h"
#include "core/location/ip_address.h"

namespace straykey {
namespace {

constexpr std::string_view kEndpointOwner = "vpce:";
constexpr std::uint8_t kLongestV4 = 120, kLongestV6 = 48;  // what networks are told apart by: /24 and /48

// "account/role" of a pattern for "account/role/function" or "account/role#service".
std::string_view role_part(std::string_view pattern) {
  const std::size_t slash = pattern.find('/');
  if (slash == std::string_view::npos) return pattern;
  return pattern.substr(0, pattern.find_first_of("/#", slash + 1));
}

bool is_network(std::string_view declared, std::string_view form) {
  if (declared == form) return true;
  const auto wide = parse_prefix(declared), narrow = parse_prefix(form);
  return wide && narrow && wide->length <= narrow->length && wide->contains(narrow->first);
}

bool covers(const KnownThing& known, const AskedPair& pair) {
  if (known.until != 0 && pair.day > known.until) return false;
  switch (pair.kind) {
    case FactKind::quarantine_identity_network:
      return !known.network.empty() && matches_pattern(known.identity, pair.scope) &&
             is_network(known.network, pair.value);
    case FactKind::quarantine_network_role:
      return !known.network.empty() && matches_pattern(role_part(known.identity), pair.value) &&
             is_network(known.network, pair.scope);
    case FactKind::quarantine_identity_tool:
      return !known.tool.empty() && known.tool == pair.value && matches_pattern(known.identity, pair.scope);
    case FactKind::quarantine_identity_runtime:
      return !known.platform.empty() && matches_pattern(known.platform, pair.value) &&
             matches_pattern(known.identity, pair.scope);
    default:
      return false;
  }
}

bool is_as_number(std::string_view text) {
  return text.size() > 2 && text.size() <= 12 && text.starts_with("AS") && text[2] != '0' &&
         std::all_of(text.begin() + 2, text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string objection_to_network(std::string_view network) {
  if (is_as_number(network)) return {};
  if (network.starts_with(kEndpointOwner))
    return is_account_id(network.substr(kEndpointOwner.size())) ? std::string()
                                                                : "vpce: is followed by an account of 12 digits";
  const auto prefix = parse_prefix(network);
  if (!prefix) return "network is an AS number (AS64511), a prefix (198.51.100.0/24) or vpce: and an account";
  if (prefix->length > (prefix->first.is_v4() ? kLongestV4 : kLongestV6))
    return "networks are told apart by their /24, or /48 of IPv6: no smaller one can be known by itself";
  return {};
}

}  // namespace

const KnownThing* covering(std::span<const KnownThing> known, const AskedPair& pair) {
  const auto found = std::ranges::find_if(known, [&](const KnownThing& one) { return covers(one, pair); });
  return found == known.end() ? nullptr : &*found;
}

// When a text does not go on as the pattern does, the last * takes one character more. Nothing before that * needs to
// be tried again.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = std::string_view::npos, taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string objection_to_known(const KnownThing& known) {
  const int things = int{!known.network.empty()} + int{!known.tool.empty()} + int{!known.platform.empty()};
  if (known.identity.empty()) return "identity is empty: write * for all";
  if (known.reason.empty()) return "reason is empty: say why it is yours";
  if (things == 0) return "it needs a network, a tool or a platform";
  if (things > 1) return "it names more than one thing: each of network, tool and platform needs an entry of its own";
  return known.network.empty() ? std::string() : objection_to_network(known.network);
}

std::string known_text(const KnownThing& known) {
  if (!known.network.empty()) return known.identity + " in " + known.network;
  return known.identity + (known.tool.empty() ? " on " + known.platform : " with " + known.tool);
}

bool has_ended(const KnownThing& known, Day today) noexcept {
  return known.until != 0 && known.until < today;
}

bool ends_within(const KnownThing& known, Day today, Day days) noexcept {
  return known.until != 0 && known.until >= today && known.until - today < days;
}

}  // namespace straykey
