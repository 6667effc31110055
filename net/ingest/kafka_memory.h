#pragma once
// KafkaMemory: where this installation was in each partition, by its own account. Brokers forget the positions of a
// group, and with them whether there ever were any; so it can be told when a topic was made anew.
//
// Shape:  a text with a line for each partition: its number, the position, the topic.
// Thread: one owner.
// Bounds: kPartitionsMax; later ones are not remembered.
// Errors: a line that cannot be read is passed over: what is not remembered counts as never read.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/log.h"
#include "net/ingest/kafka_counters.h"
#include "net/kafka/kafka_client.h"

namespace straykey {

class KafkaMemory {
 public:
  static constexpr std::size_t kPartitionsMax = 100'000;

  void read(std::string_view text);
  [[nodiscard]] std::string text() const;
  void note(const KafkaPosition& position);
  [[nodiscard]] std::optional<std::int64_t> position(const KafkaPartition& partition) const;
  [[nodiscard]] bool knows_topic(std::string_view topic) const;
  // It was changed since text() was called last.
  [[nodiscard]] bool changed() const noexcept { return changed_; }
  // A partition was noted that is new.
  [[nodiscard]] bool grown() const noexcept { return grown_; }

 private:
  std::map<KafkaPartition, std::int64_t> positions_;
  mutable bool changed_ = false, grown_ = false;
};

// Where to begin in a partition whose brokers know no position, or one that is not in its log.
struct KafkaBegin {
  std::int64_t offset = 0;
  std::optional<KafkaPositionLoss> loss = {};
  std::int64_t deleted_unread = 0;  // messages
  bool is_added = false;            // the partition came to a topic that was read before
};
struct KafkaPast {
  std::optional<std::int64_t> position;  // of the group or, if the brokers have none, of our own memory
  bool knows_topic = false;
};
[[nodiscard]] KafkaBegin where_to_begin(const KafkaWatermarks& log, const KafkaPast& past, bool from_the_end) noexcept;
// Tells the log that a partition is read from there, and what was lost.
void tell_begin(Log& log, const std::string& source, const KafkaPartition& partition, const KafkaBegin& begin);

}  // namespace straykey
