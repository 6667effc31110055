#include "storage/format_upgrade.h"

#include <algorithm>
#include <string>

#include "core/engine/baseline_view.h"
#include "core/engine/sequence.h"
#include "storage/format_file.h"

namespace straykey {
namespace {

constexpr std::string_view kFormatKey = "format";

bool is_damaged(const AlertStore& alerts, const std::vector<std::unique_ptr<BaselineStore>>& partitions) {
  return alerts.damage() ||
         std::any_of(partitions.begin(), partitions.end(), [](const auto& one) { return one->damage().has_value(); });
}

bool is_upgraded(StoreReader& alerts) {
  const auto stored = alerts.get(Table::progress, kFormatKey);
  return stored && decode_sequence(*stored) >= kStoreFormat;
}

}  // namespace

Status upgrade_store(HashKey hash_key, AlertStore& alerts,
                     const std::vector<std::unique_ptr<BaselineStore>>& partitions, bool is_new) {
  if (is_damaged(alerts, partitions) || is_upgraded(*alerts.read())) return {};
  const auto writer = alerts.write();
  if (!is_new) {
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (const auto& partition : partitions) readers.push_back(partition->read());
    const BaselineView view(hash_key, readers, *writer);
    const Day newest = view.newest_account_day();
    if (view.failed()) return {};
    if (newest > 0) writer->put(Table::progress, kKeptSinceKey, encode_sequence(newest));
  }
  writer->put(Table::progress, kFormatKey, encode_sequence(kStoreFormat));
  if (writer->commit() == CommitOutcome::unknown)
    return Error{"the store could not be brought to its present format: " + std::string(writer->failure())};
  return {};
}

}  // namespace straykey
