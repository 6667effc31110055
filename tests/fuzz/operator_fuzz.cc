// Any bytes as what an operator asks: as a query, and as a body. What has no objection is carried out on a store in
// memory that holds a few alerts, and is answered with JSON.
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/invariant.h"
#include "core/operate/operations.h"
#include "net/admin/operator_routes.h"
#include "tests/fuzz/targets.h"
#include "tests/support/operated_store.h"

namespace straykey {
namespace {

void carry_out(OperatedStore& store, const Operation& operation, const OperatorArguments& arguments) {
  if (operation.read) {
    const OperatorAnswer answer = operation.read(store.stores(), arguments);
    for (const std::string& item : answer.items) INVARIANT(boost::json::parse(item).is_object());
    INVARIANT(operator_reply(answer, "id").status != 500);
    return;
  }
  if (!operation.change) return;  // about endpoints: a running server's
  auto change = operation.change(store.stores(), arguments, 1'780'000'000);
  if (!change) return;
  std::size_t rows = 0;
  if (change.value()->in_partition) {
    for (MemoryBaselineStore& partition : store.partitions) {
      const auto writer = partition.write();
      rows += change.value()->in_partition(*writer);
      INVARIANT(writer->commit() == CommitOutcome::committed);
    }
  }
  const auto writer = store.alerts.write();
  (void)change.value()->in_alerts(*writer, rows);
  INVARIANT(writer->failure().empty() && writer->commit() == CommitOutcome::committed);
}

}  // namespace

// The first byte picks the operation.
void fuzz_operator(std::string_view input) {
  if (input.empty()) return;
  static const auto store = [] {
    auto made = std::make_unique<OperatedStore>();
    std::vector<Call> calls;
    for (int day = 1; day < 10; ++day) calls.push_back(call_of_role("orders", day));
    INVARIANT(made->learn_and_judge(calls));
    return made;
  }();
  const auto all = operations();
  const Operation& operation = all[static_cast<unsigned char>(input[0]) % all.size()];
  for (const auto& arguments : {arguments_of_query(input.substr(1)), arguments_of_json(input.substr(1))}) {
    if (!arguments) continue;
    if (!objection_to({std::string(operation.name), *arguments}).empty()) continue;
    carry_out(*store, operation, *arguments);
  }
}

}  // namespace straykey
