#pragma once
// check_environment(): checks structure, tables and checksums of one environment of a data directory, without LMDB.
//
// Shape:  it runs walk_pages() and checks the name of each row's table and the checksum of each value. Whole rows go to
//         on_row.
// Thread: any. The environment must not be open meanwhile, in this process or another.
// Bounds: kDamageMax findings of structure, as many of rows.
// Errors: each finding is one sentence that begins with the file's path.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/engine/store.h"
#include "storage/page_walk.h"

namespace straykey {

struct CheckCallbacks {
  // Rows whose checksum is right, table by table, in the order of their keys. May be empty.
  std::function<void(Table table, std::string_view key, std::string_view value)> on_row;
  std::function<void(std::string sentence)> on_damage;
  std::function<void(std::uint64_t pages)> on_progress;  // may be empty
};

// `some`: any table of the half that the environment holds. With WalkReach::branches no row is looked at.
// The summary counts rows that fail their checksum as damages too. REQUIRES: on_damage is set.
PageWalkSummary check_environment(const std::string& directory, Table some, WalkReach reach,
                                  const CheckCallbacks& callbacks);

}  // namespace straykey
