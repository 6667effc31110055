#include "net/ingest/intake.h"

#include <algorithm>
#include <utility>

#include "core/base/invariant.h"
#include "core/event/decoding.h"
#include "core/event/not_judged.h"

namespace straykey {
namespace {

constexpr std::size_t kEventsReservedMax = 4096;

std::array<Counter*, kRejectReasonCount> reject_counters(Metrics& metrics) {
  std::array<Counter*, kRejectReasonCount> counters{};
  for (std::size_t i = 0; i < kRejectReasonCount; ++i) {
    const auto reason = static_cast<RejectReason>(i);
    counters[i] =
        is_harmless(reason)
            ? &metrics.counter("straykey_events_ignored_total",
                               "Records in which there is no call to judge, by class: nothing is wrong with them.",
                               {{"class", name_of(reason)}})
            : &metrics.counter("straykey_events_rejected_total", "Records rejected, by reason.",
                               {{"reason", name_of(reason)}});
  }
  return counters;
}

std::array<Counter*, kNotJudgedCount> not_judged_counters(Metrics& metrics) {
  std::array<Counter*, kNotJudgedCount> counters{};
  for (std::size_t i = 0; i < kNotJudgedCount; ++i) {
    counters[i] =
        &metrics.counter("straykey_events_not_judged_total",
                         "Events that were taken although nobody can tell who called, or from where, by reason.",
                         {{"reason", name_of(static_cast<NotJudged>(i))}});
  }
  return counters;
}

Counter& received_counter(Metrics& metrics, std::string_view source) {
  return metrics.counter("straykey_events_received_total",
                         "Events taken out of bodies and messages, by the token or syslog listener that brought them.",
                         {{"source", source}});
}

// Records are mostly longer than a kilobyte, and gzip makes an eighth of them or less.
std::size_t events_expected(const SentText& sent) {
  if (!sent.items.empty()) return sent.items.size();
  const std::size_t plain_bytes = sent.text.size() * (has_gzip_magic(sent.text) ? 8 : 1);
  return std::min(plain_bytes / 1024 + 1, kEventsReservedMax);
}

}  // namespace

struct Intake::Desk {
  explicit Desk(PayloadLimits limits) : reader(limits) {}
  PayloadReader reader;
  std::map<std::string, Counter*, std::less<>> received;  // by source
};

struct Intake::Pass {
  Intake& intake;
  const SentText& sent;
  const std::string& source;
  const std::size_t rejects_listed_max;
  Request& request;
  ItemOutcomes& outcome;
  // Of the item in hand, if the text is read by items.
  std::uint32_t item = 0;
  bool any_event = false, any_ignored = false;
  std::size_t rejects_before = 0, listed_before = 0;

