#include "net/ingest/http_ingest.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/invariant.h"
#include "core/event/decoding.h"
#include "net/ingest/body_form.h"

namespace straykey {
namespace {

constexpr Refusal kUnsupportedEncoding{415, "unsupported_encoding",
                                       "Content-Encoding must be identity, gzip, deflate or zstd."};
constexpr Refusal kWideWindow{400, name_of(PayloadError::bad_compression),
                              "The body's zstd window is larger than 8 MiB, which is the most that is taken: let the "
                              "sender leave out --long and --ultra (libzstd: ZSTD_c_windowLog at most 23)."};
constexpr Refusal kOverloaded{503, "overloaded", "The queues are full; send the same request again.", 1};
constexpr Refusal kBusy{503, "busy", "Too many bytes are in flight; send the same request again.", 1};
constexpr Refusal kStopped{503, "stopped", "The server takes no events now; send the same request again.", 5};
constexpr Refusal kDamaged{503, "store_damaged",
                           "A part of the store is damaged and must be restored; send the same request again later.",
                           60};
constexpr Refusal kNotCommitted{503, "not_committed", "The events could not be stored; send the same request again.",
                                5};

constexpr std::array<AcceptedEncodings::Word, 5> kUsualWords{{{"identity", ContentEncoding::identity},
                                                              {"gzip", ContentEncoding::gzip},
                                                              {"x-gzip", ContentEncoding::gzip},
                                                              {"deflate", ContentEncoding::deflate},
                                                              {"zstd", ContentEncoding::zstd}}};

constexpr std::size_t kWaitingRequestBytesMax = 16 * 1024;
// Of a body that waits for its rate: some documents. How often it is tried, each time counting as refused.
constexpr std::size_t kWaitingBodyBytesMax = 64 * 1024;
constexpr std::chrono::milliseconds kRateTick{250};

std::optional<ContentEncoding> encoding_of(const RequestHead& head, const AcceptedEncodings& accepted) {
  if (head.field_count("Content-Encoding") > 1) return std::nullopt;
  const std::string_view field = head.field("Content-Encoding");
  if (field.empty()) return ContentEncoding::identity;
  for (const AcceptedEncodings::Word& word : accepted.words)
    if (equal_ignoring_case(field, word.word)) return word.encoding;
  return std::nullopt;
}

Refusal refusal_of(PayloadError error) {
  switch (error) {
    case PayloadError::empty_body:
      return {400, name_of(error), "The body is empty."};
    case PayloadError::unreadable_body:
      return {400, name_of(error),
              "The body is not JSON: CloudTrail records are, one a line or in an array or Records."};
    case PayloadError::bad_compression:
      return {400, name_of(error), "The body does not decompress."};
    case PayloadError::inflated_too_large:
      return {413, name_of(error),
              "The body is too large once decompressed: send less at once, or raise ingest.inflated_bytes_max."};
    case PayloadError::too_many_records:
      return {413, name_of(error), "The body holds too many records: send fewer at once, or raise ingest.records_max."};
  }
  INVARIANT(false);
  return {};
}

// REQUIRES: neither accepted nor overloaded.
Refusal refusal_of(SubmitResult result) {
  return result == SubmitResult::damaged ? kDamaged : kStopped;
}

Counter& http_waits(Metrics& metrics, std::string_view reason) {
  return metrics.counter("straykey_http_waits_total", "Requests that waited for room before they were answered.",
                         {{"for", reason}});
}

HttpReply refuse_plainly(const Refusal& refusal, const AnsweredRequest& request) {
  return error_reply(refusal, request.request_id);
}

std::string note_of(const IngestProtocol& protocol, const RequestHead& head) {
  return protocol.note_of == nullptr ? std::string() : protocol.note_of(head, protocol.path);
}

}  // namespace

AcceptedEncodings usual_encodings() noexcept {
  return {kUsualWords, kUnsupportedEncoding};
}

struct HttpIngest::Pending {
  std::shared_ptr<const IngestProtocol> protocol;
  std::string request_id, note, source;
  IpAddress sender;
  std::size_t io_thread;
  std::chrono::milliseconds waited;
  ReplyTo reply;
  BudgetShare share;
  ItemOutcomes outcome = {};
  // Until it is read.
  SentText sent = {};
  std::string_view form = {};
  bool wide_window = false;
  std::size_t body_bytes = 0;    // of the share
  std::size_t bytes_wanted = 0;  // of the share, when there was no room
  // While it waits for the queues.
  std::unique_ptr<Request> request = nullptr;

