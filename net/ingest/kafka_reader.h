#pragma once
// KafkaReader: one membership in a group: joins it, hands messages over, commits how far they are stored, and leaves.
//
// Order:  open(), read(), leave(). A reader serves once.
// Thread: one owner.
// Durable: a position is committed once all messages before it are stored. Whatever is taken away before that is read
//          again by whoever has it then, which never harms.
// Bounds: what KafkaInHand bounds, and Settings::queued_bytes in the library. When there is no room it waits for a
//         second and then pauses its partitions; it polls all the same, so that the group does not take it for dead.
// Errors: counted and logged with what to change. No error of a message, partition or broker ends it; what ends it is
//         Dependencies::ended, a fatal error of the client, or a stranger in the group who has more right to it.
// Source: a group belongs to one installation, because each of two would learn from half of the events.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "net/ingest/kafka_counters.h"
#include "net/ingest/kafka_in_hand.h"
#include "net/ingest/kafka_memory.h"
#include "net/ingest/kafka_order.h"
#include "net/kafka/kafka_consumer.h"

namespace straykey {

class KafkaStart;

class KafkaReader {
 public:
  struct Settings {
    std::string source;
    KafkaClientSettings client;
    std::string group;
    std::vector<std::string> topics;
    bool from_the_end = false;
    std::size_t queued_bytes = std::size_t{64} << 20;
  };
  struct Dependencies {
    KafkaInHand& in_hand;
    KafkaMemory& memory;
    KafkaCounters& counters;
    Log& log;
    std::function<Seconds()> now;
    std::function<bool()> ended;                         // the source stops, or wants another reader
    std::function<void()> on_refused;                    // brokers refuse us: secrets may have changed
    std::function<Status(const std::string&)> remember;  // keeps KafkaMemory::text()
  };
  KafkaReader(Settings settings, Dependencies dependencies);
  ~KafkaReader();
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;

  [[nodiscard]] Status open();
  void read();
  void leave();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool join();
  [[nodiscard]] bool ended() const { return has_failed_ || dependencies_.ended(); }
  void poll_for(std::chrono::milliseconds wait);
  void poll_messages();
  void take(const KafkaMessage& message);
  [[nodiscard]] Seconds time_of(const KafkaMessage& message) const;
  void begin_assigned();
  struct Kept {
    std::int64_t offset;
    std::string value;
    KafkaInHand::Times times;
  };
  void add(const KafkaPosition& at, std::string_view value, KafkaInHand::Times times);
  void add_kept();
  void make_room();
  // Once a second.
  void tick();
  void commit();
  void note_committed(const std::vector<KafkaPosition>& positions);
  void hold_those_ahead();
  void read_failed_again();
  // Whose topic is gone has no position any more: what comes under its name is another topic.
  void look_for_gone_topics();
  void begin_lost();
  [[nodiscard]] bool begin(const KafkaPartition& partition);
  void look_at_lag(bool asks);
  // False: there are strangers whom this reader has to leave the group to, or wait for.
  [[nodiscard]] bool look_at_members(bool has_joined);
  void save_memory();

  void on_assigned(const std::vector<KafkaPartition>& partitions);
  void on_revoked(const std::vector<KafkaPartition>& partitions, bool lost);
  void on_partition_error(const KafkaPartition& partition, const KafkaError& error);
  void on_error(const KafkaError& error);
  void on_unknown_topic(const KafkaError& error);
  void on_committed(const KafkaStatus& status);
  [[nodiscard]] Seconds steady_s() const;

  const Settings settings_;
  const Dependencies dependencies_;
  std::unique_ptr<KafkaConsumer> consumer_;
  KafkaOrder order_;
  const std::unique_ptr<KafkaStart> start_;
  // The next message of each partition that waits for others; more only if some came in spite of that.
  std::map<KafkaPartition, std::vector<Kept>> kept_;
  std::set<KafkaPartition> lost_;                         // they have no position
  std::optional<std::vector<KafkaPosition>> committing_;  // until on_committed
  bool has_end_ = false;                                  // a partition has been read to its end
  bool is_paused_ = false;                                // for want of memory
  bool has_failed_ = false;
  bool told_of_rights_ = false;
  int unanswered_ = 0;  // looks at the members, one after the other
  Clock::time_point tick_at_{}, members_at_{}, asked_at_{}, saved_at_{}, lost_at_{}, committing_since_{};
  bool misses_topic_ = false;  // the brokers did not know one
  bool was_gone_ = false;      // one of which we have partitions
  Clock::time_point missed_at_{};
};

}  // namespace straykey
