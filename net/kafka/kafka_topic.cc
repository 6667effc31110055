#include "net/kafka/kafka_topic.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>

namespace straykey {
namespace {

constexpr int kReplicasOfBroker = -1;  // as the broker's default.replication.factor says

template <auto destroy>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    destroy(object);
  }
};
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Free<rd_kafka_NewTopic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Free<rd_kafka_queue_destroy>>;
using QueueEvent = std::unique_ptr<rd_kafka_event_t, Free<rd_kafka_event_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Free<rd_kafka_ConfigResource_destroy>>;

Error of_topic(const std::string& topic, std::string_view what) {
  return Error{fmt::format("topic {}: {}", topic, what)};
}

// 0: there is none.
Result<int> partitions_of(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds wait) {
  rd_kafka_topic_t* const handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t failed = rd_kafka_metadata(client, 0, handle, &metadata, kafka_wait(wait));
  rd_kafka_topic_destroy(handle);
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return of_topic(topic, rd_kafka_err2str(failed));
  const std::unique_ptr<const rd_kafka_metadata_t, Free<rd_kafka_metadata_destroy>> owned(metadata);
  if (metadata->topic_cnt != 1) return 0;
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return of_topic(topic, rd_kafka_err2str(found.err));
  return found.partition_cnt;
}

Status create(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds wait) {
  std::array<char, 512> reason{};
  const NewTopic made(rd_kafka_NewTopic_new(topic.c_str(), 1, kReplicasOfBroker, reason.data(), reason.size()));
  if (made == nullptr) return of_topic(topic, reason.data());
  (void)rd_kafka_NewTopic_set_config(made.get(), "cleanup.policy", "compact");
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_NewTopic_t* wanted = made.get();
  rd_kafka_CreateTopics(client, &wanted, 1, nullptr, queue.get());
  const QueueEvent event(rd_kafka_queue_poll(queue.get(), kafka_wait(wait)));
  if (event == nullptr) return of_topic(topic, "it could not be created in time");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return of_topic(topic, rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto* const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t failed = rd_kafka_topic_result_error(results[i]);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR || failed == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    return of_topic(topic, std::string("it cannot be created: ") + rd_kafka_err2str(failed));
  }
  return {};
}

// Empty: it could not be learned.
std::string cleanup_policy(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds wait) {
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const Queue queue(rd_kafka_queue_new(client));
  rd_kafka_ConfigResource_t* asked = resource.get();
  rd_kafka_DescribeConfigs(client, &asked, 1, nullptr, queue.get());
  const QueueEvent event(rd_kafka_queue_poll(queue.get(), kafka_wait(wait)));
  if (event == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  std::size_t resources = 0;
  const auto* const results =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &resources);
  for (std::size_t i = 0; i < resources; ++i) {
    std::size_t entries = 0;
    const auto* const configs = rd_kafka_ConfigResource_configs(results[i], &entries);
    for (std::size_t j = 0; j < entries; ++j) {
      const char* const value = rd_kafka_ConfigEntry_value(configs[j]);
      if (std::string_view(rd_kafka_ConfigEntry_name(configs[j])) == "cleanup.policy" && value != nullptr) return value;
    }
  }
  return {};
}

}  // namespace

std::string cleanup_policy_objection(std::string_view topic, std::string_view policy) {
  if (policy.empty() || policy == "compact") return {};
  return fmt::format(
      "topic {} has cleanup.policy={}, and would forget what stands: make it with cleanup.policy=compact alone", topic,
      policy);
}

Status ensure_compacted_topic(const KafkaClientSettings& settings, const std::string& topic,
                              std::chrono::milliseconds wait) {
  auto conf = make_kafka_conf(settings, {});
  if (!conf) return conf.error();
  const KafkaCallbacks callbacks;
  set_kafka_callbacks(conf->get(), callbacks);
  std::array<char, 512> reason{};
  const KafkaHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), reason.data(), reason.size()));
  if (client == nullptr) return Error{reason.data()};
  (void)conf->release();  // the client's now
  if (Status status = start_kafka_callbacks(client.get(), callbacks); !status) return status.error();
  const auto partitions = partitions_of(client.get(), topic, wait);
  if (!partitions) return partitions.error();
  if (partitions.value() == 0) return create(client.get(), topic, wait);
  if (partitions.value() > 1)
    return of_topic(topic, fmt::format("it has {} partitions; the log of a standby has one", partitions.value()));
  std::string objection = cleanup_policy_objection(topic, cleanup_policy(client.get(), topic, wait));
  if (!objection.empty()) return Error{std::move(objection)};
  return {};
}

}  // namespace straykey
