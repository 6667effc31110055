#include "net/ingest/intake.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/invariant.h"
#include "core/event/decoding.h"
#include "core/event/not_judged.h"

namespace straykey {
namespace {

constexpr std::size_t kEventsReservedMin = 16;
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

Gauge& lag_gauge(Metrics& metrics, std::string_view source) {
  return metrics.gauge("straykey_event_lag_seconds",
                       "How old the newest event of a source's last request was when that came.", {{"source", source}});
}

// What is counted of one source.
struct ReceivedFrom {
  Counter& events;
  Gauge& lag_s;
};

// Records are mostly longer than a kilobyte, and gzip makes an eighth of them or less.
std::size_t events_expected(const SentText& sent) {
  if (!sent.items.empty()) return std::min(sent.items.size(), kEventsReservedMax);
  const std::size_t plain_bytes = sent.text.size() * (has_gzip_magic(sent.text) ? 8 : 1);
  return std::min(plain_bytes / 1024 + 1, kEventsReservedMax);
}

// What the events of several Requests point into.
struct SharedText {
  std::string body;
  TextArena arena;
};

}  // namespace

struct Intake::Desk {
  explicit Desk(PayloadLimits limits) : reader(limits) {}
  PayloadReader reader;
  std::map<std::string, ReceivedFrom, std::less<>> received;  // by source
};

struct Intake::Rest {
  SentText sent;  // without its text
  Limits limits;
  std::string source;
  Seconds received_at = 0;
  std::shared_ptr<SharedText> shared;
  std::string_view text;  // decoded
  // How far it was read: in the item in hand or, if there are no items, in the text.
  std::uint32_t item = 0, handled = 0;
  bool any_event = false, any_ignored = false;
  std::size_t rejects_before = 0, listed_before = 0;
};

void Intake::FreeRest::operator()(Rest* rest) const noexcept {
  delete rest;
}

// What is handed over of a text or item is numbered. The reading of a rest passes over what was handled before.
struct Intake::Pass {
  Intake& intake;
  Desk& desk;
  const SentText& sent;
  const Limits& limits;
  const std::string& source;
  std::unique_ptr<Request>& request;
  ItemOutcomes& outcome;
  const RestCallbacks* rest = nullptr;      // not null: the reading of a rest, or what a cut came before
  const RestCallbacks* going_on = nullptr;  // of a first reading that goes on behind its cuts
  const MayHold* may_hold = nullptr;
  std::size_t arena_bytes_max = std::numeric_limits<std::size_t>::max();
  std::shared_ptr<SharedText> shared = {};
  std::uint32_t pass_over = 0, handled = 0;
  bool is_cut = false;     // the Request is full; what follows is for the rest
  bool has_ended = false;  // early: nobody wants the text any more
  // Of the item in hand, if the text is read by items.
  std::uint32_t item = 0;
  bool any_event = false, any_ignored = false;
  std::size_t rejects_before = 0, listed_before = 0;

