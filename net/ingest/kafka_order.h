#pragma once
// KafkaOrder: which partitions wait, so that none is far ahead of the others in the time of its events.
//
// Shape:  days decide about verdicts, so after an outage the backlog of one partition must not be judged after today's
//         events of another. A partition more than kAheadMax of event time before the slowest is held, and goes on once
//         it is at most kAheadAgain before it. The time of a partition is that of its next message, so that no message
//         which is too far ahead need be taken. The slowest is one of those that have something to read.
// Thread: one owner. Time is an argument.
// Bounds: a partition is held for kHoldMax at most; then it goes on for good, until it was caught up with. One that has
//         something to read and brings nothing for kStallMax holds nobody up.
// Source: events of one message lie within seconds of each other; the first tells its time.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "net/kafka/kafka_client.h"

namespace straykey {

// Of the first event in a message's value. nullopt: none can be seen, for example in gzip.
[[nodiscard]] std::optional<Seconds> first_event_time(std::string_view value) noexcept;

class KafkaOrder {
 public:
  static constexpr Seconds kAheadMax = 600, kAheadAgain = 300;
  static constexpr Seconds kHoldMax = 6 * 3'600, kStallMax = 60;

  // The next message of the partition has events of this time. `now` is any clock that only goes forward.
  void came(const KafkaPartition& partition, Seconds event_time, Seconds now);
  void begin(const KafkaPartition& partition, Seconds now);
  void end(const KafkaPartition& partition) { partitions_.erase(partition); }
  // Whether there is something to read in it.
  void set_waiting(const KafkaPartition& partition, bool is_waiting);

  struct Changes {
    std::vector<KafkaPartition> hold, go_on, went_on_late;  // the last: also in go_on, after kHoldMax
  };
  [[nodiscard]] Changes decide(Seconds now);
  // A message of this time may be so far ahead of another partition, or so near to one that is held, that decide() is
  // to be called before the message is taken.
  [[nodiscard]] bool may_change_at(Seconds event_time) const { return look_again_ && event_time > *look_again_; }
  [[nodiscard]] bool holds(const KafkaPartition& partition) const;
  [[nodiscard]] std::size_t held() const;

 private:
  struct State {
    std::optional<Seconds> event_time;
    Seconds came_at = 0;
    bool is_waiting = true;
    std::optional<Seconds> held_since;
    bool is_free = false;  // it was held for kHoldMax
  };
  [[nodiscard]] std::optional<Seconds> slowest(Seconds now) const;
  [[nodiscard]] bool release_one(Seconds now, Changes& changes);

  std::map<KafkaPartition, State> partitions_;
  std::optional<Seconds> look_again_;  // nullopt: no time changes anything
};

}  // namespace straykey
