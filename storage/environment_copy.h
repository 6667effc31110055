#pragma once
// copy_environment(): one environment as it was at one commit, compact, while another process may write it.
//
// Shape:  LMDB lets a second process read: it opens the environment read-only, takes a place among the readers in
//         lock.mdb and no flock. Only a second opening in one process breaks locks, so this is for a process of its
//         own.
// Durable: the copy and its directory are synced when it returns.
// Bounds: as long as it runs, the writer cannot use freed pages again and its file grows. One killed on the way leaves
//         its place, which the writer clears away after some commits.
// Thread: one. REQUIRES: this process has not opened the environment.
// Errors: one sentence that names the file. What is written so far stays.
#include <string>

#include "core/base/result.h"

namespace straykey {

// Makes `to` (its parent exists, it does not) with data.mdb in it: 0700 and 0600.
[[nodiscard]] Status copy_environment(const std::string& from, const std::string& to);

}  // namespace straykey
