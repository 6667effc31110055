#pragma once
// MockKafka: the brokers that librdkafka can imitate, on loopback, for tests of one client. They keep messages and
// positions in memory.
//
// Thread: one owner. Its brokers have threads of the library.
// Bounds: topics have the partitions that create() says.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <string>
#include <string_view>

namespace straykey {

class MockKafka {
 public:
  explicit MockKafka(int brokers = 1) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    std::array<char, 256> reason{};
    rd_kafka_conf_set(conf, "log_level", "0", reason.data(), reason.size());
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size());
    cluster_ = rd_kafka_mock_cluster_new(client_, brokers);
  }
  ~MockKafka() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void create(const std::string& topic, int partitions) {
    rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1);
  }
  // The next requests of this kind (the protocol's number) are answered with this error.
  void fail_next(std::int16_t request, rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, request, 1, error);
  }

 private:
  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace straykey
