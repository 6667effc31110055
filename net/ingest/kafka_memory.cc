#include "net/ingest/kafka_memory.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace straykey {
namespace {

// The number at the beginning of `line`, which it then is without, and without the blank behind it.
template <class Number>
std::optional<Number> cut_number(std::string_view& line) noexcept {
  Number number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc() || end == line.data() + line.size() || *end != ' ' || number < 0) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  return number;
}

}  // namespace

void KafkaMemory::read(std::string_view text) {
  while (!text.empty() && positions_.size() < kPartitionsMax) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto number = cut_number<std::int32_t>(line);
    const auto offset = number ? cut_number<std::int64_t>(line) : std::nullopt;
    if (offset && !line.empty()) positions_[{std::string(line), *number}] = *offset;
  }
}

std::string KafkaMemory::text() const {
  std::string text;
  for (const auto& [partition, offset] : positions_)
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", partition.number, offset, partition.topic);
  changed_ = grown_ = false;
  return text;
}

void KafkaMemory::note(const KafkaPosition& position) {
  const auto found = positions_.find(position.partition);
  if (found == positions_.end()) {
    if (positions_.size() >= kPartitionsMax) return;
    positions_.emplace(position.partition, position.offset);
    changed_ = grown_ = true;
  } else if (found->second != position.offset) {
    found->second = position.offset;
    changed_ = true;
  }
}

std::optional<std::int64_t> KafkaMemory::position(const KafkaPartition& partition) const {
  const auto found = positions_.find(partition);
  return found == positions_.end() ? std::nullopt : std::optional(found->second);
}

bool KafkaMemory::knows_topic(std::string_view topic) const {
  const auto found = positions_.lower_bound({std::string(topic), 0});
  return found != positions_.end() && found->first.topic == topic;
}

KafkaBegin where_to_begin(const KafkaWatermarks& log, const KafkaPast& past, bool from_the_end) noexcept {
  KafkaBegin begin{log.low};
  if (!past.position) {
    // Whoever adds a partition sends to it before we hear of it.
    begin.is_added = past.knows_topic;
    if (from_the_end && !begin.is_added) begin.offset = log.high;
    return begin;
  }
  if (*past.position > log.high) {
    begin.loss = KafkaPositionLoss::truncated;
  } else if (*past.position < log.low) {
    begin.loss = KafkaPositionLoss::expired;
    begin.deleted_unread = log.low - *past.position;
  } else {
    begin.loss = KafkaPositionLoss::forgotten;
  }
  return begin;
}

void tell_begin(Log& log, const std::string& source, const KafkaPartition& partition, const KafkaBegin& begin) {
  const std::string number = std::to_string(partition.number), offset = std::to_string(begin.offset);
  if (!begin.loss) {
    const std::string_view why = begin.is_added ? "a partition was added to a topic, and is read from its beginning"
                                                : "a partition is read for the first time";
    return log.info(why, {{"source", source}, {"topic", partition.topic}, {"partition", number}, {"position", offset}});
  }
  const auto tell = [&](std::string_view what, std::string change) {
    log.error(what, {{"source", source},
                     {"topic", partition.topic},
                     {"partition", number},
                     {"position", offset},
                     {"deleted_unread", std::to_string(begin.deleted_unread)},
                     {"change", std::move(change)}});
  };
  switch (*begin.loss) {
    case KafkaPositionLoss::expired:
      return tell("messages were deleted before they were read; the partition is read on from what is left",
                  "a longer retention of the topic, or less lag");
    case KafkaPositionLoss::truncated:
      return tell("a partition ends before our position: it was cut, or its topic was made anew; all of it is read",
                  "unclean.leader.election.enable, or whoever deletes topics");
    case KafkaPositionLoss::forgotten:
      return tell("the brokers forgot our position: the topic was made anew, or the group was away; all of it is read",
                  "whoever deletes topics, or offsets.retention.minutes");
  }
}

}  // namespace straykey
