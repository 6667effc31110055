#pragma once
// Which shards an event concerns.
//
// Shape:  by the caller's access key; an issuing event also goes to the shard of the key it issues, where the key's
//         uses will arrive. Without a caller's key the issued key decides, without either the account.
// Source: keyed SipHash, so that nobody outside can aim at one shard.
#include <cstdint>
#include <string_view>

#include "core/base/hash.h"
#include "core/engine/request.h"

namespace straykey {

[[nodiscard]] inline std::uint32_t shard_of(Hash128 access_key, std::uint32_t shard_count) noexcept {
  return static_cast<std::uint32_t>(access_key.low % shard_count);
}

// What a shard needs of each event that was not signed yet. Called after each event, it finds the event's bytes in the
// cache. REQUIRES: the events before are the same; no batches yet.
void sign(Request& request, HashKey key);

// Signs what was not signed, and fills request.batches from request.events, in their order; request.routed is empty
// then. REQUIRES: shard_count >= 1, no batches yet.
void route(Request& request, HashKey key, std::uint32_t shard_count);

}  // namespace straykey
