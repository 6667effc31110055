#pragma once
// The operations that find alerts: search, counts, and the deliveries of one; and what of an identity is in quarantine.
//
// Thread: any, as operations.h.
#include <vector>

#include "core/operate/operations.h"

namespace straykey {

// The arguments that make an AlertFilter.
[[nodiscard]] std::vector<OperatorArgument> filter_arguments();
[[nodiscard]] std::vector<Operation> search_operations();
// GET /api/v1/audit (audit.cc).
[[nodiscard]] std::vector<Operation> audit_operations();

}  // namespace straykey
