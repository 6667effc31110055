#pragma once
// OperatorStores: the stores from which an operator's question is answered.
//
// Shape:  borrowed: every partition there is, old ones of a larger shard count included, the merger's store, and the
//         rejects that are kept, if any are. The routes of a running server's endpoints; a stopped store has none.
// Thread: any; a value.
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/engine/store.h"

namespace straykey {

class AlertIndex;
class AuditStore;
class RejectStore;
struct WebhookRoute;

struct OperatorStores {
  HashKey hash_key;
  std::vector<BaselineStore*> partitions;
  AlertStore* alerts = nullptr;
  RejectStore* rejects = nullptr;
  AuditStore* audit = nullptr;  // null: what operators changed is not kept
  const AlertIndex* index = nullptr;
  const std::vector<WebhookRoute>* routes = nullptr;
  std::string data_dir = {};  // as response_to() takes it
};

}  // namespace straykey
