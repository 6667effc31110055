#include "net/ingest/syslog_intake.h"

#include <utility>

#include "core/event/syslog_message.h"

namespace straykey {

SyslogIntake::SyslogIntake(SyslogIntakeSettings settings, Dependencies dependencies)
    : settings_(settings),
      intake_(dependencies.intake),
      submit_(std::move(dependencies.submit)),
      log_(dependencies.log) {}

std::string_view SyslogIntake::count_payload(SyslogListener& listener, std::string_view message,
                                             const IpAddress& sender) {
  listener.counts.messages.add();
  const std::string_view payload = syslog_payload(message);
  if (payload.empty()) reject(listener, RejectReason::bad_json, message, sender);
  return payload;
}

void SyslogIntake::add(SentText& batch, SyslogListener& listener, std::string_view message, const IpAddress& sender) {
  const std::string_view payload = count_payload(listener, message, sender);
  if (payload.empty()) return;
  batch.items.push_back({batch.text.size(), payload.size(), message.size(), sender});
  batch.text += payload;
}

void SyslogIntake::add_in_place(SentText& batch, SyslogListener& listener, std::string_view text,
                                std::string_view message, const IpAddress& sender) {
  const std::string_view payload = count_payload(listener, message, sender);
  if (payload.empty()) return;
  const auto begin = static_cast<std::size_t>(payload.data() - text.data());
  batch.items.push_back({begin, payload.size(), message.size(), sender});
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
    if (reject.reason != RejectReason::truncated) continue;
    const SentText::Item& item = batch.items[reject.item];
    log_.warning("a syslog message ends in the middle of its JSON: something cut it",
                 {{"listener", listener.settings.name},
                  {"sender", item.sender.text()},
                  {"message_bytes", std::to_string(item.message_bytes)},
                  {"change", truncation_advice(item.message_bytes, item.size)}});
  }
}

}  // namespace straykey
