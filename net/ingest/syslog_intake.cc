#include "net/ingest/syslog_intake.h"

#include <utility>

#include "core/event/other_protocol.h"
#include "core/event/syslog_message.h"
#include "net/ingest/feeder.h"

namespace straykey {
namespace {

std::uint8_t header_of(std::string_view message) noexcept {
  return static_cast<std::uint8_t>(syslog_header(message));
}

}  // namespace

SyslogIntake::SyslogIntake(SyslogIntakeSettings settings, Dependencies dependencies)
    : settings_(settings),
      intake_(dependencies.intake),
      submit_(std::move(dependencies.submit)),
      log_(dependencies.log) {}

SyslogIntake::Payload SyslogIntake::count_payload(SyslogListener& listener, std::string_view message,
                                                  const IpAddress& sender) {
  listener.counts.messages.add();
  Payload payload{syslog_payload(message)};
  if (payload.text.empty()) reject_without_json(listener, message, sender);
  payload.is_unprinted = is_unprinted_journal_entry(payload.text);
  if (payload.is_unprinted) {
    log_.warning("a journal entry has no text in it: MESSAGE is null",
                 {{"listener", listener.settings.name},
                  {"sender", sender.text()},
                  {"change", "journalctl leaves out texts over 4096 bytes: add --all"}});
  }
  return payload;
}

void SyslogIntake::reject_without_json(SyslogListener& listener, std::string_view message, const IpAddress& sender) {
  reject(listener, RejectReason::bad_json, message, sender);
  const OtherProtocol* const other = other_protocol(message);
  if (other == nullptr) return;
  listener.counts.other_protocol.add();
  log_.warning("a syslog message is in another protocol", {{"listener", listener.settings.name},
                                                           {"sender", sender.text()},
                                                           {"protocol", std::string(other->name)},
                                                           {"change", std::string(other->change)}});
}

void SyslogIntake::add(SentText& batch, SyslogListener& listener, std::string_view message, const IpAddress& sender) {
  const auto [payload, is_unprinted] = count_payload(listener, message, sender);
  if (payload.empty()) return;
  batch.items.push_back({batch.text.size(), payload.size(), message.size(), sender, header_of(message), is_unprinted});
  batch.text += payload;
  blank_escaped_lines({batch.text.data() + batch.text.size() - payload.size(), payload.size()});
}

void SyslogIntake::add_datagram(SentText& batch, SyslogListener& listener, std::string_view datagram,
                                const IpAddress& sender) {
  for (std::size_t count = 1; count < kDatagramMessagesMax; ++count) {
    const std::size_t first = first_message_bytes(datagram);
    if (first == datagram.size()) break;
    add(batch, listener, datagram.substr(0, first), sender);
    datagram.remove_prefix(first);
  }
  add(batch, listener, datagram, sender);
}

void SyslogIntake::add_in_place(SentText& batch, SyslogListener& listener, std::string_view text,
                                std::string_view message, const IpAddress& sender) {
  const auto [payload, is_unprinted] = count_payload(listener, message, sender);
  if (payload.empty()) return;
  const auto begin = static_cast<std::size_t>(payload.data() - text.data());
  batch.items.push_back({begin, payload.size(), message.size(), sender, header_of(message), is_unprinted});
}

bool SyslogIntake::full(const SentText& batch, std::size_t text_bytes) const noexcept {
  return batch.items.size() >= settings_.batch_messages_max || text_bytes >= settings_.batch_bytes_max;
}

void SyslogIntake::reject(SyslogListener& listener, RejectReason reason, std::string_view record,
                          const IpAddress& sender) {
  intake_.reject(reason, record, listener.settings.name, sender);
}

void SyslogIntake::advise(const SyslogListener& listener, const SentText& batch, const ItemOutcomes& outcome) {
  for (const ItemOutcomes::Reject& reject : outcome.rejects) {
    const SentText::Item& item = batch.items[reject.item];
    // A second hint for the same message would blame another cause.
    if (reject.reason != RejectReason::truncated || item.advised) continue;
    log_.warning("a syslog message ends in the middle of its JSON: something cut it",
                 {{"listener", listener.settings.name},
                  {"sender", item.sender.text()},
                  {"message_bytes", std::to_string(item.message_bytes)},
                  {"change", truncation_advice(item.message_bytes, item.size, SyslogHeader{item.header})}});
  }
}

// Past the grace of a drain it gives up what is not stored.
std::shared_ptr<Feeder> SyslogIntake::make_feeder(
    const std::shared_ptr<SyslogListener>& listener, IoExecutor executor, std::size_t io_thread,
    std::function<void(std::uint64_t number, const ItemOutcomes& outcome)> on_stored) {
  Feeder::Callbacks callbacks;
  callbacks.gave_up = [listener] { return listener->draining.out_of_grace(std::chrono::steady_clock::now()); };
  callbacks.on_read = [listener, this](const SentText& batch, const ItemOutcomes& outcome) {
    advise(*listener, batch, outcome);
  };
  callbacks.on_stored = std::move(on_stored);
  callbacks.on_lost = [listener](std::uint64_t) { listener->draining.cut_short.fetch_add(1); };
  const SyslogListenerSettings& of = listener->settings;
  return std::make_shared<Feeder>(
      Feeder::Settings{of.name, io_thread, settings_.limits, of.requests_in_flight_max, of.timeouts.retry_min,
                       of.timeouts.retry_max},
      Feeder::Dependencies{executor, intake_, submit_, listener->counts.waits, listener->budget, listener->reserve},
      std::move(callbacks));
}

}  // namespace straykey
