#pragma once
// KafkaConsumer: reads messages, as a member of a group (subscribe) or by itself (assign).
//
// Shape:  it commits and stores no position by itself, and begins nowhere by itself: a partition without a position
//         that the brokers know is a KafkaError "_AUTO_OFFSET_RESET" of on_partition_error, and is read on once
//         restart() says where. Groups rebalance cooperatively: what stays with a member is read on meanwhile.
//         Messages of transactions that were not committed are never seen (read_committed).
// Order:  open(), subscribe() or assign(), poll() again and again, close(). A partition of a group is read between
//         on_assigned and the return of on_revoked.
// Thread: one owner for poll(), subscribe(), assign(), restart() and close(); the others any. The callbacks are called
//         by poll() and close().
// Bounds: Settings::queued_bytes of messages that were fetched and not polled; waits are bounded by their argument.
// Errors: KafkaError.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/kafka/kafka_client.h"

struct rd_kafka_message_s;

namespace straykey {

// One message. Its bytes live as long as it does, and with them the whole batch that the broker sent.
class KafkaMessage {
 public:
  explicit KafkaMessage(rd_kafka_message_s* message) : message_(message) {}

  [[nodiscard]] std::string_view topic() const noexcept;
  [[nodiscard]] std::int32_t partition() const noexcept;
  [[nodiscard]] std::int64_t offset() const noexcept;
  [[nodiscard]] std::string_view key() const noexcept;
  // nullopt: it has none; in a compacted topic the key is erased.
  [[nodiscard]] std::optional<std::string_view> value() const noexcept;
  // Since 1970, of its producer or broker. nullopt: it says none.
  [[nodiscard]] std::optional<std::int64_t> time_ms() const noexcept;

 private:
  struct Free {
    void operator()(rd_kafka_message_s* message) const noexcept;
  };
  std::unique_ptr<rd_kafka_message_s, Free> message_;
};

class KafkaConsumer {
 public:
  struct Settings {
    KafkaClientSettings client;
    std::string group;
    std::chrono::milliseconds session_timeout{10'000};
    std::chrono::milliseconds heartbeat{2'000};
    std::chrono::milliseconds poll_interval_max{300'000};  // without a poll() for so long the group goes on without us
    std::size_t queued_bytes = std::size_t{64} << 20;
  };
  struct Callbacks : KafkaCallbacks {
    // The group gave us these partitions. Returns where to begin with those that are not to begin at their committed
    // position.
    std::function<std::vector<KafkaPosition>(const std::vector<KafkaPartition>&)> on_assigned;
    // They go to others when this returns. `lost`: they have gone already, and a commit would fail.
    std::function<void(const std::vector<KafkaPartition>&, bool lost)> on_revoked;
    // Of one partition, or of a topic (number -1).
    std::function<void(const KafkaPartition&, const KafkaError&)> on_partition_error;
    // All that is there of the partition was polled. Empty: nobody is told.
    std::function<void(const KafkaPartition&)> on_end;
    // How a commit_soon() ended.
    std::function<void(const KafkaStatus&)> on_committed;
  };

  [[nodiscard]] static Result<std::unique_ptr<KafkaConsumer>> open(const Settings& settings, Callbacks callbacks);
  // Without close(): the group waits for session_timeout.
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // A name that begins with ^ is a pattern.
  [[nodiscard]] KafkaStatus subscribe(const std::vector<std::string>& topics);
  // Reads exactly these, without a group's say. Positions that are committed count for those without an offset.
  [[nodiscard]] KafkaStatus assign(const std::vector<KafkaPosition>& positions);
  // nullopt: nothing came.
  [[nodiscard]] std::optional<KafkaMessage> poll(std::chrono::milliseconds wait);
  // Goes on elsewhere in a partition that is assigned. What was fetched of it and not polled is forgotten.
  [[nodiscard]] KafkaStatus restart(const KafkaPosition& position);
  // Nothing more is fetched of them, and what was fetched is forgotten; resume() goes on behind what was polled.
  [[nodiscard]] KafkaStatus pause(const std::vector<KafkaPartition>& partitions);
  [[nodiscard]] KafkaStatus resume(const std::vector<KafkaPartition>& partitions);
  // The group is left. Blocks for the coordinator's answer, if it can be reached.
  void close();

  // `offset`s are of the next messages. Its end is told by on_committed.
  [[nodiscard]] KafkaStatus commit_soon(const std::vector<KafkaPosition>& positions);
  [[nodiscard]] KafkaStatus commit(const std::vector<KafkaPosition>& positions, std::chrono::milliseconds wait);

  // Asks the brokers. Offset kKafkaNoOffset: nothing is committed.
  [[nodiscard]] KafkaStatus committed(std::vector<KafkaPosition>& positions, std::chrono::milliseconds wait) const;
  [[nodiscard]] KafkaStatus watermarks(const KafkaPartition& partition, KafkaWatermarks& to,
                                       std::chrono::milliseconds wait) const;
  // The first messages of this time or a later one; kKafkaEnd where there is none.
  [[nodiscard]] KafkaStatus offsets_at(std::int64_t time_ms, std::vector<KafkaPosition>& positions,
                                       std::chrono::milliseconds wait) const;
  // What the last fetch said, without asking. nullopt: none has yet.
  [[nodiscard]] std::optional<KafkaWatermarks> last_watermarks(const KafkaPartition& partition) const;
  // 0: there is no such topic.
  [[nodiscard]] KafkaStatus partitions_of(const std::string& topic, std::size_t& count,
                                          std::chrono::milliseconds wait) const;
  struct Member {
    std::string client_id, host;
  };
  // Who is in a group now. Needs the right to describe it.
  [[nodiscard]] KafkaStatus members_of(const std::string& group, std::vector<Member>& members,
                                       std::chrono::milliseconds wait) const;

 private:
  explicit KafkaConsumer(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  const Callbacks callbacks_;
  KafkaHandle client_;
  bool is_open_ = false;
};

}  // namespace straykey
