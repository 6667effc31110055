#include "core/identity/principal.h"

#include <algorithm>
#include <array>

namespace straykey {

std::optional<Arn> parse_arn(std::string_view text) noexcept {
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    // The parts are short, so a plain loop is cheaper than a call of memchr for each.
    const auto colon = static_cast<std::size_t>(std::find(text.begin(), text.end(), ':') - text.begin());
    if (colon == text.size()) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || text.empty()) return std::nullopt;
  return Arn{parts[1], parts[2], parts[3], parts[4], text};
}

std::optional<RoleName> parse_role_arn(std::string_view text) noexcept {
  const auto arn = parse_arn(text);
  if (!arn || !arn->resource.starts_with("role/")) return std::nullopt;
  const std::string_view path_and_name = arn->resource.substr(4);
  const std::size_t slash = path_and_name.rfind('/');
  if (slash + 1 == path_and_name.size()) return std::nullopt;
  return RoleName{arn->account, path_and_name.substr(0, slash + 1), path_and_name.substr(slash + 1)};
}

std::optional<RoleSession> parse_role_session_arn(std::string_view text) noexcept {
  const auto arn = parse_arn(text);
  constexpr std::string_view kKind = "assumed-role/";
  if (!arn || !arn->resource.starts_with(kKind)) return std::nullopt;
  const std::string_view rest = arn->resource.substr(kKind.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  return RoleSession{arn->account, rest.substr(0, slash), rest.substr(slash + 1)};
}

bool is_account_id(std::string_view text) noexcept {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace straykey
