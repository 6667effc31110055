#include "net/ingest/kafka_counters.h"

#include <utility>

namespace straykey {
namespace {

constexpr std::array<std::string_view, 3> kEnds{"stored", "rejected", "empty"};
constexpr std::array<std::string_view, 3> kLosses{"expired", "truncated", "forgotten"};

}  // namespace

std::string_view name_of(KafkaPositionLoss loss) noexcept {
  return kLosses[static_cast<std::size_t>(loss)];
}

KafkaCounters::KafkaCounters(Metrics& metrics, std::string source)
    : bytes(metrics.counter("straykey_kafka_message_bytes_total", "Bytes of messages that were taken from Kafka.",
                            {{"source", source}})),
      rebalances(metrics.counter("straykey_kafka_rebalances_total",
                                 "Times that the group gave or took away partitions.", {{"source", source}})),
      errors(metrics.counter("straykey_kafka_errors_total",
                             "What brokers refused or did not answer, and positions that could not be committed.",
                             {{"source", source}})),
      deleted_unread(metrics.counter("straykey_kafka_deleted_unread_messages_total",
                                     "Messages that the brokers deleted before they were read.", {{"source", source}})),
      waits(metrics.counter("straykey_kafka_waits_total", "Times that messages waited for memory or for the queues.",
                            {{"source", source}})),
      starts_unknown(metrics.counter("straykey_kafka_starts_unknown_total",
                                     "Partitions whose first message did not come in time, so that others were read "
                                     "before it was known which days it has.",
                                     {{"source", source}})),
      lag_s(metrics.gauge("straykey_kafka_lag_seconds",
                          "From the time of the message that was stored last until it was.", {{"source", source}})),
      partitions(metrics.gauge("straykey_kafka_partitions", "Partitions that the group has given to this source.",
                               {{"source", source}})),
      committed(metrics.gauge("straykey_kafka_last_commit_timestamp_seconds",
                              "When positions were committed last, in seconds since 1970; 0: not in this run.",
                              {{"source", source}})),
      held(metrics.gauge("straykey_kafka_held_partitions", "Partitions that wait until slower ones have caught up.",
                         {{"source", source}})),
      paused(
          metrics.gauge("straykey_kafka_paused_partitions", "Partitions that wait for memory.", {{"source", source}})),
      strangers(metrics.gauge("straykey_kafka_strangers", "Members of the group that are not of this installation.",
                              {{"source", source}})),
      metrics_(metrics),
      source_(std::move(source)) {
  for (std::size_t i = 0; i < kEnds.size(); ++i)
    ends_[i] = &metrics_.counter("straykey_kafka_messages_total", "Messages of Kafka, by what became of them.",
                                 {{"source", source_}, {"outcome", kEnds[i]}});
  for (std::size_t i = 0; i < kLosses.size(); ++i)
    losses_[i] = &metrics_.counter("straykey_kafka_positions_lost_total",
                                   "Partitions that were read from their beginning because their position was lost, "
                                   "by reason.",
                                   {{"source", source_}, {"reason", kLosses[i]}});
}

void KafkaCounters::set_lag(const KafkaPartition& partition, double messages) {
  auto found = lags_.find(partition);
  if (found == lags_.end()) {
    if (lags_.size() >= kPartitionsMax) return;
    Gauge& gauge = metrics_.gauge(
        "straykey_kafka_lag_messages", "Messages of a partition that are there and not stored yet.",
        {{"source", source_}, {"topic", partition.topic}, {"partition", std::to_string(partition.number)}});
    found = lags_.emplace(partition, &gauge).first;
  }
  found->second->set(messages);
}

}  // namespace straykey
