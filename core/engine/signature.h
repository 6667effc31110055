#pragma once
// The signature of an event: hashes of what it may teach, so that an event whose like was seen only counts.
//
// Shape:  `teaching` covers everything that facts and candidates depend on, and the day, but for where its key was
//         issued, which the shard knows. `call` tells apart what Activity counts apart for one key: address, user
//         agent, API; and whatever `teaching` tells apart.
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

// What stands for an access key in shards and rows.
[[nodiscard]] inline Hash128 access_key_id(HashKey key, std::string_view access_key) noexcept {
  return hash128(key, access_key);
}

[[nodiscard]] EventSignature signature_of(HashKey key, const Event& event);

}  // namespace straykey
