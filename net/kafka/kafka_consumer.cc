#include "net/kafka/kafka_consumer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <utility>

namespace straykey {
namespace {

const KafkaConsumer::Callbacks& callbacks_of(const void* opaque) {
  return static_cast<const KafkaConsumer::Callbacks&>(*static_cast<const KafkaCallbacks*>(opaque));
}

std::vector<KafkaPartition> partitions_in(const rd_kafka_topic_partition_list_t& list) {
  std::vector<KafkaPartition> partitions;
  for (const KafkaPosition& position : positions_of(list)) partitions.push_back(position.partition);
  return partitions;
}

std::vector<KafkaPosition> without_offsets(const std::vector<KafkaPartition>& partitions) {
  std::vector<KafkaPosition> positions;
  for (const KafkaPartition& partition : partitions) positions.push_back({partition, kKafkaNoOffset});
  return positions;
}

// An error of the call, which frees it, or of the first partition that has one.
KafkaStatus status_of(rd_kafka_error_t* error, const rd_kafka_topic_partition_list_t& list) {
  if (KafkaStatus status = kafka_status(error)) return status;
  for (int i = 0; i < list.cnt; ++i)
    if (KafkaStatus status = kafka_status(list.elems[i].err)) return status;
  return std::nullopt;
}

void report(const KafkaConsumer::Callbacks& callbacks, const KafkaStatus& status) {
  if (status && callbacks.on_error) callbacks.on_error(*status);
}

void assign(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& list,
            const KafkaConsumer::Callbacks& callbacks) {
  std::vector<KafkaPosition> positions = without_offsets(partitions_in(list));
  if (callbacks.on_assigned)
    for (const KafkaPosition& begin : callbacks.on_assigned(partitions_in(list)))
      for (KafkaPosition& position : positions)
        if (position.partition == begin.partition) position.offset = begin.offset;
  const KafkaList begins = kafka_list(positions);
  report(callbacks, kafka_status(rd_kafka_incremental_assign(client, begins.get())));
}

void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* list, void* opaque) {
  const KafkaConsumer::Callbacks& callbacks = callbacks_of(opaque);
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return assign(client, *list, callbacks);
  const bool lost = rd_kafka_assignment_lost(client) != 0;
  if (what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) report(callbacks, kafka_status(what));
  if (callbacks.on_revoked) callbacks.on_revoked(partitions_in(*list), lost);
  report(callbacks, kafka_status(rd_kafka_incremental_unassign(client, list)));
}

void on_committed(rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* list, void* opaque) {
  const KafkaConsumer::Callbacks& callbacks = callbacks_of(opaque);
  if (!callbacks.on_committed || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  KafkaStatus status = kafka_status(error);
  if (!status && list != nullptr) status = status_of(nullptr, *list);
  callbacks.on_committed(status);
}

struct FreeQueue {
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
};
struct FreeEvent {
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, FreeQueue>;
using QueueEvent = std::unique_ptr<rd_kafka_event_t, FreeEvent>;

KafkaStatus timed_out() {
  return kafka_status(RD_KAFKA_RESP_ERR__TIMED_OUT);
}

KafkaPartition partition_of(const rd_kafka_message_t& message) {
  return {message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "", message.partition};
}

}  // namespace

void KafkaMessage::Free::operator()(rd_kafka_message_s* message) const noexcept {
  rd_kafka_message_destroy(message);
}

std::string_view KafkaMessage::topic() const noexcept {
  return rd_kafka_topic_name(message_->rkt);
}

std::int32_t KafkaMessage::partition() const noexcept {
  return message_->partition;
}

std::int64_t KafkaMessage::offset() const noexcept {
  return message_->offset;
}

std::string_view KafkaMessage::key() const noexcept {
  return {static_cast<const char*>(message_->key), message_->key_len};
}

std::optional<std::string_view> KafkaMessage::value() const noexcept {
  if (message_->payload == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(message_->payload), message_->len);
}

std::optional<std::int64_t> KafkaMessage::time_ms() const noexcept {
  rd_kafka_timestamp_type_t type{};
  const std::int64_t time_ms = rd_kafka_message_timestamp(message_.get(), &type);
  if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || time_ms < 0) return std::nullopt;
  return time_ms;
}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(const Settings& settings, Callbacks callbacks) {
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(std::move(callbacks)));
  auto conf = make_kafka_conf(
      settings.client,
      {{"group.id", settings.group},
       {"partition.assignment.strategy", "cooperative-sticky"},
       {"session.timeout.ms", std::to_string(settings.session_timeout.count())},
       {"heartbeat.interval.ms", std::to_string(settings.heartbeat.count())},
       {"max.poll.interval.ms", std::to_string(settings.poll_interval_max.count())},
       {"queued.max.messages.kbytes", std::to_string(std::max<std::size_t>(settings.queued_bytes >> 10, 1))},
       {"enable.auto.commit", "false"},
       {"enable.auto.offset.store", "false"},
       {"auto.offset.reset", "error"},
       {"enable.partition.eof", consumer->callbacks_.on_end ? "true" : "false"},
       {"isolation.level", "read_committed"}});
  if (!conf) return conf.error();
  set_kafka_callbacks(conf->get(), consumer->callbacks_);
  rd_kafka_conf_set_rebalance_cb(conf->get(), on_rebalance);
  rd_kafka_conf_set_offset_commit_cb(conf->get(), on_committed);
  std::array<char, 512> reason{};
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf->get(), reason.data(), reason.size());
  if (client == nullptr) return Error{reason.data()};
  (void)conf->release();  // the client's now
  consumer->client_.reset(client);
  if (Status status = start_kafka_callbacks(client, consumer->callbacks_); !status) return status.error();
  (void)rd_kafka_poll_set_consumer(client);
  consumer->is_open_ = true;
  return consumer;
}

