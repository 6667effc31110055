#include "net/kafka/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <limits>

namespace straykey {
namespace {

constexpr int kLogErrorMost = 3;    // syslog's levels: emergency, alert, critical, error
constexpr int kLogWarningMost = 4;  // notices and what is below them are not told

const KafkaCallbacks& callbacks_of(const void* opaque) {
  return *static_cast<const KafkaCallbacks*>(opaque);
}

bool is_fencing(int code) noexcept {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH || code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

void on_error(rd_kafka_t* client, int code, const char* reason, void* opaque) {
  const KafkaCallbacks& callbacks = callbacks_of(opaque);
  if (!callbacks.on_error) return;
  std::array<char, 512> fatal_reason{};
  KafkaError error{rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)), reason};
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(client, fatal_reason.data(), fatal_reason.size());
    error = {rd_kafka_err2name(cause), fatal_reason.data()};
    error.is_fatal = true;
    error.is_fenced = is_fencing(cause);
  }
  callbacks.on_error(error);
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* line) {
  const KafkaCallbacks& callbacks = callbacks_of(rd_kafka_opaque(client));
  if (level > kLogWarningMost || !callbacks.on_log) return;
  callbacks.on_log(level <= kLogErrorMost, std::string(facility) + ": " + line);
}

void on_token(rd_kafka_t* client, const char*, void* opaque) {
  const Result<KafkaToken> token = callbacks_of(opaque).token();
  if (!token) {
    (void)rd_kafka_oauthbearer_set_token_failure(client, token.error().message.c_str());
    return;
  }
  std::array<char, 512> reason{};
  const KafkaToken& it = token.value();
  if (rd_kafka_oauthbearer_set_token(client, it.value.c_str(), it.ends_at_ms, it.principal.c_str(), nullptr, 0,
                                     reason.data(), reason.size()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    (void)rd_kafka_oauthbearer_set_token_failure(client, reason.data());
}

Status set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> reason{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) == RD_KAFKA_CONF_OK) return {};
  return Error{reason.data()};
}

}  // namespace

std::string kafka_library_version() {
  return rd_kafka_version_str();
}

void FreeKafka::operator()(rd_kafka_s* client) const noexcept {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void FreeKafka::operator()(rd_kafka_conf_s* conf) const noexcept {
  rd_kafka_conf_destroy(conf);
}

void FreeKafka::operator()(rd_kafka_topic_partition_list_s* list) const noexcept {
  rd_kafka_topic_partition_list_destroy(list);
}

Result<KafkaConf> make_kafka_conf(const KafkaClientSettings& settings,
                                  const std::vector<std::pair<std::string, std::string>>& ours) {
  KafkaConf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings.properties)
    if (Status status = set(conf.get(), name, value); !status) return status.error();
  std::vector<std::pair<std::string, std::string>> all{{"bootstrap.servers", settings.brokers},
                                                       {"client.id", settings.client_id},
                                                       {"allow.auto.create.topics", "false"},
                                                       {"log.queue", "true"},
                                                       {"log.connection.close", "false"}};
  all.insert(all.end(), ours.begin(), ours.end());
  for (const auto& [name, value] : all)
    if (Status status = set(conf.get(), name, value); !status) return status.error();
  return conf;
}

void set_kafka_callbacks(rd_kafka_conf_s* conf, const KafkaCallbacks& callbacks) {
  rd_kafka_conf_set_opaque(conf, const_cast<KafkaCallbacks*>(&callbacks));
  rd_kafka_conf_set_error_cb(conf, on_error);
  rd_kafka_conf_set_log_cb(conf, on_log);
  if (!callbacks.token) return;
  rd_kafka_conf_set_oauthbearer_token_refresh_cb(conf, on_token);
  rd_kafka_conf_enable_sasl_queue(conf, 1);
}

Status start_kafka_callbacks(rd_kafka_s* client, const KafkaCallbacks& callbacks) {
  (void)rd_kafka_set_log_queue(client, nullptr);
  // Calls that block, such as that for the first transaction, would wait for a token that only poll() brings.
  if (callbacks.token)
    if (const KafkaStatus failed = kafka_status(rd_kafka_sasl_background_callbacks_enable(client)))
      return Error{failed->message};
  return {};
}

KafkaStatus kafka_status(int code) {
  return kafka_status(code, rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code)));
}

KafkaStatus kafka_status(int code, std::string message) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  KafkaError error{rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)), std::move(message)};
  error.is_fenced = is_fencing(code);
  error.is_fatal = error.is_fenced || code == RD_KAFKA_RESP_ERR__FATAL;
  error.may_try_again = code == RD_KAFKA_RESP_ERR__QUEUE_FULL || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
                        code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
                        code == RD_KAFKA_RESP_ERR__WAIT_COORD;
  return error;
}

KafkaStatus kafka_status(rd_kafka_error_s* error) {
  if (error == nullptr) return std::nullopt;
  const int code = rd_kafka_error_code(error);
  KafkaError made{rd_kafka_error_name(error), rd_kafka_error_string(error)};
  made.may_try_again = rd_kafka_error_is_retriable(error) != 0;
  made.must_abort = rd_kafka_error_txn_requires_abort(error) != 0;
  made.is_fenced = is_fencing(code);
  made.is_fatal = rd_kafka_error_is_fatal(error) != 0;
  rd_kafka_error_destroy(error);
  return made;
}

KafkaList kafka_list(const std::vector<KafkaPosition>& positions) {
  KafkaList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const KafkaPosition& position : positions) {
    const KafkaPartition& partition = position.partition;
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number)->offset = position.offset;
  }
  return list;
}

std::vector<KafkaPosition> positions_of(const rd_kafka_topic_partition_list_s& list) {
  std::vector<KafkaPosition> positions;
  for (int i = 0; i < list.cnt; ++i)
    positions.push_back({{list.elems[i].topic, list.elems[i].partition}, list.elems[i].offset});
  return positions;
}

int kafka_wait(std::chrono::milliseconds wait) noexcept {
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(wait.count(), 0, std::numeric_limits<int>::max()));
}

}  // namespace straykey
