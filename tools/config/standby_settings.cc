#include "tools/config/standby_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "tools/config/config_reader.h"
#include "tools/config/kafka_property_list.h"
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
  // The table turns it on, so one without the settings that it needs is a mistake, not a standby that is off.
  if (!config.places.contains("standby")) return errors;
  if (standby.topic.empty()) add("topic", "standby.topic is missing: without it there is no standby");
  if (standby.brokers.empty()) add("brokers", "standby.brokers is missing");
  if (standby.on() && !is_topic(standby.topic))
    add("topic", fmt::format("standby.topic {} is no topic: 1 to {} of A-Z a-z 0-9 . _ -", in_quotes(standby.topic),
                             kTopicBytesMax));
  if (standby.node.size() > kNodeBytesMax)
    add("node", fmt::format("standby.node is longer than {} bytes", kNodeBytesMax));
  for (const std::string& error : kafka_property_errors(standby.properties))
    add("properties", "standby.properties: " + error);
  return errors;
}

}  // namespace straykey
