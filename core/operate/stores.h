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

}  // namespace straykey
