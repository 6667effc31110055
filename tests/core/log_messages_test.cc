#include "core/engine/log_messages.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr Hash128 kLog{1, 2};

std::vector<LogMessage> messages_of(const LogTransaction& transaction, std::uint64_t number = 0) {
  auto made = log_messages(kLog, transaction, number);
  REQUIRE(made);
  return std::move(made).value();
}

std::optional<std::string_view> view(const std::optional<std::string>& value) {
  return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

TEST_CASE("log messages: what a transaction says comes back") {
  LogTransaction told{.rows = {{Table::alerts, "key", "value"}, {Table::outbox, std::string("\0k", 2), std::nullopt}},
                      .judged = {{3, 4}, {5, 6}},
                      .claims = {{"siem", {7, 8}}},
                      .term = LogTransaction::Term{"node", 9, {{"tools", "x"}, {"networks", "y"}}},
                      .completes = true};
  LogAssembler assembler;
  std::uint64_t next = 40;
  for (const LogTransaction& transaction : {told, LogTransaction{}})
    for (const LogMessage& message : messages_of(transaction))
      REQUIRE(assembler.take(message.key, view(message.value), ++next));
  const auto entries = assembler.entries();
  REQUIRE_EQ(entries.size(), 2);
  CHECK(entries[0].transaction == told);
  CHECK(entries[0].log == kLog);
  CHECK(entries[1].transaction.empty());
  CHECK_EQ(entries[1].next, next);
  CHECK(assembler.entries().empty());
}

TEST_CASE("log messages: a compacted topic gives the rows that stand, and the newest term") {
  std::mt19937 random(3);
  std::vector<LogMessage> topic;
  std::map<std::string, std::string> stands;
  for (std::uint64_t number = 0; number < 3 * kFrameSlots; ++number) {
    LogTransaction transaction;
    const std::string key = "row" + std::to_string(random() % 500);
    if (random() % 3 == 0) {
      transaction.rows.push_back({Table::hits, key, std::nullopt});
      stands.erase(key);
    } else {
      transaction.rows.push_back({Table::hits, key, std::to_string(number)});
      stands[key] = std::to_string(number);
    }
    if (number % 100 == 0) transaction.term = LogTransaction::Term{std::to_string(number), 1, {}};
    for (LogMessage& message : messages_of(transaction, number)) topic.push_back(std::move(message));
  }
  std::set<std::string> later;
  std::vector<LogMessage> compacted;
  std::for_each(topic.rbegin(), topic.rend(), [&](const LogMessage& message) {
    if (later.insert(message.key).second) compacted.push_back(message);
  });
  std::reverse(compacted.begin(), compacted.end());
  LogAssembler assembler;
  std::uint64_t next = 0;
  for (const LogMessage& message : compacted) REQUIRE(assembler.take(message.key, view(message.value), ++next));
  std::map<std::string, std::string> read;
  std::string term;
  std::uint64_t last = 0;
  for (const LogEntry& entry : assembler.entries()) {
    for (const auto& row : entry.transaction.rows) {
      if (row.value) read[row.key] = *row.value;
      if (!row.value) read.erase(row.key);
    }
    if (entry.transaction.term) term = entry.transaction.term->node;
    last = entry.next;
  }
  CHECK(read == stands);
  CHECK_EQ(term, "3000");
  CHECK_EQ(last, next);
}

TEST_CASE("log messages: rows without a frame are given in parts, and rows of two logs apart") {
  LogAssembler assembler;
  for (std::size_t i = 0; i < LogAssembler::kRowsMax + 1; ++i)
    REQUIRE(assembler.take(std::string(1, 19) + "row" + std::to_string(i), kLog.key(), i + 1));
  auto entries = assembler.entries();
  REQUIRE_EQ(entries.size(), 1);
  CHECK_EQ(entries[0].next, LogAssembler::kRowsMax);
  CHECK_EQ(entries[0].transaction.rows.size(), LogAssembler::kRowsMax);
  REQUIRE(assembler.take(std::string(1, 19) + "other", Hash128{9, 9}.key(), LogAssembler::kRowsMax + 2));
  entries = assembler.entries();
  REQUIRE_EQ(entries.size(), 1);
  CHECK(entries[0].log == kLog);
  CHECK_EQ(entries[0].next, LogAssembler::kRowsMax + 1);
}

TEST_CASE("log messages: what somebody else wrote into the topic is an error, and so is a row beyond a message") {
  LogAssembler assembler;
  const std::string id = kLog.key();
  CHECK_FALSE(assembler.take("", id, 1));
  CHECK_FALSE(assembler.take("order-4711", id, 1));
  CHECK_FALSE(assembler.take(std::string(1, 21) + "progress is nobody else's", id, 1));
  CHECK_FALSE(assembler.take(std::string(1, 16) + "row", "short", 1));
  CHECK_FALSE(assembler.take(std::string("\0word", 5), id, 1));
  CHECK_FALSE(assembler.take(std::string("\0frame", 6), std::nullopt, 1));
  CHECK_FALSE(log_messages(kLog, {.rows = {{Table::alerts, "k", std::string(kMessageBytesMax, 'x')}}}, 0));
}

}  // namespace
}  // namespace straykey
