#include "core/engine/log_messages.h"

#include <utility>

#include "core/base/bytes.h"

namespace straykey {
namespace {

constexpr std::size_t kIdBytes = sizeof(Hash128);
constexpr std::string_view kComplete = "complete", kTerm = "term", kFrame = "frame";

std::string word_key(std::string_view word) {
  return std::string(1, '\0').append(word);
}

LogMessage frame_of(Hash128 log, const LogTransaction& transaction, std::uint64_t number) {
  std::string judged;
  for (const Hash128 combination : transaction.judged) judged += combination.key();
  ByteWriter out;
  out.string(judged);
  for (const LogTransaction::Claim& claim : transaction.claims) out.string(claim.endpoint).string(claim.alert_id.key());
  const auto slot = static_cast<std::uint16_t>(number % kFrameSlots);
  return {word_key(kFrame).append(ByteWriter().fixed(slot).bytes()), log.key() + out.bytes()};
}

LogMessage term_of(Hash128 log, const LogTransaction::Term& term) {
  ByteWriter out;
  out.string(term.node).fixed(term.run);
  for (const auto& [what, digest] : term.agreement) out.string(what).string(digest);
  return {word_key(kTerm), log.key() + out.bytes()};
}

bool is_logged_table(std::uint8_t number) {
  return number >= 16 && number != static_cast<std::uint8_t>(Table::progress) &&
         !table_name(static_cast<Table>(number)).empty();
}

Error not_ours() {
  return Error{"the topic holds messages that are none of straykey's standby"};
}

}  // namespace

Result<std::vector<LogMessage>> log_messages(Hash128 log, const LogTransaction& transaction, std::uint64_t number) {
  std::vector<LogMessage> messages;
  if (transaction.term) messages.push_back(term_of(log, *transaction.term));
  for (const LogTransaction::Row& row : transaction.rows) {
    LogMessage message{std::string(1, static_cast<char>(row.table)) + row.key, std::nullopt};
    if (row.value) message.value = log.key() + *row.value;
    if (message.key.size() + message.value.value_or("").size() > kMessageBytesMax)
      return Error{"a row of table " + std::string(table_name(row.table)) + " is too large for a message"};
    messages.push_back(std::move(message));
  }
  if (transaction.completes) messages.push_back({word_key(kComplete), log.key()});
  messages.push_back(frame_of(log, transaction, number));
  return messages;
}

Status LogAssembler::take(std::string_view key, std::optional<std::string_view> value, std::uint64_t next) {
  if (key.empty()) return not_ours();
  const bool is_word = key.front() == '\0';
  if (is_word && (!value || value->size() < kIdBytes)) return not_ours();
  if (value && value->size() >= kIdBytes) note_log(Hash128::from_bytes(value->data()));
  const Status taken = is_word ? take_word(key.substr(1), *value) : take_row(key, value);
  if (!taken) return taken;
  open_.next = next;
  if (is_word ? key.substr(1).starts_with(kFrame) : open_.transaction.rows.size() >= kRowsMax || bytes_ >= kBytesMax)
    end_entry();
  return {};
}

Status LogAssembler::take_row(std::string_view key, std::optional<std::string_view> value) {
  const auto number = static_cast<std::uint8_t>(key.front());
  if (!is_logged_table(number) || key.size() < 2 || (value && value->size() < kIdBytes)) return not_ours();
  LogTransaction::Row row{static_cast<Table>(number), std::string(key.substr(1)), std::nullopt};
  if (value) row.value = value->substr(kIdBytes);
  bytes_ += key.size() + (value ? value->size() : 0);
  open_.transaction.rows.push_back(std::move(row));
  return {};
}

Status LogAssembler::take_word(std::string_view word, std::string_view value) {
  ByteReader in(value.substr(kIdBytes));
  LogTransaction& transaction = open_.transaction;
  if (word == kComplete) {
    transaction.completes = true;
    return {};
  }
  if (word == kTerm) {
    LogTransaction::Term term;
    term.node = in.string();
    term.run = in.fixed<std::uint64_t>();
    while (!in.at_end() && !in.failed()) {
      std::string what(in.string());
      term.agreement[std::move(what)] = in.string();
    }
    if (in.failed()) return not_ours();
    transaction.term = std::move(term);
    return {};
  }
  if (!word.starts_with(kFrame)) return not_ours();
  const std::string judged(in.string());
  for (std::size_t at = 0; at + kIdBytes <= judged.size(); at += kIdBytes)
    transaction.judged.push_back(Hash128::from_bytes(judged.data() + at));
  while (!in.at_end() && !in.failed()) {
    LogTransaction::Claim claim;
    claim.endpoint = in.string();
    const std::string id(in.string());
    if (id.size() != kIdBytes) return not_ours();
    claim.alert_id = Hash128::from_bytes(id.data());
    transaction.claims.push_back(std::move(claim));
  }
  return in.failed() ? Status(not_ours()) : Status();
}

// What came before belongs to another log: it is whole without a frame, which has left.
void LogAssembler::note_log(Hash128 log) {
  if (log == open_.log) return;
  if (open_.log != Hash128{} && !open_.transaction.empty()) end_entry();
  open_.log = log;
}

// The next one is taken to be of the same log, until a message says otherwise: erased rows do not say it.
void LogAssembler::end_entry() {
  LogEntry next;
  next.log = open_.log;
  next.next = open_.next;
  whole_.push_back(std::exchange(open_, std::move(next)));
  bytes_ = 0;
}

std::vector<LogEntry> LogAssembler::entries() {
  return std::exchange(whole_, {});
}

void LogAssembler::begin_anew() {
  open_ = {};
  bytes_ = 0;
  whole_.clear();
}

}  // namespace straykey
