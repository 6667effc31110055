#pragma once
// KafkaAlertLog: the log of [standby] in a topic of Apache Kafka, and the election of the judge by a group on it.
//
// Shape:  three clients. A member of the group `<topic>.judge`, which reads nothing: whoever is given the topic's only
//         partition is elected. A reader without a group's say, which reads what was committed. A producer with the
//         fixed transactional id `<topic>.judge`, made at each fence(): it shuts out the one before, on whatever node.
// Order:  a transaction of the log is a transaction of Kafka. Its position is the offset behind its last message.
// Durable: acks=all; how many brokers that are is the topic's min.insync.replicas. acks=all is no fsync.
// Units:  a session ends kSession after the last heartbeat: a dead node's place is free after 10 s, and at once after
//         leave(). A producer that dies in a transaction holds readers up for kTransaction.
// Errors: the world's, in a sentence. After a failed append() the producer is thrown away.
// Thread: the merger's; open() and leave() while that one does not run.
// Bounds: kMessagesAtOnce a read(); the calls that wait for brokers wait for kWait at most.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/engine/alert_log.h"
#include "core/engine/log_messages.h"
#include "net/kafka/kafka_consumer.h"
#include "net/kafka/kafka_producer.h"

namespace straykey {

class KafkaAlertLog final : public AlertLog {
 public:
  static constexpr std::chrono::milliseconds kSession{10'000}, kHeartbeat{1'000}, kTransaction{10'000}, kWait{5'000};
  static constexpr std::chrono::milliseconds kFirstFetch{1'000}, kRetry{1'000};
  static constexpr std::size_t kMessagesAtOnce = 5'000;

  struct Settings {
    KafkaClientSettings client;
    std::string topic;
  };
  struct Dependencies {
    Log& log;
    std::function<Seconds()> now;
    std::function<double()> uptime;
  };

  // Brokers need not be reachable. Fails if the settings cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<KafkaAlertLog>> open(Settings settings, Dependencies dependencies);
  ~KafkaAlertLog() override;

  void stand(bool stands) override;
  [[nodiscard]] bool elected() override;
  [[nodiscard]] bool anybody_stands() override;
  [[nodiscard]] Status fence() override;
  [[nodiscard]] Result<std::uint64_t> append(Hash128 log, const LogTransaction& transaction) override;
  [[nodiscard]] Result<Read> read(std::uint64_t from) override;
  [[nodiscard]] std::uint64_t behind(std::uint64_t position) override;
  [[nodiscard]] Seconds now() override { return dependencies_.now(); }

  // Gives the place of the judge up, so that another node has it at once.
  void leave();

 private:
  KafkaAlertLog(Settings settings, Dependencies dependencies)
      : settings_(std::move(settings)), dependencies_(std::move(dependencies)) {}
  [[nodiscard]] Status open_member();
  [[nodiscard]] Status open_reader();
  [[nodiscard]] Status open_producer();
  [[nodiscard]] Status prepare_topic();
  [[nodiscard]] Status begin_at(std::uint64_t from);
  [[nodiscard]] Status send(Hash128 log, const LogTransaction& transaction);
  [[nodiscard]] KafkaPartition partition() const { return {settings_.topic, 0}; }
  [[nodiscard]] std::string judges() const { return settings_.topic + ".judge"; }
  void complain(const KafkaError& error);

  const Settings settings_;
  const Dependencies dependencies_;

  std::unique_ptr<KafkaConsumer> member_;
  bool stands_ = false, elected_ = false, pauses_ = false;

  std::unique_ptr<KafkaConsumer> reader_;
  bool topic_is_ready_ = false;
  double tried_at_ = -10;                 // uptime: when the topic was looked at last
  std::optional<std::uint64_t> reading_;  // the position that the next read() goes on from
  bool is_first_fetch_ = false, out_of_range_ = false;
  std::optional<std::string> read_error_;
  LogAssembler assembler_;

  std::unique_ptr<KafkaProducer> producer_;
  bool is_fenced_ = false;  // the producer has its epoch
  std::uint64_t number_ = 0;
  std::int64_t last_offset_ = -1;  // of the messages that are being sent
  std::string send_error_;
};

}  // namespace straykey
