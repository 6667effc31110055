#include "net/kafka/kafka_producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace straykey {
namespace {

constexpr std::size_t kQueueKiB = 64 * 1024;

void on_sent(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  const auto& callbacks = static_cast<const KafkaProducer::Callbacks&>(*static_cast<const KafkaCallbacks*>(opaque));
  if (!callbacks.on_sent) return;
  callbacks.on_sent(reinterpret_cast<std::uintptr_t>(message->_private), kafka_status(message->err), message->offset);
}

}  // namespace

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const Settings& settings, Callbacks callbacks) {
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(std::move(callbacks)));
  const auto message_timeout = settings.transactional_id.empty()
                                   ? settings.message_timeout
                                   : std::min(settings.message_timeout, settings.transaction_timeout);
  std::vector<std::pair<std::string, std::string>> ours{{"enable.idempotence", "true"},
                                                        {"acks", "all"},
                                                        {"linger.ms", std::to_string(settings.linger.count())},
                                                        {"message.timeout.ms", std::to_string(message_timeout.count())},
                                                        {"compression.codec", settings.compression},
                                                        {"queue.buffering.max.kbytes", std::to_string(kQueueKiB)}};
  if (!settings.transactional_id.empty()) {
    ours.emplace_back("transactional.id", settings.transactional_id);
    ours.emplace_back("transaction.timeout.ms", std::to_string(settings.transaction_timeout.count()));
  }
  auto conf = make_kafka_conf(settings.client, ours);
  if (!conf) return conf.error();
  set_kafka_callbacks(conf->get(), producer->callbacks_);
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_sent);
  std::array<char, 512> reason{};
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), reason.data(), reason.size());
  if (client == nullptr) return Error{reason.data()};
  (void)conf->release();  // the client's now
  producer->client_.reset(client);
  if (Status status = start_kafka_callbacks(client, producer->callbacks_); !status) return status.error();
  return producer;
}

KafkaProducer::~KafkaProducer() {
  // Without this, destruction waits for messages that brokers do not take.
  if (client_ != nullptr) (void)rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

KafkaStatus KafkaProducer::init_transactions(std::chrono::milliseconds wait) {
  return kafka_status(rd_kafka_init_transactions(client_.get(), kafka_wait(wait)));
}

KafkaStatus KafkaProducer::begin() {
  return kafka_status(rd_kafka_begin_transaction(client_.get()));
}

KafkaStatus KafkaProducer::commit(std::chrono::milliseconds wait) {
  return kafka_status(rd_kafka_commit_transaction(client_.get(), kafka_wait(wait)));
}

KafkaStatus KafkaProducer::abort(std::chrono::milliseconds wait) {
  return kafka_status(rd_kafka_abort_transaction(client_.get(), kafka_wait(wait)));
}

void KafkaProducer::FreeTopic::operator()(rd_kafka_topic_s* topic) const noexcept {
  rd_kafka_topic_destroy(topic);
}

KafkaStatus KafkaProducer::look_up(const std::string& topic, std::chrono::milliseconds wait) {
  topic_.reset(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  if (KafkaStatus failed = kafka_status(rd_kafka_metadata(client_.get(), 0, topic_.get(), &metadata, kafka_wait(wait))))
    return failed;
  const int code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_metadata_destroy(metadata);
  return kafka_status(code);
}

KafkaStatus KafkaProducer::send(const Message& message) {
  const std::string topic(message.topic);
  const char* const key = message.key.empty() ? nullptr : message.key.data();
  void* const value = message.value ? const_cast<char*>(message.value->data()) : nullptr;
  const std::size_t bytes = message.value ? message.value->size() : 0;
  return kafka_status(rd_kafka_producev(
      client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(message.partition.value_or(-1)),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, message.key.size()), RD_KAFKA_V_VALUE(value, bytes),
      RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(message.tag)), RD_KAFKA_V_END));
}

int KafkaProducer::poll(std::chrono::milliseconds wait) {
  return rd_kafka_poll(client_.get(), kafka_wait(wait));
}

KafkaStatus KafkaProducer::flush(std::chrono::milliseconds wait) {
  return kafka_status(rd_kafka_flush(client_.get(), kafka_wait(wait)));
}

std::size_t KafkaProducer::waiting() const {
  return static_cast<std::size_t>(rd_kafka_outq_len(client_.get()));
}

}  // namespace straykey
