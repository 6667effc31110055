#pragma once
// The signature of an event: hashes of every field that facts and candidates depend on. A hash that was seen before
// means that there is nothing new to learn, so the event is only counted.
//
// Shape:  `teaching` covers everything that facts and candidates depend on, and the day. It does not cover where the
//         event's key was issued, because only the shard knows that. `call` differs wherever Activity counts separately
//         for one key (address, user agent, API), and wherever `teaching` differs.
// Thread: any.
#include <cstdint>
#include <string_view>

#include "core/base/hash.h"
#include "core/event/event.h"

namespace straykey {

struct EventSignature {
  Hash128 access_key;  // access_key_id; zero without one
  Hash128 teaching;
  std::uint64_t call = 0;
};

// The hash that stands for an access key in routing and in the keys of rows.
[[nodiscard]] inline Hash128 access_key_id(HashKey key, std::string_view access_key) noexcept {
  return hash128(key, access_key);
}

// What stands for the access key where a session decides: the session (principalId) and the day, so that what is proven
// counts for days and not for good. All days of a session are in one shard.
[[nodiscard]] Hash128 session_id(HashKey key, std::string_view principal_id, Day day);
// The same session's, of the day before or after.
[[nodiscard]] constexpr Hash128 session_day_before(Hash128 session) noexcept {
  return {session.low, session.high - 1};
}
[[nodiscard]] constexpr Hash128 session_day_after(Hash128 session) noexcept {
  return {session.low, session.high + 1};
}

[[nodiscard]] EventSignature signature_of(HashKey key, const Event& event);

}  // namespace straykey
