#pragma once
// KafkaStart: newly assigned partitions are not read before it is known of each which time its first message has.
//
// Shape:  the order of days needs the time of each partition's first unread message. Whoever comes first would be
//         read before that of a slower one is known, maybe days ahead of it. So the reader looks at the first message
//         of each partition, or sees that there is none, and takes none until then; they then begin together.
// Thread: one owner. Time is an argument.
// Bounds: kWaitMax after the first one was assigned. What is not known by then holds nobody up.
#include <map>
#include <optional>
#include <vector>

#include "core/base/time.h"
#include "net/kafka/kafka_client.h"

namespace straykey {

class KafkaStart {
 public:
  static constexpr Seconds kWaitMax = 30;

  // `now` is any clock that only goes forward.
  void assigned(const KafkaPartition& partition, Seconds now);
  void gone(const KafkaPartition& partition) { partitions_.erase(partition); }
  // Nothing is to be taken of it yet.
  [[nodiscard]] bool waits(const KafkaPartition& partition) const { return partitions_.contains(partition); }
  // Its first message came, or there is nothing to read in it.
  void know(const KafkaPartition& partition);
  // Once all are known, or kWaitMax is over: no partition waits any more. Those of which nothing is known.
  [[nodiscard]] std::optional<std::vector<KafkaPartition>> begin(Seconds now);

 private:
  std::map<KafkaPartition, bool> partitions_;  // whether it is known
  Seconds since_ = 0;
};

}  // namespace straykey
