#include "net/ingest/syslog_intake.h"

#include <utility>

#include "core/base/invariant.h"
#include "core/event/syslog_message.h"

namespace straykey {

SyslogIntake::SyslogIntake(SyslogIntakeSettings settings, std::size_t io_threads, Ingest::Outlets outlets,
                           Metrics& metrics, Log& log)
    : settings_(settings),
      outlets_(std::move(outlets)),
      log_(log),
      rejected_(reject_counters(metrics)),
      refused_(refused_counter(metrics)) {
  for (std::size_t i = 0; i < io_threads; ++i) readers_.push_back(std::make_unique<PayloadReader>(settings_.payload));
}

std::string_view SyslogIntake::count_payload(SyslogListener& listener, std::string_view message,
                                             const IpAddress& sender) {
  listener.counts.messages.add();
  const std::string_view payload = syslog_payload(message);
  if (payload.empty()) reject(listener, RejectReason::bad_json, message, sender);
  return payload;
}

void SyslogIntake::add(SyslogBatch& batch, SyslogListener& listener, std::string_view message,
                       const IpAddress& sender) {
  const std::string_view payload = count_payload(listener, message, sender);
  if (payload.empty()) return;
  batch.pieces.push_back({batch.text.size(), payload.size(), message.size(), sender});
  batch.text += payload;
}

void SyslogIntake::add_in_place(SyslogBatch& batch, SyslogListener& listener, std::string_view text,
                                std::string_view message, const IpAddress& sender) {
  const std::string_view payload = count_payload(listener, message, sender);
  if (payload.empty()) return;
  const auto begin = static_cast<std::size_t>(payload.data() - text.data());
  batch.pieces.push_back({begin, payload.size(), message.size(), sender});
}

bool SyslogIntake::full(const SyslogBatch& batch, std::size_t text_bytes) const noexcept {
  return batch.pieces.size() >= settings_.batch_messages_max || text_bytes >= settings_.batch_bytes_max;
}

void SyslogIntake::reject(SyslogListener& listener, RejectReason reason, std::string_view record,
                          const IpAddress& sender) {
  rejected_[static_cast<std::size_t>(reason)]->add();
  if (outlets_.on_reject) outlets_.on_reject(reason, record, listener.settings.name + " " + sender.text());
}

void SyslogIntake::reject_record(SyslogListener& listener, RejectReason reason, std::string_view record,
                                 const SyslogBatch::Piece& piece) {
  reject(listener, reason, record, piece.sender);
  if (reason != RejectReason::truncated) return;
  log_.warning("a syslog message ends in the middle of its JSON: something cut it",
               {{"listener", listener.settings.name},
                {"sender", piece.sender.text()},
                {"message_bytes", std::to_string(piece.message_bytes)},
                {"change", truncation_advice(piece.message_bytes, piece.size)}});
}

std::unique_ptr<Request> SyslogIntake::read(SyslogBatch batch, SyslogListener& listener, std::size_t io_thread,
                                            OnDone on_done) {
  INVARIANT(io_thread < readers_.size());
  auto request = std::make_unique<Request>();
  request->received_at = outlets_.now();
  request->set_body(std::move(batch.text));
  request->events.reserve(batch.pieces.size());
  const bool count = !batch.read_before;
  bool taken = false;
  const SyslogBatch::Piece* piece = nullptr;
  PayloadReader::Sink sink;
  sink.on_event = [&](std::uint32_t, Event&& event) {
    taken = true;
    request->events.push_back(std::move(event));
    if (outlets_.sign) outlets_.sign(*request);
  };
  sink.on_reject = [&](std::uint32_t, RejectReason reason, std::string_view record) {
    taken = true;
    if (count) reject_record(listener, reason, record, *piece);
  };
  PayloadReader& reader = *readers_[io_thread];
  reader.forget();
  const std::string_view text = request->body;
  for (const SyslogBatch::Piece& next : batch.pieces) {
    taken = false;
    piece = &next;
    const auto error =
        reader.read_message(text.substr(next.begin), next.size, request->received_at, request->arena, sink);
    if (error && !taken && count)
      reject(listener, RejectReason::bad_json, text.substr(next.begin, next.size), next.sender);
  }
  if (count) listener.counts.received.add(request->events.size());
  if (request->events.empty()) return nullptr;
  // Every shard has finished when this runs, so nothing points into the body any more.
  request->on_done = [body = &request->body, pieces = std::move(batch.pieces),
                      on_done = std::move(on_done)](RequestOutcome outcome) mutable {
    SyslogBatch again;
    if (outcome == RequestOutcome::failed) again = {std::move(*body), std::move(pieces), true};
    on_done(outcome, std::move(again));
  };
  return request;
}

}  // namespace straykey
