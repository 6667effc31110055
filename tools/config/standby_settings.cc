#include "tools/config/standby_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/kafka/kafka_properties.h"
#include "tools/config/config_reader.h"
#include "tools/config/did_you_mean.h"
#include "tools/config/setting_kinds.h"

namespace straykey {
namespace {

constexpr std::size_t kTopicBytesMax = 249 - 7;  // Kafka's own limit; groups have the topic's name and ".follow"
constexpr std::size_t kNodeBytesMax = 64;

bool is_topic(std::string_view text) {
  return !text.empty() && text.size() <= kTopicBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// What is wrong with each property by itself.
std::vector<std::string> property_errors(const KafkaPropertyList& properties) {
  std::vector<std::string> errors;
  const auto check = [&errors](const std::string& name) {
    const std::string reason = why_refused(name);
    if (!reason.empty())
      errors.push_back(fmt::format("the property {} is refused: {}{}", in_quotes(name), reason,
                                   did_you_mean(name, allowed_kafka_properties())));
    return reason.empty();
  };
  for (const auto& [name, value] : properties.values) {
    if (!check(name)) continue;
    if (is_secret_property(name))
      errors.push_back(name + " is never written into the configuration: say where it is, with { file = \"/path\" }");
    if (!is_path_property(name)) continue;
    if (const Status file = check_file("file of " + name, value, name == "ssl.key.location"); !file)
      errors.push_back(file.error().message);
  }
  for (const auto& [name, secret] : properties.secrets)
    if (check(name) && !is_secret_property(name)) errors.push_back(name + " is no secret: give its value");
  return errors;
}

}  // namespace

SettingTable standby_table() {
  constexpr RowMaker<WholeConfig> row{{}};
  constexpr auto standby = &Config::standby;
  using Node = StandbyConfig;
  return {.name = "standby",
          .about =
              "A second node that takes the same events, follows what this one judges, and judges and delivers when it "
              "is gone, or the other way round: both nodes have the same [standby]. docs/standby.md says how to set it "
              "up and what happens when.",
          .rows = {row("brokers", of(standby, &Node::brokers), TextKind{},
                       {.words = "some of Apache Kafka's; the others are found through these",
                        .example = "\"kafka-1.example.com:9092,kafka-2.example.com:9092\"",
                        .effect = Effect::at_start}),
                   row("topic", of(standby, &Node::topic), TextKind{},
                       {.words = "of one partition, compacted; made if it is not there",
                        .example = "\"straykey.judged\"",
                        .effect = Effect::at_start}),
                   row("node", of(standby, &Node::node), TextKind{},
                       {.words = "what the other node calls this one",
                        .default_words = "the name of the machine",
                        .example = "\"straykey-1\"",
                        .effect = Effect::at_start}),
                   row("properties", of(standby, &Node::properties), PropertiesKind{},
                       {.words = "of librdkafka",
                        .default_words = "none",
                        .example = "{ \"security.protocol\" = \"SASL_SSL\", \"sasl.password\" = { file = "
                                   "\"/etc/straykey/kafka\" } }",
                        .effect = Effect::at_start})},
          .is_option = true};
}

std::vector<SettingError> standby_errors(const Config& config) {
  std::vector<SettingError> errors;
  const StandbyConfig& standby = config.standby;
  const auto add = [&errors](std::string_view key, std::string message) {
    errors.push_back({"standby." + std::string(key), std::move(message)});
  };
  const bool any = !standby.brokers.empty() || !standby.node.empty() || standby.properties != KafkaPropertyList{};
  if (!standby.on() && any) add("topic", "standby.topic is missing: without it there is no standby");
  if (!standby.on()) return errors;
  if (standby.brokers.empty()) add("brokers", "standby.brokers is missing");
  if (!is_topic(standby.topic))
    add("topic", fmt::format("standby.topic {} is no topic: 1 to {} of A-Z a-z 0-9 . _ -", in_quotes(standby.topic),
                             kTopicBytesMax));
  if (standby.node.size() > kNodeBytesMax)
    add("node", fmt::format("standby.node is longer than {} bytes", kNodeBytesMax));
  for (const std::string& error : property_errors(standby.properties))
    add("properties", "standby.properties: " + error);
  if (!errors.empty()) return errors;
  if (const Status status = check_kafka_properties(standby.properties.values); !status)
    add("properties", "standby.properties: " + status.error().message);
  if (const auto all = standby_properties(standby); !all)
    add("properties", "standby.properties: " + all.error().message);
  return errors;
}

Result<KafkaProperties> standby_properties(const StandbyConfig& standby) {
  KafkaProperties all = standby.properties.values;
  for (const auto& [name, source] : standby.properties.secrets) {
    auto secret = read_secret(source);
    if (!secret) return Error{name + ": " + secret.error().message};
    all[name] = std::move(secret).value();
  }
  return all;
}

}  // namespace straykey
