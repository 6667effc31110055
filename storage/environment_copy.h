#pragma once
// copy_environment(): copies one environment as it was at one commit, without free pages, while another process may
// write it.
//
// Shape:  LMDB lets a second process read. The copy opens the environment read-only and registers as a reader in
//         lock.mdb, without flock. Opening an environment twice in one process would break its locks, so run this in a
//         process of its own.
// Durable: the copy and its directory are synced when it returns.
// Bounds: while it runs, the writer cannot use freed pages again, so the writer's file grows. A copy that is killed
//         stays registered as a reader until the writer removes it, some commits later.
// Thread: one. REQUIRES: this process has not opened the environment.
// Errors: one sentence that names the file. What is written so far stays.
#include <string>

#include "core/base/result.h"

namespace straykey {

// Makes `to` (its parent exists, it does not) with data.mdb in it: 0700 and 0600.
[[nodiscard]] Status copy_environment(const std::string& from, const std::string& to);

}  // namespace straykey
