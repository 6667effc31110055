#include "core/engine/shard_count_note.h"

#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Since = ShardCountNote::Since;

void put(MemoryBaselineStore& store, Table table, std::string_view key, std::string_view value) {
  const auto writer = store.write();
  writer->put(table, key, value);
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
}

TEST_CASE("shard count: a row comes back as it was, and what was cut or changed is none") {
  ShardCountNote note{3, Since::hour, 1'000, true};
  const std::string whole = encode(note);
  CHECK_EQ(decode_shard_count(whole), note);
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(decode_shard_count(whole.substr(0, size)));
  CHECK_FALSE(decode_shard_count(whole + 'x'));
  std::string other = whole;
  other[4] = 3;
  CHECK_FALSE(decode_shard_count(other));
}

TEST_CASE("shard count: rows are at home when the number has stood for as long as a key's rows live") {
  ShardCountNote note{2};
  CHECK_FALSE(note.all_rows_are_at_home(1'000'000));
  note.begin(100);
  CHECK_FALSE(note.all_rows_are_at_home(100 + ShardCountNote::kRowsLive - 1));
  CHECK(note.all_rows_are_at_home(100 + ShardCountNote::kRowsLive));
  CHECK_FALSE(note.all_rows_are_at_home(99));
  note.begin(5'000);
  CHECK_EQ(note.hour, 100);
}

TEST_CASE("shard count: a store that held nothing has its rows at home from the start, any other must wait") {
  MemoryBaselineStore own, other;
  CHECK_EQ(read_shard_count(own, {&other}, 2).since, Since::always);
  CHECK_FALSE(read_shard_count(own, {&other}, 2).is_stored);
  put(other, Table::tokens, "key", "row");
  CHECK_EQ(read_shard_count(own, {&other}, 2).since, Since::unknown);
  CHECK_EQ(read_shard_count(other, {}, 1).since, Since::unknown);
  other.break_down("the disk is gone");
  CHECK_EQ(read_shard_count(own, {&other}, 2).since, Since::unknown);
}

TEST_CASE("shard count: the row of another number says nothing") {
  MemoryBaselineStore own;
  put(own, Table::shard_meta, kShardCountKey, encode(ShardCountNote{2, Since::always}));
  CHECK_EQ(read_shard_count(own, {}, 2), ShardCountNote{2, Since::always, 0, true});
  CHECK_EQ(read_shard_count(own, {}, 3), ShardCountNote{3});
}

TEST_CASE("shard count: what any partition says counts, because only those that were written to say the last number") {
  MemoryBaselineStore own, other, third;
  put(own, Table::shard_meta, kShardCountKey, encode(ShardCountNote{2, Since::always}));
  CHECK_EQ(read_shard_count(own, {&other}, 2), ShardCountNote{2, Since::always, 0, true});
  put(other, Table::shard_meta, kShardCountKey, encode(ShardCountNote{2, Since::hour, 70}));
  CHECK_EQ(read_shard_count(own, {&other}, 2), ShardCountNote{2, Since::hour, 70});
  CHECK_EQ(read_shard_count(other, {&own}, 2), ShardCountNote{2, Since::hour, 70, true});
  put(third, Table::shard_meta, kShardCountKey, encode(ShardCountNote{3, Since::hour, 20}));
  CHECK_EQ(read_shard_count(own, {&other, &third}, 2), ShardCountNote{2});
  put(third, Table::shard_meta, kShardCountKey, encode(ShardCountNote{2, Since::hour, 90}));
  CHECK_EQ(read_shard_count(own, {&other, &third}, 2), ShardCountNote{2, Since::hour, 90});
  put(third, Table::shard_meta, kShardCountKey, encode(ShardCountNote{2}));
  CHECK_EQ(read_shard_count(own, {&other, &third}, 2), ShardCountNote{2});
}

}  // namespace
}  // namespace straykey
