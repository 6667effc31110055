#include "core/engine/shard_count_note.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace straykey {
namespace {

// What a partition says: nothing of another number of shards, or if it cannot be read; `always` if it holds no rows.
ShardCountNote told_by(Store& store, std::uint32_t shards) {
  const auto reader = store.read();
  const std::uint64_t rows =
      reader->rows(Table::tokens) + reader->rows(Table::pending) + reader->rows(Table::shard_meta);
  const auto stored = reader->get(Table::shard_meta, kShardCountKey);
  if (!reader->failure().empty()) return {.shards = shards};
  if (rows == 0) return {.shards = shards, .since = ShardCountNote::Since::always};
  const auto note = stored ? decode_shard_count(*stored) : std::nullopt;
  return note && note->shards == shards ? *note : ShardCountNote{.shards = shards};
}

}  // namespace

std::string encode(const ShardCountNote& note) {
  return ByteWriter().fixed(note.shards).fixed(static_cast<std::uint8_t>(note.since)).fixed(note.hour).bytes();
}

std::optional<ShardCountNote> decode_shard_count(std::string_view bytes) {
  ByteReader in(bytes);
  ShardCountNote note;
  note.shards = in.fixed<std::uint32_t>();
  const auto since = in.fixed<std::uint8_t>();
  note.since = static_cast<ShardCountNote::Since>(since);
  note.hour = in.fixed<RunHour>();
  note.is_stored = true;
  return in.at_end() && since <= static_cast<std::uint8_t>(ShardCountNote::Since::always) ? std::optional(note)
                                                                                          : std::nullopt;
}

// Each partition that was written to under another number of shards says so until it is written to under this one. So
// the newest of what all of them say is when the last of them was.
ShardCountNote read_shard_count(Store& own, const std::vector<BaselineStore*>& others, std::uint32_t shards) {
  const ShardCountNote stored = told_by(own, shards);
  ShardCountNote note = stored;
  for (BaselineStore* other : others) {
    const ShardCountNote told = told_by(*other, shards);
    if (told.since == ShardCountNote::Since::unknown) return {.shards = shards};
    if (told.since == ShardCountNote::Since::always || note.since == ShardCountNote::Since::unknown) continue;
    note.hour = note.since == ShardCountNote::Since::hour ? std::max(note.hour, told.hour) : told.hour;
    note.since = ShardCountNote::Since::hour;
  }
  note.is_stored = stored.is_stored && note == stored;
  return note;
}

}  // namespace straykey
