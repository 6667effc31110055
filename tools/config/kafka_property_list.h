#pragma once
// What is wrong with librdkafka's properties as an operator wrote them, and their values with the secrets read.
//
// Thread: any (functions of their arguments, and of the files that these name).
// Errors: a sentence each. None holds a secret.
#include <string>
#include <vector>

#include "core/base/result.h"
#include "net/kafka/kafka_client.h"
#include "tools/config/config.h"

namespace straykey {

// Empty: they can be used.
[[nodiscard]] std::vector<std::string> kafka_property_errors(const KafkaPropertyList& properties);
// All of them, with the secrets in them.
[[nodiscard]] Result<KafkaProperties> read_kafka_properties(const KafkaPropertyList& properties);

}  // namespace straykey
