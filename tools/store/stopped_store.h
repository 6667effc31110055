#pragma once
// Answers an operator from the store of a stopped server. A change takes the same steps as on a running server, on the
// caller's thread.
//
// Thread: one.
#include "core/operate/operations.h"
#include "storage/data_directory.h"

namespace straykey {

[[nodiscard]] OperatorStores operator_stores(const DataDirectory& data);
[[nodiscard]] OperatorAnswer ask_stopped_store(const DataDirectory& data, const OperatorRequest& request, Seconds now);

}  // namespace straykey
