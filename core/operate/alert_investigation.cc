#include "core/operate/alert_investigation.h"

#include <memory>
#include <utility>
#include <vector>

#include "core/detect/message.h"
#include "core/detect/settings.h"
#include "core/engine/investigation.h"

namespace straykey {

Result<std::optional<std::string>> investigate_again(const OperatorStores& stores, Hash128 id) {
  const auto reader = stores.alerts->read();
  const auto stored = reader->get(Table::alerts, id.key());
  const auto message = stored ? decode_message(*stored) : std::nullopt;
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  const Alert* then = message ? std::get_if<Alert>(&*message) : nullptr;
  if (then == nullptr) return std::optional<std::string>();
  std::vector<std::unique_ptr<StoreReader>> partitions;
  for (BaselineStore* partition : stores.partitions) partitions.push_back(partition->read());
  Alert now = *then;
  now.role_assumed_by.clear();
  investigate(now, BaselineView(stores.hash_key, partitions, *reader), DetectionSettings{}.training_days);
  for (const auto& partition : partitions)
    if (!partition->failure().empty()) return Error{std::string(partition->failure())};
  return std::optional<std::string>(investigation_document(*then, now));
}

}  // namespace straykey
