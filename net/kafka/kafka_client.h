#pragma once
// What consumers and producers of Apache Kafka share: how a client reaches its brokers, what it reports, and what went
// wrong.
//
// Shape:  librdkafka's objects stand behind unique_ptr, and only the .cc files of this room know librdkafka.
// Thread: a client's callbacks are called by whoever calls its poll(); `token` by a thread of the library.
// Errors: KafkaError says what may be done about it, in librdkafka's own terms: try again, abort the transaction, or
//         throw the client away (fatal). `fenced` is fatal too: another client took the place of this one.
// Source: librdkafka 2.0.2 (Debian 12): its introduction, and its list of properties.
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_error_s;
struct rd_kafka_topic_partition_list_s;

namespace straykey {

// Of the librdkafka that runs: "2.0.2".
[[nodiscard]] std::string kafka_library_version();

using KafkaProperties = std::map<std::string, std::string, std::less<>>;

struct KafkaClientSettings {
  std::string brokers;         // "b1:9092,b2:9092"
  std::string client_id;       // brokers and other members of a group see it
  KafkaProperties properties;  // librdkafka's; secrets are in them. See kafka_properties.h
};

struct KafkaError {
  std::string name;     // librdkafka's: "_TRANSPORT", "TOPIC_AUTHORIZATION_FAILED"
  std::string message;  // in its words
  bool may_try_again = false;
  bool must_abort = false;  // the transaction
  bool is_fatal = false;    // the client
  bool is_fenced = false;

  // "message (name)", for a log.
  [[nodiscard]] std::string text() const { return message + " (" + name + ")"; }
};
// nullopt: it is done.
using KafkaStatus = std::optional<KafkaError>;

// For OAUTHBEARER.
struct KafkaToken {
  std::string value, principal;
  std::int64_t ends_at_ms = 0;  // since 1970
};

struct KafkaCallbacks {
  // Of a broker, of all of them, or of the client. May be empty, as the others.
  std::function<void(const KafkaError&)> on_error;
  std::function<void(bool is_error, std::string_view line)> on_log;  // warnings and errors of the library
  std::function<Result<KafkaToken>()> token;                         // asked for before the last one ends
};

struct KafkaPartition {
  std::string topic;
  std::int32_t number = 0;

  auto operator<=>(const KafkaPartition&) const = default;
};

inline constexpr std::int64_t kKafkaBeginning = -2, kKafkaEnd = -1, kKafkaNoOffset = -1001;

// `offset`: of the next message to read, or one of the constants above.
struct KafkaPosition {
  KafkaPartition partition;
  std::int64_t offset = kKafkaNoOffset;

  bool operator==(const KafkaPosition&) const = default;
};

// Offsets of the first message that is there, and of the next one to come.
struct KafkaWatermarks {
  std::int64_t low = 0, high = 0;
};

// --- for the other files of this room ---

struct FreeKafka {
  void operator()(rd_kafka_s* client) const noexcept;
  void operator()(rd_kafka_conf_s* conf) const noexcept;
  void operator()(rd_kafka_topic_partition_list_s* list) const noexcept;
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_s, FreeKafka>;
using KafkaHandle = std::unique_ptr<rd_kafka_s, FreeKafka>;
using KafkaList = std::unique_ptr<rd_kafka_topic_partition_list_s, FreeKafka>;

// `ours` overrules what the settings say. `callbacks` is handed to the library, which is told of it by `owner`:
// librdkafka's opaque, which callbacks_of() turns back.
[[nodiscard]] Result<KafkaConf> make_kafka_conf(const KafkaClientSettings& settings,
                                                const std::vector<std::pair<std::string, std::string>>& ours);
// What rd_kafka_new() needs besides, and after it. REQUIRES: the opaque of the client is a KafkaCallbacks*.
void set_kafka_callbacks(rd_kafka_conf_s* conf, const KafkaCallbacks& callbacks);
[[nodiscard]] Status start_kafka_callbacks(rd_kafka_s* client, const KafkaCallbacks& callbacks);

[[nodiscard]] KafkaStatus kafka_status(int code);
[[nodiscard]] KafkaStatus kafka_status(int code, std::string message);
// Frees `error`, which may be null.
[[nodiscard]] KafkaStatus kafka_status(rd_kafka_error_s* error);

[[nodiscard]] KafkaList kafka_list(const std::vector<KafkaPosition>& positions);
[[nodiscard]] std::vector<KafkaPosition> positions_of(const rd_kafka_topic_partition_list_s& list);
// As the library takes it: at least 0.
[[nodiscard]] int kafka_wait(std::chrono::milliseconds wait) noexcept;

}  // namespace straykey
