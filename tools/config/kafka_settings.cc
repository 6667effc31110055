#include "tools/config/kafka_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "tools/config/config_reader.h"
#include "tools/config/kafka_property_list.h"
#include "tools/config/setting_kinds.h"

namespace straykey {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::size_t kTopicBytesMax = 249;  // Kafka's own limit
using Kafka = KafkaSourceConfig;
using Inner = KafkaSourceSettings;

std::vector<Setting> rows() {
  constexpr RowMaker<EntryOf<Kafka>> row{{&Config::kafka_sources}};
  const auto inner = [](auto member) { return of(&Kafka::settings, member); };
  return {
      row("name", inner(&Inner::name), TextKind{},
          {.words = "A-Z a-z 0-9 . _ -, up to 64; metrics and rejects go by it",
           .example = "\"trail-topic\"",
           .required = true}),
      row("brokers", inner(&Inner::brokers), TextKind{},
          {.words = "some of them; the others are found through these",
           .example = "\"kafka-1.example.com:9092,kafka-2.example.com:9092\"",
           .required = true}),
      row("topics", inner(&Inner::topics), TextsKind{}, {.example = "[\"cloudtrail\"]", .required = true}),
      row("group", inner(&Inner::group), TextKind{},
          {.words = "one group serves one straykey", .default_words = "\"straykey-\" and the id of this installation"}),
      row("start", inner(&Inner::from_the_end), ChoiceKind<bool>{{{"earliest", false}, {"latest", true}}},
          {.words = "or \"latest\": where a group without positions begins"}),
      row("properties", of(&Kafka::properties), PropertiesKind{},
          {.words = "of librdkafka; docs/kafka.md lists those that may be set",
           .default_words = "none",
           .example =
               "{ \"security.protocol\" = \"SASL_SSL\", \"sasl.password\" = { file = \"/etc/straykey/kafka\" } }"}),
      row("concurrency", inner(&Inner::concurrency), NumberKind{1, 64}, {.words = "threads that read messages"}),
      row("inflated_bytes_max", of(&Kafka::settings, &Inner::limits, &Intake::Limits::inflated_bytes_max),
          SizeKind{kMiB, 16 * kGiB}, {.words = "of a message's value when unpacked"}),
      row("bytes_in_flight_max", inner(&Inner::bytes_in_flight_max), SizeKind{16 * kMiB, 1024 * kGiB},
          {.words = "memory of all messages of this source until they are stored"}),
  };
}

bool all_are(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_broker(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "9092" : text.substr(colon + 1);
  const std::string_view host = text.substr(0, colon);
  return !host.empty() && all_are(host, ".-_[]:") && !port.empty() && port.size() <= 5 &&
         port.find_first_not_of("0123456789") == std::string_view::npos;
}

// What is wrong with one entry, by the key of its setting.
struct Finder {
  const Kafka& source;
  const std::string path;
  std::vector<SettingError>& errors;

  void add(std::string_view key, const std::string& message) {
    errors.push_back(
        {path + "." + std::string(key), fmt::format("kafka_source {}: {}", in_quotes(source.settings.name), message)});
  }
  void check_places() {
    std::string_view rest = source.settings.brokers;
    while (!rest.empty()) {
      const std::string_view broker = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(broker.size() + 1, rest.size()));
      if (!is_broker(broker)) return add("brokers", in_quotes(broker) + " in brokers is no host with a port");
    }
    std::set<std::string> topics;
    for (const std::string& topic : source.settings.topics) {
      if (topic.empty() || topic.size() > kTopicBytesMax || !all_are(topic, "._-"))
        add("topics", in_quotes(topic) + " in topics is no topic: 1 to 249 of A-Z a-z 0-9 . _ -");
      else if (!topics.insert(topic).second)
        add("topics", in_quotes(topic) + " stands twice in topics");
    }
    if (source.settings.topics.empty()) add("topics", "topics is empty");
    if (source.settings.group.size() > kTopicBytesMax) add("group", "group is longer than 249 bytes");
  }
};

}  // namespace

SettingTable kafka_source_table() {
  SettingTable table{
      .name = "kafka_source",
      .about =
          "Events out of topics of Apache Kafka: each message is a body in any form that POST /v1/events takes. "
          "docs/kafka.md says how to set it up, how large, and what happens when.",
      .rows = rows(),
      .repeated = true,
      .way_in = true,
      .is_option = true};
  table.count = [](const Config& config) { return config.kafka_sources.size(); };
  table.append = [](Config& config) { config.kafka_sources.emplace_back(); };
  for (Setting& setting : table.rows) setting.notes.effect = Effect::at_start;
  return table;
}

std::vector<SettingError> kafka_source_errors(const Config& config) {
  std::vector<SettingError> errors;
  std::set<std::string> names;
  std::set<std::pair<std::string, std::string>> groups;
  for (const TokenConfig& token : config.tokens) names.insert(token.source.empty() ? token.name : token.source);
  for (const S3SourceSettings& source : config.s3_sources) names.insert(source.name);
  for (std::size_t i = 0; i < config.kafka_sources.size(); ++i) {
    const Kafka& source = config.kafka_sources[i];
    Finder find{source, "kafka_source." + std::to_string(i), errors};
    const std::string& name = source.settings.name;
    if (name.empty() || name.size() > 64 || !all_are(name, "._-"))
      find.add("name", "a source's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!names.insert(name).second)
      find.add("name", "this name is used twice, by another source or a token");
    if (!source.settings.brokers.empty() && !groups.insert({source.settings.brokers, source.settings.group}).second)
      find.add("group",
               "two sources are in this group of the same brokers: list all topics in one, or give each a group");
    find.check_places();
    for (const std::string& error : kafka_property_errors(source.properties)) find.add("properties", error);
  }
  return errors;
}

}  // namespace straykey
