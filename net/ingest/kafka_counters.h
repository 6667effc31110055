#pragma once
// What a KafkaSource counts, under its own name.
//
// Thread: any. Series of outcomes and reasons exist from the start, so that none of them begins as a gap.
// Bounds: a series for each partition that was ever assigned, kPartitionsMax at most; later ones have none.
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/metrics.h"
#include "net/kafka/kafka_client.h"

namespace straykey {

enum class KafkaMessageEnd : std::uint8_t {
  stored,    // all that it holds
  rejected,  // nothing of it is a record; it is kept as a reject
  empty,     // it has no value
};
// Why a partition is read from the beginning of its log although it had a position.
enum class KafkaPositionLoss : std::uint8_t {
  expired,    // the messages at the position were deleted before they were read
  truncated,  // the log ends before the position, so it was cut or is another topic's
  forgotten,  // the brokers have no position of the group any more: it expired, or the topic was made anew
};
[[nodiscard]] std::string_view name_of(KafkaPositionLoss loss) noexcept;

class KafkaCounters {
 public:
  static constexpr std::size_t kPartitionsMax = 4'096;

  KafkaCounters(Metrics& metrics, std::string source);

  void count(KafkaMessageEnd end, std::uint64_t messages = 1) { ends_[static_cast<std::size_t>(end)]->add(messages); }
  void count(KafkaPositionLoss loss) { losses_[static_cast<std::size_t>(loss)]->add(); }
  // Messages of the partition that are not stored yet.
  void set_lag(const KafkaPartition& partition, double messages);

  Counter& bytes;
  Counter& rebalances;
  Counter& errors;          // of brokers, of partitions, and of commits of positions
  Counter& deleted_unread;  // messages
  Counter& waits;
  Counter& starts_unknown;  // partitions before whose first message others were read
  Gauge& lag_s;             // of the message stored last: from its time until now
  Gauge& partitions;        // assigned
  Gauge& committed;         // when positions were committed last, since 1970
  Gauge& held;              // partitions that wait for slower ones
  Gauge& paused;            // partitions that wait for memory
  Gauge& strangers;         // members of the group that are not of this installation

 private:
  Metrics& metrics_;
  const std::string source_;
  std::array<Counter*, 3> ends_{}, losses_{};
  std::map<KafkaPartition, Gauge*> lags_;  // the reader's
};

}  // namespace straykey
