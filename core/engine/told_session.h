#pragma once
// ToldSession: that a call, which waited for its key's proof, told whose its session is: a row of Table::pending.
//
// Shape:  the key of the row is kToldSessions, the hash of the access key id, a hash of the value.
// Thread: any (functions of their arguments).
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/time.h"

namespace straykey {

inline constexpr std::string_view kToldSessions = "told ";

struct ToldSession {
  std::string principal;  // principalId
  Day day = 0;            // of the call
  std::string role;       // account/role
};

[[nodiscard]] inline std::string encode(const ToldSession& told) {
  return ByteWriter().string(told.principal).fixed(told.day).string(told.role).bytes();
}

[[nodiscard]] inline std::optional<ToldSession> decode_told_session(std::string_view bytes) {
  ByteReader in(bytes);
  ToldSession told;
  told.principal = in.string();
  told.day = in.fixed<Day>();
  told.role = in.string();
  return in.at_end() ? std::optional(std::move(told)) : std::nullopt;
}

}  // namespace straykey