KafkaConsumer::~KafkaConsumer() = default;

KafkaStatus KafkaConsumer::subscribe(const std::vector<std::string>& topics) {
  std::vector<KafkaPosition> positions;
  for (const std::string& topic : topics) positions.push_back({{topic, RD_KAFKA_PARTITION_UA}, kKafkaNoOffset});
  return kafka_status(rd_kafka_subscribe(client_.get(), kafka_list(positions).get()));
}

KafkaStatus KafkaConsumer::assign(const std::vector<KafkaPosition>& positions) {
  return kafka_status(rd_kafka_assign(client_.get(), kafka_list(positions).get()));
}

std::optional<KafkaMessage> KafkaConsumer::poll(std::chrono::milliseconds wait) {
  rd_kafka_message_t* const polled = rd_kafka_consumer_poll(client_.get(), kafka_wait(wait));
  if (polled == nullptr) return std::nullopt;
  KafkaMessage message(polled);
  if (polled->err == RD_KAFKA_RESP_ERR_NO_ERROR) return message;
  if (polled->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (callbacks_.on_end) callbacks_.on_end(partition_of(*polled));
    return std::nullopt;
  }
  const KafkaStatus status = kafka_status(polled->err, rd_kafka_message_errstr(polled));
  if (polled->rkt == nullptr)
    report(callbacks_, status);
  else if (callbacks_.on_partition_error)
    callbacks_.on_partition_error(partition_of(*polled), *status);
  return std::nullopt;
}

// A seek is refused in a partition whose position was lost, so the partition is given back and taken again.
KafkaStatus KafkaConsumer::restart(const KafkaPosition& position) {
  const KafkaList list = kafka_list({position});
  if (KafkaStatus failed = kafka_status(rd_kafka_incremental_unassign(client_.get(), list.get()))) return failed;
  return kafka_status(rd_kafka_incremental_assign(client_.get(), list.get()));
}

KafkaStatus KafkaConsumer::pause(const std::vector<KafkaPartition>& partitions) {
  const KafkaList list = kafka_list(without_offsets(partitions));
  return kafka_status(rd_kafka_pause_partitions(client_.get(), list.get()));
}

KafkaStatus KafkaConsumer::resume(const std::vector<KafkaPartition>& partitions) {
  const KafkaList list = kafka_list(without_offsets(partitions));
  return kafka_status(rd_kafka_resume_partitions(client_.get(), list.get()));
}

void KafkaConsumer::close() {
  if (!std::exchange(is_open_, false)) return;
  (void)rd_kafka_consumer_close(client_.get());
}

KafkaStatus KafkaConsumer::commit_soon(const std::vector<KafkaPosition>& positions) {
  return kafka_status(rd_kafka_commit(client_.get(), kafka_list(positions).get(), 1));
}

