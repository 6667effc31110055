#pragma once
// OperatorStores: the stores from which an operator's question is answered.
//
// Shape:  borrowed: every partition there is, old ones of a larger shard count included, and the merger's store.
// Thread: any; a value.
#include <vector>

#include "core/base/hash.h"
#include "core/engine/store.h"

namespace straykey {

struct OperatorStores {
  HashKey hash_key;
  std::vector<BaselineStore*> partitions;
  AlertStore* alerts = nullptr;
};

// How much of a store one answer may read and hold: a reader is held for less than 100 ms (engine/store.h).
struct PageLimits {
  std::size_t rows_max = 500;           // 500 alerts of 20 KB parsed and written again: 30 ms
  std::size_t bytes_max = 1024 * 1024;  // of what is shown; one row more than that always passes
};

}  // namespace straykey