  // Lives no longer than this.
  [[nodiscard]] Intake::MayHold may_hold() {
    return [this](std::size_t bytes) {
      bytes_wanted = share.bytes() + bytes;
      return share.grow_by(bytes);
    };
  }
  // What it holds is given back before its sender can come again.
  void refuse(const Refusal& refusal) {
    request.reset();
    share.clear();
    reply(protocol->refuse(refusal, {request_id, note, outcome.item_kinds}));
  }
  void finish() {
    share.clear();
    reply(protocol->render(outcome, {request_id, note, outcome.item_kinds}));
  }
};

HttpIngest::HttpIngest(Dependencies dependencies, Callbacks callbacks, Metrics& metrics)
    : intake_(dependencies.intake),
      callbacks_(std::move(callbacks)),
      body_bytes_(metrics.counter("straykey_body_bytes_total", "Bytes of bodies received, before decompression.")),
      for_memory_({dependencies.overload_wait}, dependencies.io_threads, callbacks_.later,
                  http_waits(metrics, "memory")),
      for_queues_({dependencies.overload_wait}, dependencies.io_threads, callbacks_.later,
                  http_waits(metrics, "queues")),
      for_rates_({dependencies.overload_wait, kRateTick}, dependencies.io_threads, callbacks_.later,
                 http_waits(metrics, "rate")),
      large_bodies_(dependencies.large_bodies, {intake_, dependencies.io_threads, callbacks_.submit}) {
  for (std::size_t i = 0; i < dependencies.io_threads; ++i) waiting_.push_back(std::make_unique<Waiting>());
}

HttpIngest::~HttpIngest() = default;

std::shared_ptr<const IngestProtocol> HttpIngest::completed(IngestProtocol protocol) {
  INVARIANT(protocol.render != nullptr);
  if (protocol.refuse == nullptr) protocol.refuse = refuse_plainly;
  protocol.limits.cut = true;
  return std::make_shared<const IngestProtocol>(std::move(protocol));
}

void HttpIngest::add(HttpRouter& router, IngestProtocol protocol) {
  const auto added = completed(std::move(protocol));
  Route route;
  route.method = added->method;
  route.path = added->path;
  if (added->source.empty()) route.scope = TokenScope::ingest;
  route.purpose = added->purpose;
  route.body_bytes_max = added->body_bytes_max;
  route.too_large_status = added->too_large_status;
  route.too_large_setting = "ingest.body_bytes_max";
  route.credentials = added->credentials;
  route.rate_checked_later = added->refuses_by_items || added->waits_for_its_rate;
  route.refuse = [added](const Refusal& refusal, const RequestHead& head, std::string_view request_id) {
    return added->refuse(refusal, {request_id, note_of(*added, head)});
  };
  route.handle = [this, added](HttpRequest request, const ReplyTo& reply) { answer(added, std::move(request), reply); };
  router.add(std::move(route));
}

void HttpIngest::wait_at_most(std::chrono::milliseconds overload_wait) noexcept {
  for_memory_.wait_at_most(overload_wait);
  for_queues_.wait_at_most(overload_wait);
  for_rates_.wait_at_most(overload_wait);
}

void HttpIngest::end_waits() noexcept {
  for_memory_.end();
  for_queues_.end();
  for_rates_.end();
}

void HttpIngest::answer(std::shared_ptr<const IngestProtocol> held, HttpRequest http, const ReplyTo& reply) {
  INVARIANT(http.io_thread < waiting_.size());
  const IngestProtocol& protocol = *held;
  auto pending =
      std::make_shared<Pending>(Pending{.protocol = std::move(held),
                                        .request_id = std::move(http.request_id),
                                        .note = note_of(protocol, http.head),
                                        .source = protocol.source.empty() ? std::move(http.source) : protocol.source,
                                        .sender = http.peer,
                                        .io_thread = http.io_thread,
                                        .waited = http.waited,
                                        .reply = reply,
                                        .share = std::move(http.share)});
  body_bytes_.add(http.body.size());
  const auto encoding = encoding_of(http.head, protocol.encodings);
  if (!encoding) return pending->refuse(protocol.encodings.refusal);
  pending->sent.text = std::move(http.body);
  pending->sent.encoding = *encoding;
  pending->sent.split = protocol.split;
  pending->form = form_of_body(pending->sent.text);
  pending->wide_window = zstd_window_bytes(pending->sent.text) > kZstdWindowBytesMax;
  pending->body_bytes = pending->share.bytes();
  if (callbacks_.check_rate && (protocol.refuses_by_items || protocol.waits_for_its_rate))
    if (const auto refusal = callbacks_.check_rate(pending->source, pending->sender))
      return over_rate(*refusal, pending);
  read_or_wait(pending);
}

// Whoever waits holds its body, so a large one does not: a token that sends too much takes little memory from others.
void HttpIngest::over_rate(const Refusal& refusal, const std::shared_ptr<Pending>& pending) {
  if (pending->protocol->refuses_by_items) return refuse_by_items(refusal, *pending);
  if (pending->sent.text.size() > kWaitingBodyBytesMax) return pending->refuse(refusal);
  OverloadHold::Held held;
  held.try_again = [this, pending] {
    if (callbacks_.check_rate(pending->source, pending->sender)) return false;
    read_or_wait(pending);
    return true;
  };
  held.give_up = [pending, refusal] { pending->refuse(refusal); };
  if (!for_rates_.hold(pending->io_thread, pending->waited, std::move(held))) pending->refuse(refusal);
}

void HttpIngest::read_or_wait(const std::shared_ptr<Pending>& pending) {
  if (read(pending)) return;
  OverloadHold::Held held;
  // What it wanted is reserved for a moment only, to see whether it is there.
  held.try_again = [this, pending] {
    if (!pending->share.grow_to(pending->bytes_wanted)) return false;
    pending->share.give_back(pending->share.bytes() - pending->body_bytes);
    return read(pending);
  };
  held.give_up = [pending] { pending->refuse(kBusy); };
  if (!for_memory_.hold(pending->io_thread, pending->waited, std::move(held))) pending->refuse(kBusy);
}

// Nothing of such a body is read but where its items are: what is over its rate keeps no rejects and counts none.
void HttpIngest::refuse_by_items(const Refusal& refusal, Pending& pending) {
  auto kinds = intake_.item_kinds(pending.sent, pending.protocol->limits, pending.io_thread, pending.may_hold());
  if (!kinds) return pending.refuse(kBusy);
  pending.outcome.item_kinds = std::move(*kinds);
  pending.refuse(refusal);
}

bool HttpIngest::read(const std::shared_ptr<Pending>& pending) {
  Intake::Reading reading =
      intake_.read(pending->sent, pending->protocol->limits, pending->source, pending->io_thread, pending->may_hold());
  if (reading.no_room) {
    pending->outcome.item_kinds = std::move(reading.outcome.item_kinds);  // for a refusal
    pending->share.give_back(pending->share.bytes() - pending->body_bytes);
    return false;
  }
  take(std::move(reading), pending);
  return true;
}

void HttpIngest::take(Intake::Reading reading, const std::shared_ptr<Pending>& pending) {
  const IngestProtocol& protocol = *pending->protocol;
  if (reading.rest != nullptr) return read_rest(std::move(reading), pending);
  pending->outcome = std::move(reading.outcome);
  if (pending->outcome.error == PayloadError::unreadable_body) {
    if (!pending->form.empty() && !protocol.takes_any_text)
      return pending->refuse({400, name_of(PayloadError::unreadable_body), pending->form});
    if (protocol.takes_any_text && pending->outcome.rejected == 0) {
      intake_.reject(RejectReason::bad_json, {}, pending->source, {});
      ++pending->outcome.rejected;
    }
    // A body of one bad record is a bad record, not a bad request: syslog-ng's http() sends a 400 again for ever.
    if (pending->outcome.rejected > 0) pending->outcome.error.reset();
  }
  if (pending->wide_window && pending->outcome.error == PayloadError::bad_compression)
    return pending->refuse(kWideWindow);
  if (pending->outcome.error) {
    spend(*pending, pending->outcome.rejected);  // they are kept
    return pending->refuse(refusal_of(*pending->outcome.error));
  }
  if (reading.request == nullptr) {
    intake_.count_rejects(pending->outcome);
    spend(*pending, pending->outcome.rejected);
    return pending->finish();
  }
  // Of what waits here only the bodies are counted, by their connections.
  if (!callbacks_.soon || reading.request->held_bytes() > kWaitingRequestBytesMax)
    return submit(std::move(reading.request), pending);
  Waiting& waiting = *waiting_[pending->io_thread];
  waiting.requests.emplace_back(std::move(reading.request), pending);
  if (waiting.is_called_soon) return;
  callbacks_.soon(pending->io_thread, [this, &waiting] { submit_waiting(waiting); });
  waiting.is_called_soon = true;
}

void HttpIngest::spend(const Pending& pending, std::size_t events) {
  if (callbacks_.spend_rate && events > 0) callbacks_.spend_rate(pending.source, pending.sender, events);
}

void HttpIngest::read_rest(Intake::Reading reading, const std::shared_ptr<Pending>& pending) {
  pending->outcome.item_kinds = reading.outcome.item_kinds;  // for a refusal
  LargeBodies::Body body{std::move(reading), std::move(pending->share), {}, {}};
  // However the body ends, what was stored of it is spent: else one that ends in a refusal would go round the rate.
  body.on_stored = [this, pending](std::size_t events) { spend(*pending, events); };
  body.on_end = [this, pending](LargeBodies::End end, const ItemOutcomes& outcome) {
    spend(*pending, outcome.rejected);
    switch (end) {
      case LargeBodies::End::stored:
        pending->outcome = outcome;
        intake_.count_rejects(outcome);
        return pending->finish();
      case LargeBodies::End::failed:
        return pending->refuse(kNotCommitted);
      case LargeBodies::End::unreadable:
        return pending->refuse(refusal_of(*outcome.error));
      case LargeBodies::End::overloaded:
        return pending->refuse(kOverloaded);
      case LargeBodies::End::damaged:
        return pending->refuse(kDamaged);
      case LargeBodies::End::stopped:
        return pending->refuse(kStopped);
    }
  };
  large_bodies_.read(std::move(body));
}

// What an exception leaves goes with the next ones.
void HttpIngest::submit_waiting(Waiting& waiting) {
  waiting.is_called_soon = false;
  while (!waiting.requests.empty()) {
    auto [request, pending] = std::move(waiting.requests.front());
    waiting.requests.pop_front();
    submit(std::move(request), pending);
  }
}

// Nobody overtakes what waits already.
void HttpIngest::submit(std::unique_ptr<Request> request, const std::shared_ptr<Pending>& pending) {
  request->on_done = [this, pending](RequestOutcome outcome) {
    if (outcome == RequestOutcome::failed) {
      intake_.count_refused(pending->outcome.accepted);
      return pending->refuse(kNotCommitted);
    }
    intake_.count_rejects(pending->outcome);
    spend(*pending, pending->outcome.accepted + pending->outcome.rejected);
    pending->finish();
  };
  pending->request = std::move(request);
  if (!for_queues_.waits(pending->io_thread) && try_submit(pending)) return;
  OverloadHold::Held held;
  held.try_again = [this, pending] { return try_submit(pending); };
  held.give_up = [this, pending] {
    intake_.count_refused(pending->outcome.accepted);
    pending->refuse(kOverloaded);
  };
  const auto give_up = held.give_up;
  if (!for_queues_.hold(pending->io_thread, pending->waited, std::move(held))) give_up();
}

bool HttpIngest::try_submit(const std::shared_ptr<Pending>& pending) {
  const SubmitResult result = callbacks_.submit(pending->request);
  if (result == SubmitResult::overloaded) return false;
  if (result == SubmitResult::accepted) return true;
  intake_.count_refused(pending->outcome.accepted);
  pending->refuse(refusal_of(result));
  return true;
}

}  // namespace straykey
