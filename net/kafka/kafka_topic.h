#pragma once
// The topic of [standby]: it has one partition and is compacted, so that it keeps the newest value of every key.
//
// Thread: any (a function of its arguments). It blocks for the brokers' answers.
// Errors: a sentence. A topic that would forget is refused; whoever may not read a topic's settings is believed.
#include <chrono>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "net/kafka/kafka_client.h"

namespace straykey {

// Creates the topic if it is not there, and looks whether it is as it must be.
[[nodiscard]] Status ensure_compacted_topic(const KafkaClientSettings& client, const std::string& topic,
                                            std::chrono::milliseconds wait);
// What is wrong with a cleanup.policy; empty: nothing.
[[nodiscard]] std::string cleanup_policy_objection(std::string_view topic, std::string_view policy);

}  // namespace straykey
