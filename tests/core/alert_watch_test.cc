#include "core/operate/alert_watch.h"

#include <string>
#include <vector>

#include "core/detect/message.h"
#include "core/engine/memory_store.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Watched {
  MemoryAlertStore store;
  std::vector<ChangedAlerts> told;
  AlertWatch watch{store, [this](ChangedAlerts changed) { told.push_back(std::move(changed)); }};
};

TEST_CASE("alert watch: each alert whose state was put is told once, behind the commit") {
  Watched watched;
  const auto writer = watched.watch.write();
  writer->put(Table::alert_state, Hash128{2, 0}.key(), "x");
  writer->put(Table::alert_state, Hash128{1, 0}.key(), "x");
  writer->put(Table::alert_state, Hash128{2, 0}.key(), "y");
  writer->put(Table::outbox, "key", "x");
  CHECK(watched.told.empty());
  CHECK(writer->commit() == CommitOutcome::committed);
  REQUIRE_EQ(watched.told.size(), 1);
  CHECK_EQ(watched.told[0].alerts, std::vector<Hash128>{{1, 0}, {2, 0}});
  CHECK_EQ(watched.watch.read()->get(Table::alert_state, Hash128{2, 0}.key()).value(), "y");
}

TEST_CASE("alert watch: a contradiction is a change of its alert") {
  Watched watched;
  Contradiction told;
  told.alert = {7, 7};
  const auto writer = watched.watch.write();
  writer->put(Table::alerts, told.id().key(), encode_message(told));
  CHECK(writer->commit() == CommitOutcome::committed);
  REQUIRE_EQ(watched.told.size(), 1);
  CHECK_EQ(watched.told[0].alerts, std::vector<Hash128>{{7, 7}});
}

TEST_CASE("alert watch: a commit that failed, or that changed no alert, tells nothing") {
  Watched watched;
  {
    const auto writer = watched.watch.write();
    writer->put(Table::outbox, "key", "x");
    CHECK(writer->commit() == CommitOutcome::committed);
  }
  watched.store.fail_next_commit(CommitOutcome::failed, false);
  const auto writer = watched.watch.write();
  writer->put(Table::alert_state, Hash128{2, 0}.key(), "x");
  CHECK(writer->commit() == CommitOutcome::failed);
  CHECK(watched.told.empty());
}

TEST_CASE("alert watch: more changes than may be named are told as all") {
  Watched watched;
  const auto writer = watched.watch.write();
  for (std::uint64_t i = 0; i <= AlertWatch::kChangesMax; ++i)
    writer->put(Table::alert_state, Hash128{i, 1}.key(), "x");
  CHECK(writer->commit() == CommitOutcome::committed);
  REQUIRE_EQ(watched.told.size(), 1);
  CHECK(watched.told[0].all);
  CHECK(watched.told[0].alerts.empty());
}

}  // namespace
}  // namespace straykey
