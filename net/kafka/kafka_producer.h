#pragma once
// KafkaProducer: sends messages, in transactions or without.
//
// Order:  with a transactional_id: init_transactions() once, then begin(), send() any number of times, commit() or
//         abort(), and so on. init_transactions() fences whoever has the same transactional_id: its next call fails
//         with is_fenced, and what it had not committed is aborted.
// Thread: one owner. Callbacks are called by poll(), flush(), commit() and abort().
// Bounds: the library's queue, 64 MiB; send() then says may_try_again. Waits are bounded by their argument; a commit
//         whose wait ended (may_try_again) is asked for again by the same call.
// Errors: KafkaError. A message that could not be sent makes the commit of its transaction fail.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/kafka/kafka_client.h"

struct rd_kafka_topic_s;

namespace straykey {

class KafkaProducer {
 public:
  struct Settings {
    KafkaClientSettings client;
    std::string transactional_id;                           // empty: no transactions
    std::chrono::milliseconds transaction_timeout{10'000};  // the broker's, after which others may read on
    std::chrono::milliseconds message_timeout{10'000};      // until send() is given up; at most transaction_timeout
    std::chrono::milliseconds linger{5};                    // how long a message waits for others
    std::string compression = "none";                       // "gzip", "snappy", "lz4", "zstd"
  };
  struct Callbacks : KafkaCallbacks {
    // Of each message. `tag` is what send() was told; `offset` counts only without an error.
    std::function<void(std::uint64_t tag, const KafkaStatus& status, std::int64_t offset)> on_sent;
  };

  [[nodiscard]] static Result<std::unique_ptr<KafkaProducer>> open(const Settings& settings, Callbacks callbacks);
  // What was not sent is dropped; a transaction that is open ends by its timeout.
  ~KafkaProducer();
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  [[nodiscard]] KafkaStatus init_transactions(std::chrono::milliseconds wait);
  [[nodiscard]] KafkaStatus begin();
  [[nodiscard]] KafkaStatus commit(std::chrono::milliseconds wait);
  [[nodiscard]] KafkaStatus abort(std::chrono::milliseconds wait);

  // Asks where a topic lies, and whether it is there. Otherwise the first message to it waits for that, up to a second.
  [[nodiscard]] KafkaStatus look_up(const std::string& topic, std::chrono::milliseconds wait);

  struct Message {
    std::string_view topic;
    std::optional<std::int32_t> partition = {};  // nullopt: by the key, or any
    std::string_view key = {};
    std::optional<std::string_view> value;  // nullopt: erases the key of a compacted topic
    std::uint64_t tag = 0;
  };
  // Copies the message. Not sent yet when it returns.
  [[nodiscard]] KafkaStatus send(const Message& message);
  // Returns how many callbacks there were.
  int poll(std::chrono::milliseconds wait);
  // Until all is sent, or given up.
  [[nodiscard]] KafkaStatus flush(std::chrono::milliseconds wait);
  // Messages that were not sent yet, or whose callbacks still come.
  [[nodiscard]] std::size_t waiting() const;

 private:
  explicit KafkaProducer(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  struct FreeTopic {
    void operator()(rd_kafka_topic_s* topic) const noexcept;
  };

  const Callbacks callbacks_;
  KafkaHandle client_;
  std::unique_ptr<rd_kafka_topic_s, FreeTopic> topic_;  // what was learned of it lives as long as this
};

}  // namespace straykey