KafkaStatus KafkaConsumer::commit(const std::vector<KafkaPosition>& positions, std::chrono::milliseconds wait) {
  const Queue queue(rd_kafka_queue_new(client_.get()));
  if (KafkaStatus failed = kafka_status(
          rd_kafka_commit_queue(client_.get(), kafka_list(positions).get(), queue.get(), nullptr, nullptr)))
    return failed;
  const QueueEvent event(rd_kafka_queue_poll(queue.get(), kafka_wait(wait)));
  if (event == nullptr) return timed_out();
  if (KafkaStatus failed = kafka_status(rd_kafka_event_error(event.get()))) return failed;
  const rd_kafka_topic_partition_list_t* const list = rd_kafka_event_topic_partition_list(event.get());
  return list == nullptr ? std::nullopt : status_of(nullptr, *list);
}

KafkaStatus KafkaConsumer::committed(std::vector<KafkaPosition>& positions, std::chrono::milliseconds wait) const {
  const KafkaList list = kafka_list(positions);
  if (KafkaStatus failed = kafka_status(rd_kafka_committed(client_.get(), list.get(), kafka_wait(wait)))) return failed;
  if (KafkaStatus failed = status_of(nullptr, *list)) return failed;
  positions = positions_of(*list);
  return std::nullopt;
}

KafkaStatus KafkaConsumer::watermarks(const KafkaPartition& partition, KafkaWatermarks& to,
                                      std::chrono::milliseconds wait) const {
  return kafka_status(rd_kafka_query_watermark_offsets(client_.get(), partition.topic.c_str(), partition.number,
                                                       &to.low, &to.high, kafka_wait(wait)));
}

KafkaStatus KafkaConsumer::offsets_at(std::int64_t time_ms, std::vector<KafkaPosition>& positions,
                                      std::chrono::milliseconds wait) const {
  for (KafkaPosition& position : positions) position.offset = time_ms;
  const KafkaList list = kafka_list(positions);
  if (KafkaStatus failed = kafka_status(rd_kafka_offsets_for_times(client_.get(), list.get(), kafka_wait(wait))))
    return failed;
  if (KafkaStatus failed = status_of(nullptr, *list)) return failed;
  positions = positions_of(*list);
  return std::nullopt;
}

std::optional<KafkaWatermarks> KafkaConsumer::last_watermarks(const KafkaPartition& partition) const {
  KafkaWatermarks watermarks;
  if (rd_kafka_get_watermark_offsets(client_.get(), partition.topic.c_str(), partition.number, &watermarks.low,
                                     &watermarks.high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      watermarks.high < 0)
    return std::nullopt;
  return watermarks;
}

KafkaStatus KafkaConsumer::partitions_of(const std::string& topic, std::size_t& count,
                                         std::chrono::milliseconds wait) const {
  struct FreeTopic {
    void operator()(rd_kafka_topic_t* it) const noexcept { rd_kafka_topic_destroy(it); }
  };
  struct FreeMetadata {
    void operator()(const rd_kafka_metadata_t* it) const noexcept { rd_kafka_metadata_destroy(it); }
  };
  const std::unique_ptr<rd_kafka_topic_t, FreeTopic> asked(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  if (KafkaStatus failed = kafka_status(rd_kafka_metadata(client_.get(), 0, asked.get(), &answer, kafka_wait(wait))))
    return failed;
  const std::unique_ptr<const rd_kafka_metadata_t, FreeMetadata> metadata(answer);
  count = 0;
  if (metadata->topic_cnt != 1) return std::nullopt;
  const rd_kafka_metadata_topic_t& it = metadata->topics[0];
  if (it.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return std::nullopt;
  count = static_cast<std::size_t>(it.partition_cnt);
  return kafka_status(it.err);
}

// Not by the library's newer question that describes groups: in 2.0.2 it was seen to abort the process, by an assertion
// of its queues, while the only broker was gone.
KafkaStatus KafkaConsumer::members_of(const std::string& group, std::vector<Member>& members,
                                      std::chrono::milliseconds wait) const {
  const struct rd_kafka_group_list* found = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_list_groups(client_.get(), group.c_str(), &found, kafka_wait(wait));
  const std::unique_ptr<const struct rd_kafka_group_list, decltype(&rd_kafka_group_list_destroy)> list(
      found, &rd_kafka_group_list_destroy);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(code);
  members.clear();
  for (int i = 0; i < list->group_cnt; ++i) {
    const struct rd_kafka_group_info& one = list->groups[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_status(one.err);
    for (int k = 0; k < one.member_cnt; ++k) members.push_back({one.members[k].client_id, one.members[k].client_host});
  }
  return std::nullopt;
}

}  // namespace straykey
