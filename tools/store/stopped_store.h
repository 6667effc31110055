#pragma once
// What an operator asks of the store of a stopped server, carried out on the caller's thread by the steps of a running
// one.
//
// Thread: one.
#include "core/operate/operations.h"
#include "storage/data_directory.h"

namespace straykey {

[[nodiscard]] OperatorStores operator_stores(const DataDirectory& data);
[[nodiscard]] OperatorAnswer ask_stopped_store(const DataDirectory& data, const OperatorRequest& request, Seconds now);

}  // namespace straykey
