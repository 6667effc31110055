#include "tools/config/kafka_property_list.h"

#include <fmt/format.h>

#include <utility>

#include "net/kafka/kafka_properties.h"
#include "tools/config/config_reader.h"
#include "tools/config/did_you_mean.h"

namespace straykey {
namespace {

// Empty: it may be set.
std::string refusal_of(const std::string& name) {
  const std::string reason = why_refused(name);
  if (reason.empty()) return {};
  return fmt::format("the property {} is refused: {}{}", in_quotes(name), reason,
                     did_you_mean(name, allowed_kafka_properties()));
}

// Of each by itself.
std::vector<std::string> name_errors(const KafkaPropertyList& properties) {
  std::vector<std::string> errors;
  for (const auto& [name, value] : properties.values) {
    if (std::string refused = refusal_of(name); !refused.empty())
      errors.push_back(std::move(refused));
    else if (is_secret_property(name))
      errors.push_back(name + " is never written into the configuration: say where it is, with { file = \"/path\" }");
  }
  for (const auto& [name, secret] : properties.secrets) {
    if (std::string refused = refusal_of(name); !refused.empty())
      errors.push_back(std::move(refused));
    else if (!is_secret_property(name))
      errors.push_back(name + " is no secret: give its value");
  }
  return errors;
}

}  // namespace

std::vector<std::string> kafka_property_errors(const KafkaPropertyList& properties) {
  std::vector<std::string> errors = name_errors(properties);
  if (!errors.empty()) return errors;
  for (const auto& [name, value] : properties.values)
    if (is_path_property(name))
      if (const Status file = check_file("file of " + name, value, name == "ssl.key.location"); !file)
        errors.push_back(file.error().message);
  if (const Status status = check_kafka_properties(properties.values); !status)
    errors.push_back(status.error().message);
  if (const auto all = read_kafka_properties(properties); !all) errors.push_back(all.error().message);
  return errors;
}

Result<KafkaProperties> read_kafka_properties(const KafkaPropertyList& properties) {
  KafkaProperties all = properties.values;
  for (const auto& [name, source] : properties.secrets) {
    auto secret = read_secret(source);
    if (!secret) return Error{name + ": " + secret.error().message};
    all[name] = std::move(secret).value();
  }
  return all;
}

}  // namespace straykey
