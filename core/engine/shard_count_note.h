#pragma once
// ShardCountNote: for how long a partition has been one of so many shards. While some of its keys' rows may lie in
// other partitions, because the number of shards changed, its worker reads those too; afterwards it need not.
//
// Shape:  the row kShardCountKey of Table::shard_meta. It stands in the same transaction as the first rows that the
//         partition gets under the number, so no row of another number is ever newer than it.
// Units:  run hours, which are known from the first flush on.
// Thread: any (a value).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/store.h"

namespace straykey {

inline constexpr std::string_view kShardCountKey = "shard_count";

struct ShardCountNote {
  // Longer than any row of a key lives since its last use (baseline_expiry_rules(): tokens and pending).
  static constexpr RunHour kRowsLive = 72;
  enum class Since : std::uint8_t {
    unknown,  // the run hour was not known yet
    hour,
    always  // no partition held anything before
  };
  std::uint32_t shards = 1;
  Since since = Since::unknown;
  RunHour hour = 0;
  bool is_stored = false;  // the partition's row says this

  // The run hour is known from now on.
  void begin(RunHour now) noexcept {
    if (since != Since::unknown) return;
    since = Since::hour;
    hour = now;
    is_stored = false;
  }

  // Whether no other partition holds rows of this one's keys that still count.
  [[nodiscard]] bool all_rows_are_at_home(RunHour now) const noexcept {
    return since == Since::always || (since == Since::hour && now >= hour && now - hour >= kRowsLive);
  }
  bool operator==(const ShardCountNote&) const = default;
};

[[nodiscard]] std::string encode(const ShardCountNote& note);
[[nodiscard]] std::optional<ShardCountNote> decode_shard_count(std::string_view bytes);
// What is known at the start of a process with so many shards. `others`: the other partitions, those that no shard has
// any more included; while one of these holds rows, it is not known since when.
[[nodiscard]] ShardCountNote read_shard_count(Store& own, const std::vector<BaselineStore*>& others,
                                              std::uint32_t shards);

}  // namespace straykey
