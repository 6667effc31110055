#pragma once
// Which of librdkafka's properties an operator may set, and why not the others.
//
// Shape:  an allow-list. What is on it says how to reach brokers and how much to fetch at a time; what is refused by
//         name would break a promise of ours, or run code that the configuration names.
// Thread: any (functions of their arguments).
// Errors: a sentence.
#include <string>
#include <string_view>
#include <vector>

#include "net/kafka/kafka_client.h"

namespace straykey {

// Empty: it may be set.
[[nodiscard]] std::string why_refused(std::string_view property);
// Its value is a secret, or may hold one: it comes from a file and is never shown.
[[nodiscard]] bool is_secret_property(std::string_view property) noexcept;
// Its value is the path of a file that brokers' clients read.
[[nodiscard]] bool is_path_property(std::string_view property) noexcept;
// All that may be set, for suggestions and documents.
[[nodiscard]] const std::vector<std::string_view>& allowed_kafka_properties();
// What librdkafka says of values; secrets may be missing. REQUIRES: all are allowed.
[[nodiscard]] Status check_kafka_properties(const KafkaProperties& properties);

}  // namespace straykey
