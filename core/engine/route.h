#pragma once
// Which shards an event concerns.
//
// Shape:  an event goes to the shard of the caller's access key. An event that issues a key also goes to the shard of
//         that key, because its uses will arrive there. If the caller has no key, the issued key decides; if there is
//         neither, the account. Where what is known of the caller's session decides, the session stands for the key.
//         What the caller's shard knows of the caller follows to the shard of the issued key.
// Source: keyed SipHash, so that nobody outside can aim at one shard.
#include <cstdint>
#include <string_view>

#include "core/base/hash.h"
#include "core/engine/request.h"

namespace straykey {

[[nodiscard]] inline std::uint32_t shard_of(Hash128 access_key, std::uint32_t shard_count) noexcept {
  return static_cast<std::uint32_t>(access_key.low % shard_count);
}

// Computes what a shard needs of each event that was not signed yet. Call it after each event, while the event's bytes
// are in the cache. REQUIRES: the events before are the same; no batches yet.
void sign(Request& request, HashKey key);

// Signs what was not signed yet, and fills request.batches from request.events in their order. Afterwards
// request.routed is empty. REQUIRES: shard_count >= 1, no batches yet.
void route(Request& request, HashKey key, std::uint32_t shard_count);

// Brings what the shards hand on to each other to those concerned: appends a batch for each of them. False if there is
// nothing. The new batches must be applied like those that route() made. REQUIRES: all batches are committed.
[[nodiscard]] bool route_descents(Request& request, std::uint32_t shard_count);

}  // namespace straykey
