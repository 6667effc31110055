#include "net/ingest/kafka_start.h"

namespace straykey {

void KafkaStart::assigned(const KafkaPartition& partition, Seconds now) {
  if (partitions_.empty()) since_ = now;
  partitions_[partition] = false;
}

void KafkaStart::know(const KafkaPartition& partition) {
  if (const auto found = partitions_.find(partition); found != partitions_.end()) found->second = true;
}

std::optional<std::vector<KafkaPartition>> KafkaStart::begin(Seconds now) {
  if (partitions_.empty()) return std::nullopt;
  std::vector<KafkaPartition> unknown;
  for (const auto& [partition, is_known] : partitions_)
    if (!is_known) unknown.push_back(partition);
  if (!unknown.empty() && now - since_ < kWaitMax) return std::nullopt;
  partitions_.clear();
  return unknown;
}

}  // namespace straykey
