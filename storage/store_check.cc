#include "storage/store_check.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/invariant.h"
#include "storage/lmdb_store.h"

namespace straykey {

PageWalkSummary check_environment(const std::string& directory, Table some, WalkReach reach,
                                  const CheckCallbacks& callbacks) {
  INVARIANT(callbacks.on_damage);
  const std::string file = directory + "/data.mdb";
  std::size_t bad_rows = 0;
  PageWalkCallbacks walk;
  walk.on_damage = [&](std::string end) { callbacks.on_damage(file + ": " + end); };
  walk.on_progress = callbacks.on_progress;
  std::string name;
  std::optional<Table> table;
  walk.on_row = [&](std::string_view row_table, std::string_view key, std::string_view stored) {
    if (row_table != name) {
      name = row_table;
      table = table_named(name, some);
    }
    if (!table) return;
    const auto row = stored_row(*table, key, stored);
    if (row) {
      if (callbacks.on_row) callbacks.on_row(*table, key, row->value);
    } else if (++bad_rows <= kDamageMax) {
      callbacks.on_damage(fmt::format("{}: a value of table {} fails its checksum", file, name));
    }
  };
  auto walked = walk_pages(file, reach, walk);
  PageWalkSummary summary;
  if (!walked) {
    callbacks.on_damage(file + ": " + walked.error().message);
    summary.damages = 1;
    return summary;
  }
  summary = std::move(walked).value();
  for (const auto& [row_table, rows] : summary.rows) {
    if (table_named(row_table, some)) continue;
    ++summary.damages;
    callbacks.on_damage(file + ": has a table that this straykey does not know: damaged, or written by a newer one");
  }
  summary.damages += bad_rows;
  return summary;
}

}  // namespace straykey