  void accept(std::uint32_t value, Event&& event) {
    if (pass_over > 0) return handled_before();
    if (request->events.size() == request->events.capacity() && !make_room()) {
      return reject(value, RejectReason::inflated_too_large, event.record);
    }
    ++handled;
    any_event = true;
    if (!can_be_judged(event)) {
      ++outcome.not_judged;
      ++outcome.not_judged_tally[static_cast<std::size_t>(why_not_judged(event))];
    }
    request->events.push_back(std::move(event));
    if (intake.callbacks_.sign) intake.callbacks_.sign(*request);
    if (request->events.size() >= kRequestEventsMax || request->arena.bytes() >= arena_bytes_max) cut();
  }
  void reject(std::uint32_t value, RejectReason reason, std::string_view record) {
    if (pass_over > 0) return handled_before();
    if (has_ended) return;
    ++handled;
    count_reject(value, reason, record);
    if (request->arena.bytes() >= arena_bytes_max) cut();
  }
  void count_reject(std::uint32_t value, RejectReason reason, std::string_view record) {
    const bool by_items = sent.by_items();
    ++outcome.tally[static_cast<std::size_t>(reason)];
    if (is_harmless(reason)) {
      any_ignored = true;
      ++outcome.ignored;
      return;
    }
    ++outcome.rejected;
    if (outcome.rejects.size() < limits.rejects_listed_max)
      outcome.rejects.push_back({by_items ? item : value, reason, !by_items});
    if (!sent.read_before) intake.hand_over(reason, record, source, by_items ? sent.items[item].sender : IpAddress{});
  }
  void handled_before() {
    --pass_over;
    if (pass_over == 0 || request->arena.bytes() >= arena_bytes_max) cut();
  }
  // False: one Request takes no more, or the memory was refused.
  bool make_room() {
    std::vector<Event>& events = request->events;
    const std::size_t room = events.capacity();
    if (room >= kRequestEventsMax) return false;
    const std::size_t more = std::min(std::max<std::size_t>(room, kEventsReservedMin), kRequestEventsMax - room);
    if (rest == nullptr && !ask(more * Request::event_bytes())) return false;
    events.reserve(room + more);
    return true;
  }
  bool ask(std::size_t bytes) {
    if (may_hold == nullptr || !*may_hold || (*may_hold)(bytes)) return true;
    end();
    return false;
  }
  void end() {
    has_ended = true;
    desk.reader.stop_here();
  }
  void cut() {
    if (!limits.cut) return;
    if (rest == nullptr && going_on == nullptr) {
      is_cut = true;
      return desk.reader.stop_here();
    }
    if (rest == nullptr) {
      share_text();
      rest = going_on;
      arena_bytes_max = kRequestArenaBytesMax;
    }
    std::unique_ptr<Request> full = begin_request(request->received_at);
    std::swap(request, full);
    desk.reader.go_on_in(request->arena);
    if (!full->events.empty()) give(std::move(full));
  }
  // The first Request's text becomes that of all.
  void share_text() {
    shared = std::make_shared<SharedText>(SharedText{std::move(request->body), std::move(request->arena)});
    request->body = {};
    request->arena = {};
    request->shared_text = shared;
  }
  [[nodiscard]] std::unique_ptr<Request> begin_request(Seconds received_at) const {
    auto begun = std::make_unique<Request>();
    begun->received_at = received_at;
    begun->shared_text = shared;
    return begun;
  }
  void give(std::unique_ptr<Request> full) {
    outcome.accepted += full->events.size();
    intake.count_received(desk, source, *full);
    if (!rest->take(std::move(full))) end();
  }
  void begin_item(std::uint32_t number) {
    item = number;
    handled = 0;
    any_event = any_ignored = false;
    rejects_before = outcome.rejected;
    listed_before = outcome.rejects.size();
  }
  void end_item(std::optional<PayloadError> error, std::string_view text) {
    if (error && !any_event && !any_ignored && outcome.rejected == rejects_before)
      count_reject(0, RejectReason::bad_json, text);
    if (!any_event && outcome.rejects.size() > listed_before) outcome.rejects[listed_before].whole = true;
  }
  // What a std::function keeps of them fits into itself.
  [[nodiscard]] PayloadReader::Sink sink() {
    PayloadReader::Sink sink;
    sink.on_event = [this](std::uint32_t value, Event&& event) { accept(value, std::move(event)); };
    sink.on_reject = [this](std::uint32_t value, RejectReason reason, std::string_view record) {
      reject(value, reason, record);
    };
    return sink;
  }
};

Intake::Intake(PayloadLimits limits, std::size_t desks, Callbacks callbacks, Metrics& metrics)
    : callbacks_(std::move(callbacks)),
      metrics_(metrics),
      rejected_(reject_counters(metrics)),
      not_judged_(not_judged_counters(metrics)),
      refused_(metrics.counter("straykey_events_refused_total",
                               "Events that were read and not stored: their sender heard 503, or was a syslog sender "
                               "that cannot hear.")),
      issuing_(metrics.counter("straykey_events_issuing_total", "Events that issued the key of a role (AssumeRole).")),
      of_roles_(metrics.counter("straykey_events_of_roles_total", "Events by keys of roles.")) {
  for (std::size_t i = 0; i < desks; ++i) desks_.push_back(std::make_unique<Desk>(limits));
}

Intake::~Intake() = default;

void Intake::announce(const std::string& source) {
  (void)received_counter(metrics_, source);
}

Intake::Received Intake::received_from(const std::string& source) const {
  const std::uint64_t events = received_counter(metrics_, source).value();
  if (events == 0) return {};
  return {events, static_cast<Seconds>(lag_gauge(metrics_, source).value())};
}

void Intake::count_received(Desk& desk, const std::string& source, const Request& request) {
  auto found = desk.received.find(source);
  if (found == desk.received.end()) {
    found = desk.received.emplace(source, ReceivedFrom{received_counter(metrics_, source), lag_gauge(metrics_, source)})
                .first;
  }
  found->second.events.add(request.events.size());
  if (request.events.empty()) return;
  Seconds newest = request.events.front().time;
  std::uint64_t issuing = 0, of_roles = 0;
  for (const Event& event : request.events) {
    newest = std::max(newest, event.time);
    if (event.type == IdentityType::assumed_role) ++of_roles;
    if (!event.issued_key.empty() && event.assumes_role()) ++issuing;
  }
  found->second.lag_s.set(static_cast<double>(request.received_at - newest));
  issuing_.add(issuing);
  of_roles_.add(of_roles);
}

Intake::Reading Intake::read(SentText& sent, const Limits& limits, const std::string& source, std::size_t desk_number,
                             const MayHold& may_hold, const RestCallbacks* going_on) {
  INVARIANT(desk_number < desks_.size());
  Desk& desk = *desks_[desk_number];
  Reading reading;
  reading.request = std::make_unique<Request>();
  reading.request->received_at = callbacks_.now();
  Pass pass{*this, desk, sent, limits, source, reading.request, reading.outcome};
  pass.may_hold = &may_hold;
  pass.going_on = going_on;
  desk.reader.limit(limits.inflated_bytes_max, limits.records_max);
  const std::size_t expected = events_expected(sent);
  std::string_view text;
  std::optional<PayloadError>& error = reading.outcome.error;
  const MayHold asking = [&pass](std::size_t bytes) { return pass.ask(bytes); };
  desk.reader.ask(may_hold ? &asking : nullptr);
  if (pass.ask(expected * Request::event_bytes())) {
    reading.request->events.reserve(expected);
    reading.request->set_body(std::move(sent.text));
    text = reading.request->body;
    error = decode(pass, sent, text);
    if (!error) error = sent.by_items() ? read_items(pass, text) : read_text(pass, text);
  }
  desk.reader.ask(nullptr);
  reading.no_room = pass.has_ended;
  // It may be tried again.
  if (reading.no_room && sent.text.empty()) sent.text = std::move(reading.request->body);
  if (pass.is_cut && error == PayloadError::too_many_records) {
    error.reset();
    reading.rest = leave(pass, sent, text);
  }
  const std::size_t events = error || reading.no_room ? 0 : reading.request->events.size();
  reading.outcome.accepted += events;
  if (!sent.read_before && !error && !reading.no_room) count_received(desk, source, *reading.request);
  if (events == 0) reading.request.reset();
  return reading;
}

std::optional<std::string> Intake::item_kinds(SentText& sent, const Limits& limits, std::size_t desk_number,
                                              const MayHold& may_hold) {
  INVARIANT(desk_number < desks_.size() && sent.split != nullptr);
  Desk& desk = *desks_[desk_number];
  auto request = std::make_unique<Request>();
  ItemOutcomes outcome;
  const std::string no_source;
  Pass pass{*this, desk, sent, limits, no_source, request, outcome};
  pass.may_hold = &may_hold;
  const MayHold asking = [&pass](std::size_t bytes) { return pass.ask(bytes); };
  desk.reader.limit(limits.inflated_bytes_max, limits.records_max);
  desk.reader.ask(may_hold ? &asking : nullptr);
  std::string_view text = sent.text;
  const auto error = decode(pass, sent, text);
  desk.reader.ask(nullptr);
  if (pass.has_ended) return std::nullopt;
  if (error) outcome.item_kinds.clear();
  return std::move(outcome.item_kinds);
}

// `text` is then what the body is without its encoding, in memory that the Request owns.
std::optional<PayloadError> Intake::decode(Pass& pass, SentText& sent, std::string_view& text) {
  if (!sent.by_items() || sent.split != nullptr)
    if (const auto error = pass.desk.reader.decode(text, sent.encoding, pass.request->arena)) return error;
  if (sent.split != nullptr) {
    sent.items.clear();
    sent.split(text, pass.limits.records_max, sent.items);
    if (!pass.ask(sent.items.size() * sizeof(SentText::Item))) return PayloadError::too_many_records;
    for (const SentText::Item& item : sent.items) pass.outcome.item_kinds += static_cast<char>(item.header);
  }
  return sent.items.size() > pass.limits.records_max ? std::optional(PayloadError::too_many_records) : std::nullopt;
}

std::optional<PayloadError> Intake::read_text(Pass& pass, std::string_view text) {
  TextArena& arena = pass.request->arena;
  if (pass.limits.cut) pass.arena_bytes_max = arena.bytes() + kRequestArenaBytesMax;
  return pass.desk.reader.read(text, ContentEncoding::identity, pass.request->received_at, arena, pass.sink());
}

std::optional<PayloadError> Intake::read_items(Pass& pass, std::string_view text) {
  PayloadReader& reader = pass.desk.reader;
  const std::vector<SentText::Item>& items = pass.sent.items;
  const PayloadReader::Sink sink = pass.sink();
  const Seconds received_at = pass.request->received_at;
  if (pass.limits.cut) pass.arena_bytes_max = pass.request->arena.bytes() + kRequestArenaBytesMax;
  if (pass.rest == nullptr && !items.empty()) pass.begin_item(0);
  reader.forget();
  for (std::size_t i = pass.item; i < items.size(); ++i) {
    const std::string_view item = text.substr(items[i].begin, items[i].size);
    const auto error =
        reader.read_message(text.substr(items[i].begin), item.size(), received_at, pass.request->arena, sink);
    if (pass.has_ended) break;
    if (pass.is_cut && error == PayloadError::too_many_records) return error;
    pass.end_item(error, item);
    if (i + 1 == items.size()) break;
    pass.begin_item(static_cast<std::uint32_t>(i + 1));
    if (pass.is_cut) return PayloadError::too_many_records;
  }
  return std::nullopt;
}

std::unique_ptr<Intake::Rest, Intake::FreeRest> Intake::leave(Pass& pass, SentText& sent, std::string_view text) {
  std::unique_ptr<Rest, FreeRest> rest(new Rest);
  rest->limits = pass.limits;
  rest->source = pass.source;
  rest->received_at = pass.request->received_at;
  pass.share_text();
  rest->shared = pass.shared;
  rest->sent = std::move(sent);
  rest->text = text;
  rest->item = pass.item;
  rest->handled = pass.handled;
  rest->any_event = pass.any_event;
  rest->any_ignored = pass.any_ignored;
  rest->rejects_before = pass.rejects_before;
  rest->listed_before = pass.listed_before;
  return rest;
}

bool Intake::read_rest(Rest& rest, ItemOutcomes& outcome, std::size_t desk_number, const RestCallbacks& callbacks) {
  INVARIANT(desk_number < desks_.size());
  Desk& desk = *desks_[desk_number];
  std::unique_ptr<Request> request;
  Pass pass{*this, desk, rest.sent, rest.limits, rest.source, request, outcome};
  pass.rest = &callbacks;
  pass.may_hold = &callbacks.may_hold;
  pass.shared = rest.shared;
  pass.pass_over = rest.handled;
  pass.item = rest.item;
  pass.any_event = rest.any_event;
  pass.any_ignored = rest.any_ignored;
  pass.rejects_before = rest.rejects_before;
  pass.listed_before = rest.listed_before;
  request = pass.begin_request(rest.received_at);
  const MayHold asking = [&pass](std::size_t bytes) { return pass.ask(bytes); };
  desk.reader.limit(rest.limits.inflated_bytes_max, rest.limits.records_max);
  desk.reader.ask(&asking);
  outcome.error = rest.sent.by_items() ? read_items(pass, rest.text) : read_text(pass, rest.text);
  desk.reader.ask(nullptr);
  if (pass.has_ended) outcome.error.reset();
  if (!outcome.error && !pass.has_ended && !request->events.empty()) pass.give(std::move(request));
  return !pass.has_ended;
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
