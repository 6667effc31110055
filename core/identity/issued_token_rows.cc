// The rows in which the store keeps what is known of a key's issuing event, and of a key that waits for that.
#include <utility>

#include "core/base/bytes.h"
#include "core/identity/service_token.h"

namespace straykey {

// Version 2 adds what only a key has that a role session was given, so all other rows are still of version 1.
std::string encode(const IssuedToken& token) {
  const bool by_session = token.waits || !token.chain.empty() || !token.session_role.empty();
  ByteWriter out;
  out.fixed<std::uint8_t>(by_session ? 2 : 1).string(token.service).string(token.workload).fixed(token.issued_day);
  if (by_session)
    out.fixed(static_cast<std::uint8_t>((token.waits ? 1 : 0) | (token.weak ? 2 : 0) |
                                        (token.session_role.empty() ? 0 : 4)))
        .string(token.parent_role)
        .string(token.chain);
  if (!token.session_role.empty()) out.string(token.session_role);
  return out.bytes();
}

std::optional<IssuedToken> decode_issued_token(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version != 1 && version != 2) return std::nullopt;
  IssuedToken token;
  token.service = in.string();
  token.workload = in.string();
  token.issued_day = in.fixed<Day>();
  if (version == 2) {
    const auto flags = in.fixed<std::uint8_t>();
    token.waits = (flags & 1) != 0;
    token.weak = (flags & 2) != 0;
    token.parent_role = in.string();
    token.chain = in.string();
    if ((flags & 4) != 0) token.session_role = in.string();
  }
  if (!in.at_end()) return std::nullopt;
  return token;
}

// It stands in one table with calls, whose second text is the call itself. So an empty one tells that it is a key.
std::string encode(const WaitingKey& waiting) {
  return ByteWriter()
      .string(waiting.parent_role)
      .string({})
      .string(waiting.issued.key.key())
      .string(waiting.issued.role)
      .fixed(waiting.issued.day)
      .fixed(static_cast<std::uint8_t>((waiting.issued.teaches ? 1 : 0) | (waiting.issued.proves_only ? 2 : 0)))
      .bytes();
}

std::optional<WaitingKey> decode_waiting_key(std::string_view bytes) {
  ByteReader in(bytes);
  WaitingKey waiting;
  waiting.parent_role = in.string();
  if (!in.string().empty()) return std::nullopt;
  const std::string_view key = in.string();
  if (key.size() != sizeof(Hash128)) return std::nullopt;
  waiting.issued.key = Hash128::from_bytes(key.data());
  waiting.issued.role = in.string();
  waiting.issued.day = in.fixed<Day>();
  const auto flags = in.fixed<std::uint8_t>();
  waiting.issued.teaches = (flags & 1) != 0;
  waiting.issued.proves_only = (flags & 2) != 0;
  if (!in.at_end()) return std::nullopt;
  return waiting;
}

}  // namespace straykey
