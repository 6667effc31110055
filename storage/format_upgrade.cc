#include "storage/format_upgrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/baseline/fact.h"
#include "core/engine/baseline_view.h"
#include "core/engine/run_clock.h"
#include "core/engine/sequence.h"
#include "storage/format_file.h"

namespace straykey {
namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::uint64_t kToldFrom = 500'000;  // facts, which take a second or two

// Calls visit(prefix) for the beginning of format 2's keys of each kind, until it returns false.
template <class Visit>
void each_old_kind(const Visit& visit) {
  for (unsigned kind = 0; kind < 256; ++kind)
    if (is_of_identity(static_cast<FactKind>(kind)) && !visit(std::string(1, static_cast<char>(kind)))) return;
}

bool has_old_keys(StoreReader& reader) {
  bool found = false;
  each_old_kind([&](const std::string& prefix) {
    reader.scan(Table::facts, prefix, prefix, [&](std::string_view key, std::string_view) {
      found = is_key_of_format_2(key);
      return false;
    });
    return !found;
  });
  return found;
}

std::uint64_t format_of(StoreReader& alerts) {
  const auto stored = alerts.get(Table::progress, kFormatKey);
  return stored ? decode_sequence(*stored) : 1;
}

}  // namespace

FormatUpgrade::FormatUpgrade(HashKey hash_key, AlertStore& alerts,
                             const std::vector<std::unique_ptr<BaselineStore>>& partitions,
                             std::function<void(const std::string&)> tell, std::size_t facts_a_step)
    : hash_key_(hash_key),
      alerts_(alerts),
      partitions_(partitions),
      tell_(std::move(tell)),
      facts_a_step_(facts_a_step) {}

Status FormatUpgrade::carry_out(bool is_new) {
  bool damaged = alerts_.damage().has_value();
  for (std::size_t number = 0; number < partitions_.size(); ++number) {
    BaselineStore& partition = *partitions_[number];
    const Status renewed = renew_keys(partition, number);
    damaged = damaged || partition.damage();
    if (!renewed && !partition.damage()) return renewed;
  }
  return damaged ? Status{} : note_format(is_new);
}

Status FormatUpgrade::renew_keys(BaselineStore& partition, std::size_t number) {
  const auto failed = [&](std::string_view why) {
    return Error{fmt::format("shard-{:02} could not be brought to store format {}: {}", number, kStoreFormat, why)};
  };
  bool has_old = false;
  std::uint64_t facts = 0;
  {
    const auto reader = partition.read();
    has_old = has_old_keys(*reader);
    facts = reader->rows(Table::facts);
    if (!reader->failure().empty()) return failed(reader->failure());
  }
  if (!has_old) return {};
  if (tell_ && facts >= kToldFrom)
    tell_(fmt::format("shard-{:02}: {} facts are brought to store format {}, about {} s", number, facts, kStoreFormat,
                      facts / 1'000'000 + 1));
  // The rows are put again, and must not look as old as the store.
  if (const auto lived = alerts_.read()->get(Table::progress, kRunSecondsKey))
    partition.set_run_hour(RunClock(decode_sequence(*lived)).hour());
  for (unsigned first = 0; first < 256;) {
    const Step step = renew_keys_of(partition, static_cast<char>(first));
    if (step == Step::failed) return failed(failure_);
    if (step == Step::done) ++first;
  }
  return {};
}

// Of all kinds those whose scope's hash begins with the byte: in either format they lie near each other.
FormatUpgrade::Step FormatUpgrade::renew_keys_of(BaselineStore& partition, char first_of_scope) {
  const auto writer = partition.write();
  std::vector<std::string> old;
  std::vector<std::pair<std::string, std::string>> renewed;
  each_old_kind([&](std::string prefix) {
    prefix += first_of_scope;
    writer->scan(Table::facts, prefix, prefix, [&](std::string_view key, std::string_view value) {
      if (!is_key_of_format_2(key)) return true;
      old.emplace_back(key);
      if (const auto fact = decode_fact(value))
        renewed.emplace_back(renewed_fact_key(hash_key_, key, fact->scope), value);
      return old.size() < facts_a_step_;
    });
    return old.size() < facts_a_step_;
  });
  failure_ = writer->failure();
  if (!failure_.empty()) return Step::failed;
  if (old.empty()) return Step::done;
  std::sort(renewed.begin(), renewed.end());
  for (const std::string& key : old) writer->erase(Table::facts, key);
  for (const auto& [key, value] : renewed) writer->put(Table::facts, key, value);
  if (writer->commit() != CommitOutcome::committed) {
    failure_ = writer->failure();
    return Step::failed;
  }
  return old.size() < facts_a_step_ ? Step::done : Step::more;
}

Status FormatUpgrade::note_format(bool is_new) {
  const std::uint64_t format = format_of(*alerts_.read());
  if (format >= kStoreFormat) return {};
  const auto writer = alerts_.write();
  if (!is_new && format < 2) {
    std::vector<std::unique_ptr<StoreReader>> readers;
    for (const auto& partition : partitions_) readers.push_back(partition->read());
    const BaselineView view(hash_key_, readers, *writer);
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
