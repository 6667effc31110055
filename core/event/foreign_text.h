#pragma once
// What AWS delivers into the same buckets as CloudTrail's records, told by how its text begins: digests, AWS Config's
// snapshots and history, VPC flow logs.
//
// Thread: any (a function of its argument).
// Bounds: as much as it is given; 4 KiB tell.
#include <string_view>

namespace straykey {

// "a CloudTrail digest"; lives for ever. Empty: it may well hold records.
[[nodiscard]] std::string_view foreign_text(std::string_view beginning) noexcept;

}  // namespace straykey
