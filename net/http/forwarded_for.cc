#include "net/http/forwarded_for.h"

#include <algorithm>

namespace straykey {
namespace {

bool holds(std::span<const Prefix> prefixes, const IpAddress& address) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&address](const Prefix& prefix) { return prefix.contains(address); });
}

}  // namespace

IpAddress client_of(const RequestHead& head, const IpAddress& peer, std::span<const Prefix> trusted) {
  IpAddress client = peer;
  if (trusted.empty() || !holds(trusted, client)) return client;
  for (auto field = head.fields.rbegin(); field != head.fields.rend(); ++field) {
    if (!equal_ignoring_case(field->name, "X-Forwarded-For")) continue;
    for (std::string_view rest = field->value; !rest.empty();) {
      const std::size_t comma = rest.rfind(',');
      const auto address = parse_written_ip(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      if (!address) return client;
      client = *address;
      if (!holds(trusted, client)) return client;
      rest = rest.substr(0, comma == std::string_view::npos ? 0 : comma);
    }
  }
  return client;
}

}  // namespace straykey
