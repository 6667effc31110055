#pragma once
// KafkaSender: pops requests from the queue and sends each as one message to a topic of Apache Kafka.
//
// Shape:  a message has no key, because [[kafka_source]] looks at none, so that all partitions get a part. Each sender
//         is a producer of its own (acks=all, idempotent) and has one message under way, as HttpSender has one request.
// Thread: each sender has a thread of its own; run() returns when the queue has nothing more.
// Bounds: kMessageBytesMax, which brokers take unless they are told otherwise. The library sends a message again for
//         give_up_s; then it is given up, and that stops the queue.
// Errors: what brokers refuse for good, such as a missing right, is counted as refused and named.
#include <cstddef>
#include <optional>
#include <string>

#include "net/kafka/kafka_producer.h"
#include "tools/replay/send_turn.h"

namespace straykey {

struct KafkaSenderSettings {
  KafkaClientSettings client;
  std::string topic;
  bool gzip = false;  // Kafka's own compression, of batches
  double give_up_s = 120;
};

class KafkaSender {
 public:
  static constexpr std::size_t kMessageBytesMax = 900'000;

  KafkaSender(const KafkaSenderSettings& settings, RequestQueue& queue, SenderClock clock);

  // Whether the brokers can be reached, let us in and have the topic.
  [[nodiscard]] static Status look_at_topic(const KafkaSenderSettings& settings);
  void run();
  [[nodiscard]] const SendTally& tally() const noexcept { return tally_; }

 private:
  void send(KafkaProducer& producer, const RequestQueue::Taken& taken, double free_s);
  // nullopt: it was given up.
  [[nodiscard]] std::optional<KafkaStatus> exchange(KafkaProducer& producer, const std::string& body);

  const KafkaSenderSettings& settings_;
  RequestQueue& queue_;
  SenderClock clock_;
  SendTally tally_;
  std::optional<KafkaStatus> sent_;  // how the message ended
};

}  // namespace straykey
