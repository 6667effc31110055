#pragma once
// back_up() copies a whole store to another directory, while a server may be writing it; restoring copies it back.
//
// Shape:  it copies the partitions, then the merger's environment, each as it was at one commit. Then it raises the
//         partitions' next numbers in the copy above those that the merger has passed. Then it writes `format`, which
//         makes the copy a store, and checks all of it.
// Order:  the partitions come first, because a candidate is erased from its partition only after the merger's commit
//         that judged it. So a candidate that a partition no longer has was judged by the merger, which is copied
//         later. A candidate that the partition still has was judged, too, or will be at the first start. Events that
//         came after the partition's copy are learned again when they are sent again; if the merger already has an
//         alert for them, it takes them in. In the other order, a candidate that is judged and erased between the two
//         copies would be in neither, while its fact is learned, and its alert would be lost for ever.
// Durable: everything is synced before `format` gets its name.
// Thread: one, in a process that has not opened the store.
// Errors: one sentence. A copy that failed has no `format` and is refused by every command.
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"

namespace straykey {

struct BackupCallbacks {
  std::function<void(const std::string& name, std::uint64_t bytes)> on_environment;  // after each
  std::function<void(const std::string& sentence)> on_finding;                       // of the check of the copy
};

// REQUIRES: `to` does not exist or is empty, and its parent exists.
[[nodiscard]] Status back_up(const std::string& from, const std::string& to, const BackupCallbacks& callbacks);

}  // namespace straykey
