#pragma once
// walk_pages(): checks the structure of a data.mdb page by page. It does not use LMDB, because LMDB trusts its file and
// crashes on a damaged one.
//
// Shape:  it checks both meta pages, the free list, and the tree of each table from its root. Every page must be of the
//         kind that its parent says, hold whole nodes in order and within its parent's bounds, be used once and not be
//         free. The counts of pages and rows must be those of the table's description. A file that passes cannot lead
//         LMDB out of its map.
// Order:  rows come table by table, in the order of their keys.
// Thread: any. The file must not be written meanwhile (hold the directory's lock).
// Bounds: memory for a page of each level, and 2 bits for each page of the file. After kDamageMax findings the walk
//         ends.
// Errors: damage goes to on_damage as the end of a sentence that begins with the file's name, and the walk goes on with
//         the next part. It returns an Error if the file cannot be opened or is not an LMDB file at all.
// Source: the data format of LMDB 0.9.24 (mdb.c: MDB_page, MDB_node, MDB_db, MDB_meta), 64-bit, little endian. The last
//         meta page but one is intact as well while nobody writes: its pages are not used again before the next commit.
//         10,000 flipped bits in a store of 1 MB, each followed by all reads and a commit (tests/storage/bit_flips,
//         2026-11-22): 5,774 found by the walk, 4,226 harmless, none wrong, no crash. Without the walk, of 600: 50
//         crashes of LMDB, 3 with wrong rows.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

enum class WalkReach : std::uint8_t {
  branches,  // about 1/60 of the file: leaves are counted, not read
  rows,      // everything
};

struct PageWalkCallbacks {
  // Views are good for the call.
  std::function<void(std::string_view table, std::string_view key, std::string_view value)> on_row;
  std::function<void(std::string)> on_damage;
  std::function<void(std::uint64_t pages)> on_progress;  // pages read so far, now and then; may be empty
};

struct PageWalkSummary {
  std::uint64_t pages = 0;          // with the two meta pages and those at the end that were never written
  std::uint64_t pages_in_file = 0;  // may be less than `pages`
  std::uint64_t pages_used = 0;
  std::uint64_t pages_free = 0;
  std::map<std::string, std::uint64_t, std::less<>> rows;  // by table, as its description says
  std::size_t damages = 0;
};

inline constexpr std::size_t kDamageMax = 100;

// REQUIRES: on_row and on_damage are set.
[[nodiscard]] Result<PageWalkSummary> walk_pages(const std::string& file, WalkReach reach,
                                                 const PageWalkCallbacks& callbacks);

}  // namespace straykey
