// A damaged store answers nothing and takes nothing, and says why.
#include "core/engine/damaged_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("damaged store: every transaction has failed with the damage's sentence") {
  DamagedBaselineStore store({"shard-01", "/store/shard-01/data.mdb: page 7 is used twice"});
  REQUIRE(store.damage().has_value());
  CHECK_EQ(store.damage()->part, "shard-01");
  const auto reader = store.read();
  CHECK_EQ(reader->failure(), "/store/shard-01/data.mdb: page 7 is used twice");
  CHECK_FALSE(reader->get(Table::facts, "a").has_value());
  const auto writer = store.write();
  writer->put(Table::facts, "a", "1");
  CHECK(writer->commit() == CommitOutcome::failed);
}

}  // namespace
}  // namespace straykey
