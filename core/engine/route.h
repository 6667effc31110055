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

// Fills request.batches from request.events, in the order of the events. REQUIRES: shard_count >= 1, no batches yet.
void route(Request& request, HashKey key, std::uint32_t shard_count);

}  // namespace straykey
