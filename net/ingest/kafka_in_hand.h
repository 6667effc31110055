#pragma once
// KafkaInHand: messages between their poll and their end, and how far each partition is stored.
//
// Shape:  the reader adds messages; workers take them in batches, small messages many at a time. A partition is stored
//         up to the first of its messages that is not: that is the position to commit.
// Order:  messages are taken in the order in which they were added, and finish in any order; but one of a later day is
//         taken only when what was begun of earlier days has finished. What is finished of a partition that was taken
//         away or begun anew since does not count.
// Thread: any (synchronised inside).
// Bounds: bytes_max of what waits; add() never refuses, so the reader asks has_room() first.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "net/kafka/kafka_client.h"

namespace straykey {

struct KafkaBatch {
  struct Message {
    KafkaPartition partition;
    std::uint64_t assignment = 0;  // of the partition, when it was added
    std::int64_t offset = 0;
    std::string value;
    Day day = 0;  // of its events; 0: unknown
  };
  std::vector<Message> messages;
  std::size_t bytes = 0;
  std::int64_t newest_ms = 0;  // 0: no message says its time
};

class KafkaInHand {
 public:
  static constexpr std::size_t kBatchMessagesMax = 1'000;
  static constexpr std::size_t kBatchBytesMax = std::size_t{1} << 20;

  explicit KafkaInHand(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // --- the reader's ---
  // Read from now on. `stored`: where it begins, if that is known.
  void assign(const KafkaPartition& partition, std::optional<std::int64_t> stored = std::nullopt);
  struct Times {
    std::int64_t sent_ms = 0;  // Kafka's; 0: none
    Day day = 0;               // of its events; 0: unknown
  };
  void add(const KafkaPartition& partition, std::int64_t offset, std::string_view value, Times times);
  // A message that needs no work.
  void pass(const KafkaPartition& partition, std::int64_t offset);
  [[nodiscard]] bool has_room() const;
  // Less than half of what may wait does.
  [[nodiscard]] bool has_much_room() const;
  // Until has_room(), or somebody stopped it.
  void wait_for_room(std::chrono::milliseconds wait) const;
  // Drops what waits of these partitions, and waits until what was begun of them has ended.
  void let_go(const std::vector<KafkaPartition>& partitions, std::chrono::milliseconds wait);
  // They are not ours any more.
  void revoke(const std::vector<KafkaPartition>& partitions);
  // How far each is stored, where that has changed since it was taken last.
  [[nodiscard]] std::vector<KafkaPosition> take_stored();
  // They were not committed: take_stored() gives them again.
  void give_back(const std::vector<KafkaPosition>& positions);
  [[nodiscard]] std::optional<std::int64_t> stored(const KafkaPartition& partition) const;
  // The offset behind the last message that was added or passed.
  [[nodiscard]] std::optional<std::int64_t> next(const KafkaPartition& partition) const;
  [[nodiscard]] std::vector<KafkaPartition> partitions() const;
  // Partitions of which a batch could not be stored: they have to be read again from what is stored.
  [[nodiscard]] std::vector<KafkaPartition> take_failed();

  // --- the workers' ---
  // nullopt: stopped.
  [[nodiscard]] std::optional<KafkaBatch> take();
  void finish(const KafkaBatch& batch, bool stored);

  // Nothing more is handed out.
  void stop();

 private:
  struct Entry {
    std::int64_t offset;
    bool done;
  };
  struct Partition {
    std::uint64_t assignment = 0;
    std::deque<Entry> entries;  // those behind `stored`
    std::optional<std::int64_t> stored, taken, next;
    std::size_t begun = 0;  // messages in the hands of workers
    bool failed = false;
  };
  void advance(Partition& partition);
  [[nodiscard]] bool may_begin(Day day) const;
  [[nodiscard]] bool any_begun(const std::vector<KafkaPartition>& partitions) const;

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<KafkaPartition, Partition> partitions_;
  struct Waiting {
    KafkaBatch::Message message;
    std::int64_t sent_ms;
  };
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::map<Day, std::size_t> begun_;  // messages in the hands of workers, by day
  std::uint64_t assignments_ = 0;
  bool stopped_ = false;
};

}  // namespace straykey
