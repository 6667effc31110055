#pragma once
// OperatorStores: the stores from which an operator's question is answered.
//
// Shape:  borrowed: every partition there is, old ones of a larger shard count included, the merger's store, and the
//         rejects that are kept, if any are.
// Thread: any; a value.
#include <vector>

#include "core/base/hash.h"
#include "core/engine/store.h"

namespace straykey {

class AlertIndex;
class RejectStore;

struct OperatorStores {
  HashKey hash_key;
  std::vector<BaselineStore*> partitions;
  AlertStore* alerts = nullptr;
  RejectStore* rejects = nullptr;
  const AlertIndex* index = nullptr;
};

}  // namespace straykey
