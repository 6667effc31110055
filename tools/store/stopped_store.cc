#include "tools/store/stopped_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "core/engine/inline_pipeline.h"
#include "storage/audit_log.h"
#include "storage/reject_ring.h"
#include "tools/config/config_settings.h"

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
  stores.data_dir = data_dir_to_name(data.path());
  return stores;
}

namespace {

OperatorAnswer answer_of(const DataDirectory& data, const OperatorRequest& request, AuditStore* audit, Seconds now) {
  using Kind = OperatorAnswer::Kind;
  if (std::string objection = objection_to(request); !objection.empty())
    return {Kind::bad_request, std::move(objection), {}, {}};
  const Operation& operation = *find_operation(request.operation);
  if (operation.read) {
    OperatorStores stores = operator_stores(data);
    std::unique_ptr<RejectRing> rejects = kept_rejects(data);
    stores.rejects = rejects.get();
    stores.audit = audit;
    return operation.read(stores, request.arguments);
  }
  if (operation.of_endpoints != Operation::OfEndpoints::no) return no_endpoints_answer();
  auto change = operation.change(operator_stores(data), request.arguments, now);
  if (!change) return {Kind::bad_request, change.error().message, {}, {}};
  return answer_to(carry_out(data, **change));
}

}  // namespace

// What is changed is noted where the running server notes it; a change does not fail because it cannot be noted.
OperatorAnswer ask_stopped_store(const DataDirectory& data, const OperatorRequest& request, Seconds now) {
  const auto log = AuditLog::open(data.path());
  AuditStore* const audit = log.ok() ? log.value().get() : nullptr;
  OperatorAnswer answer = answer_of(data, request, audit, now);
  const Operation* const operation = find_operation(request.operation);
  if (audit != nullptr && operation != nullptr && operation->posts())
    (void)audit->append({.at = now,
                         .who = "command, uid " + std::to_string(::getuid()),
                         .what = request.operation,
                         .object = audit_object(request, {}),
                         .result = std::string(audit_result(answer.kind)),
                         .reason = answer.sentence});
  return answer;
}

}  // namespace straykey
