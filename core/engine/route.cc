#include "core/engine/route.h"

#include "core/base/check.h"

namespace straykey {

std::uint32_t shard_of(HashKey key, std::string_view access_key, std::uint32_t shard_count) noexcept {
  return static_cast<std::uint32_t>(hash64(key, access_key) % shard_count);
}

void route(Request& request, HashKey key, std::uint32_t shard_count) {
  CHECK(shard_count >= 1 && request.batches.empty());
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> batch_of(shard_count, kNone);
  const auto batch = [&](std::uint32_t shard) -> Request::ShardBatch& {
    if (batch_of[shard] == kNone) {
      batch_of[shard] = request.batches.size();
      request.batches.emplace_back().shard = shard;
    }
    return request.batches[batch_of[shard]];
  };
  const auto add = [&](std::uint32_t shard, std::uint32_t index, bool use, bool issue) {
    batch(shard).events.push_back({index, use, issue});
  };
  for (std::uint32_t i = 0; i < request.events.size(); ++i) {
    const Event& event = request.events[i];
    const bool issues = event.assumes_role() && !event.issued_key.empty();
    if (event.access_key.empty()) {
      const std::string_view by = issues ? event.issued_key : event.recipient_account;
      add(shard_of(key, by, shard_count), i, true, issues);
      continue;
    }
    const std::uint32_t use = shard_of(key, event.access_key, shard_count);
    const std::uint32_t issue = issues ? shard_of(key, event.issued_key, shard_count) : use;
    add(use, i, true, issues && issue == use);
    if (issue != use) add(issue, i, false, true);
  }
}

}  // namespace straykey