  void accept(Event&& event) {
    any_event = true;
    if (!can_be_judged(event)) {
      ++outcome.not_judged;
      ++outcome.not_judged_tally[static_cast<std::size_t>(why_not_judged(event))];
    }
    request.events.push_back(std::move(event));
    if (intake.callbacks_.sign) intake.callbacks_.sign(request);
  }
  void reject(std::uint32_t value, RejectReason reason, std::string_view record) {
    const bool by_items = sent.by_items();
    ++outcome.tally[static_cast<std::size_t>(reason)];
    if (is_harmless(reason)) {
      any_ignored = true;
      ++outcome.ignored;
      return;
    }
    ++outcome.rejected;
    if (outcome.rejects.size() < rejects_listed_max)
      outcome.rejects.push_back({by_items ? item : value, reason, !by_items});
    if (!sent.read_before) intake.hand_over(reason, record, source, by_items ? sent.items[item].sender : IpAddress{});
  }
  void begin_item(std::uint32_t number) {
    item = number;
    any_event = any_ignored = false;
    rejects_before = outcome.rejected;
    listed_before = outcome.rejects.size();
  }
  void end_item(std::optional<PayloadError> error, std::string_view text) {
    if (error && !any_event && !any_ignored && outcome.rejected == rejects_before)
      reject(0, RejectReason::bad_json, text);
    if (!any_event && outcome.rejects.size() > listed_before) outcome.rejects[listed_before].whole = true;
  }
};

Intake::Intake(PayloadLimits limits, std::size_t io_threads, Callbacks callbacks, Metrics& metrics)
    : callbacks_(std::move(callbacks)),
      metrics_(metrics),
      rejected_(reject_counters(metrics)),
      not_judged_(not_judged_counters(metrics)),
      refused_(metrics.counter("straykey_events_refused_total",
                               "Events that were read and not stored: their sender heard 503, or was a syslog sender "
                               "that cannot hear.")) {
  for (std::size_t i = 0; i < io_threads; ++i) desks_.push_back(std::make_unique<Desk>(limits));
}

Intake::~Intake() = default;

void Intake::announce(const std::string& source) {
  (void)received_counter(metrics_, source);
}

Counter& Intake::received_from(Desk& desk, const std::string& source) {
  auto found = desk.received.find(source);
  if (found == desk.received.end()) {
    found = desk.received.emplace(source, &received_counter(metrics_, source)).first;
  }
  return *found->second;
}

Intake::Reading Intake::read(SentText& sent, const Limits& limits, const std::string& source, std::size_t io_thread) {
  INVARIANT(io_thread < desks_.size());
  Desk& desk = *desks_[io_thread];
  Reading reading;
  reading.request = std::make_unique<Request>();
  Request& request = *reading.request;
  request.received_at = callbacks_.now();
  request.events.reserve(events_expected(sent));
  request.set_body(std::move(sent.text));
  Pass pass{*this, sent, source, limits.rejects_listed_max, request, reading.outcome};
  desk.reader.limit(limits.inflated_bytes_max, limits.records_max);
  if (sent.by_items()) {
    reading.outcome.error = read_items(desk, sent, limits, pass);
  } else {
    // What a std::function keeps of them fits into itself.
    PayloadReader::Sink sink;
    sink.on_event = [&pass](std::uint32_t, Event&& event) { pass.accept(std::move(event)); };
    sink.on_reject = [&pass](std::uint32_t value, RejectReason reason, std::string_view record) {
      pass.reject(value, reason, record);
    };
    reading.outcome.error = desk.reader.read(request.body, sent.encoding, request.received_at, request.arena, sink);
  }
  const std::size_t events = reading.outcome.error ? 0 : request.events.size();
  reading.outcome.accepted = events;
  if (!sent.read_before && !reading.outcome.error) received_from(desk, source).add(events);
  if (events == 0) reading.request.reset();
  return reading;
}

std::optional<PayloadError> Intake::read_items(Desk& desk, SentText& sent, const Limits& limits, Pass& pass) {
  PayloadReader::Sink sink;
  sink.on_event = [&pass](std::uint32_t, Event&& event) { pass.accept(std::move(event)); };
  sink.on_reject = [&pass](std::uint32_t value, RejectReason reason, std::string_view record) {
    pass.reject(value, reason, record);
  };
  Request& request = pass.request;
  std::string_view text = request.body;
  if (sent.split != nullptr) {
    if (const auto error = desk.reader.decode(text, sent.encoding, request.arena)) return error;
    sent.items.clear();
    sent.split(text, sent.items);
  }
  if (sent.items.size() > limits.records_max) return PayloadError::too_many_records;
  desk.reader.forget();
  for (std::size_t i = 0; i < sent.items.size(); ++i) {
    const SentText::Item& item = sent.items[i];
    pass.begin_item(static_cast<std::uint32_t>(i));
    const auto error =
        desk.reader.read_message(text.substr(item.begin), item.size, request.received_at, request.arena, sink);
    pass.end_item(error, text.substr(item.begin, item.size));
  }
  return std::nullopt;
}

void Intake::count_rejects(const ItemOutcomes& outcome) noexcept {
  if (outcome.rejected == 0 && outcome.ignored == 0 && outcome.not_judged == 0) return;
  for (std::size_t i = 0; i < kRejectReasonCount; ++i)
    if (outcome.tally[i] > 0) rejected_[i]->add(outcome.tally[i]);
  for (std::size_t i = 0; i < kNotJudgedCount; ++i)
    if (outcome.not_judged_tally[i] > 0) not_judged_[i]->add(outcome.not_judged_tally[i]);
}

void Intake::reject(RejectReason reason, std::string_view record, const std::string& source, const IpAddress& sender) {
  rejected_[static_cast<std::size_t>(reason)]->add();
  hand_over(reason, record, source, sender);
}

void Intake::hand_over(RejectReason reason, std::string_view record, const std::string& source,
                       const IpAddress& sender) {
  if (!callbacks_.on_reject) return;
  if (sender == IpAddress{}) return callbacks_.on_reject(reason, record, source);
  callbacks_.on_reject(reason, record, source + " " + sender.text());
}

}  // namespace straykey
