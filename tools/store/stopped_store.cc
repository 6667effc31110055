#include "tools/store/stopped_store.h"

#include <utility>

#include "core/engine/inline_pipeline.h"

namespace straykey {
namespace {

ChangeOutcome carry_out(const DataDirectory& data, OperatorChange& change) {
  const DetectionSettings detection;  // nothing is judged here
  Metrics metrics;
  const OperatorStores stores = operator_stores(data);
  InlinePipeline pipeline(
      data.hash_key(), static_cast<std::uint32_t>(stores.partitions.size()), detection,
      InlinePipeline::Stores{stores.partitions, stores.alerts}, {}, [](Delivery) {}, metrics);
  return pipeline.carry_out(change);
}

}  // namespace

OperatorStores operator_stores(const DataDirectory& data) {
  OperatorStores stores{data.hash_key(), {}, &data.alerts()};
  for (const auto& partition : data.partitions()) stores.partitions.push_back(partition.get());
  return stores;
}

OperatorAnswer ask_stopped_store(const DataDirectory& data, const OperatorRequest& request, Seconds now) {
  using Kind = OperatorAnswer::Kind;
  if (std::string objection = objection_to(request); !objection.empty())
    return {Kind::bad_request, std::move(objection), {}, {}};
  const Operation& operation = *find_operation(request.operation);
  if (operation.read) return operation.read(operator_stores(data), request.arguments);
  auto change = operation.change(data.hash_key(), request.arguments, now);
  if (!change) return {Kind::bad_request, change.error().message, {}, {}};
  return answer_to(carry_out(data, **change));
}

}  // namespace straykey
