#include "tools/store/stopped_store.h"

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>

#include "core/engine/inline_pipeline.h"
#include "storage/reject_ring.h"

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

// Whatever a running server may have kept, whose limit is not known here. Null: nothing was, or it cannot be read.
std::unique_ptr<RejectRing> kept_rejects(const DataDirectory& data) {
  constexpr std::uint64_t kWithoutLimit = std::uint64_t{1} << 40;
  struct stat about {};
  const std::string directory = rejects_directory(data.path());
  if (::lstat(directory.c_str(), &about) != 0) return nullptr;
  auto ring = RejectRing::open({directory, kWithoutLimit});
  return ring.ok() ? std::move(ring).value() : nullptr;
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
  if (operation.read) {
    OperatorStores stores = operator_stores(data);
    std::unique_ptr<RejectRing> rejects = kept_rejects(data);
    stores.rejects = rejects.get();
    return operation.read(stores, request.arguments);
  }
  if (operation.of_endpoints != Operation::OfEndpoints::no) return no_endpoints_answer();
  auto change = operation.change(operator_stores(data), request.arguments, now);
  if (!change) return {Kind::bad_request, change.error().message, {}, {}};
  return answer_to(carry_out(data, **change));
}

}  // namespace straykey
