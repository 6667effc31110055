#pragma once
// back_up(): a whole store, copied to another directory while a server may be writing it; and the same way back.
//
// Shape:  the partitions, then the merger's environment, each as it was at one commit; then, in the copy, no
//         partition's next number is one that the merger has passed; then `format`, which makes it a store; then a
//         check of all of it.
// Order:  partitions first, because a candidate is erased from its partition after the merger's commit that judged it:
//         what a partition no longer has, the merger copied later has judged. What the partition still has is judged
//         there or will be at the first start. What came after the partition's copy is learned again when it is sent
//         again, and taken in by the alert that the merger may have of it. The other way round, a candidate judged and
//         erased between the two copies would be in neither, with its fact learned: an alert lost for ever.
// Durable: all of it is synced before `format` is there under its name.
// Thread: one, in a process that has not opened the store.
// Errors: one sentence. A copy that failed has no `format` and is refused by every command.
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"

namespace straykey {

struct BackupOutlets {
  std::function<void(const std::string& name, std::uint64_t bytes)> on_environment;  // after each
  std::function<void(const std::string& sentence)> on_finding;                       // of the check of the copy
};

// `to` is not there or empty; its parent is there.
[[nodiscard]] Status back_up(const std::string& from, const std::string& to, const BackupOutlets& outlets);

}  // namespace straykey
