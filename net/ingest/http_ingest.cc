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

// REQUIRES: not accepted.
Refusal refusal_of(SubmitResult result) {
  if (result == SubmitResult::overloaded) return kOverloaded;
  return result == SubmitResult::damaged ? kDamaged : kStopped;
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
  const IngestProtocol& protocol;
  std::string request_id, note;
  ReplyTo reply;
  BudgetShare share;
  ItemOutcomes outcome;

  // What it holds is given back before its sender can come again.
  void refuse(const Refusal& refusal) {
    share.clear();
    reply(protocol.refuse(refusal, {request_id, note, outcome.item_kinds}));
  }
  void finish() {
    share.clear();
    reply(protocol.render(outcome, {request_id, note, outcome.item_kinds}));
  }
};

HttpIngest::HttpIngest(Dependencies dependencies, Callbacks callbacks, Metrics& metrics)
    : intake_(dependencies.intake),
      callbacks_(std::move(callbacks)),
      body_bytes_(metrics.counter("straykey_body_bytes_total", "Bytes of bodies received, before decompression.")),
      large_bodies_(dependencies.large_bodies, {intake_, dependencies.io_threads, callbacks_.submit}) {
  for (std::size_t i = 0; i < dependencies.io_threads; ++i) waiting_.push_back(std::make_unique<Waiting>());
}

HttpIngest::~HttpIngest() = default;

void HttpIngest::add(HttpRouter& router, IngestProtocol protocol) {
  INVARIANT(protocol.render != nullptr);
  if (protocol.refuse == nullptr) protocol.refuse = refuse_plainly;
  protocol.limits.cut = true;
  protocols_.push_back(std::make_unique<const IngestProtocol>(std::move(protocol)));
  const IngestProtocol& added = *protocols_.back();
  Route route;
  route.method = added.method;
  route.path = added.path;
  if (added.source.empty()) route.scope = TokenScope::ingest;
  route.purpose = added.purpose;
  route.body_bytes_max = added.body_bytes_max;
  route.too_large_status = added.too_large_status;
  route.too_large_setting = "ingest.body_bytes_max";
  route.credentials = added.credentials;
  route.refuse = [&added](const Refusal& refusal, const RequestHead& head, std::string_view request_id) {
    return added.refuse(refusal, {request_id, note_of(added, head)});
  };
  route.handle = [this, &added](HttpRequest request, const ReplyTo& reply) {
    answer(added, std::move(request), reply);
  };
  router.add(std::move(route));
}

void HttpIngest::answer(const IngestProtocol& protocol, HttpRequest http, const ReplyTo& reply) {
  INVARIANT(http.io_thread < waiting_.size());
  auto pending = std::make_shared<Pending>(
      Pending{protocol, std::move(http.request_id), note_of(protocol, http.head), reply, std::move(http.share), {}});
  body_bytes_.add(http.body.size());
  const auto encoding = encoding_of(http.head, protocol.encodings);
  if (!encoding) return pending->refuse(protocol.encodings.refusal);
  SentText sent;
  sent.text = std::move(http.body);
  sent.encoding = *encoding;
  sent.split = protocol.split;
  const std::string& source = protocol.source.empty() ? http.source : protocol.source;
  const std::string_view form = form_of_body(sent.text);
  const bool wide_window = zstd_window_bytes(sent.text) > kZstdWindowBytesMax;
  const Intake::MayHold may_hold = [&share = pending->share](std::size_t bytes) { return share.grow_by(bytes); };
  Intake::Reading reading = intake_.read(sent, protocol.limits, source, http.io_thread, may_hold);
  if (reading.no_room) return pending->refuse(kBusy);
  if (reading.rest != nullptr) return read_rest(std::move(reading), pending);
  pending->outcome = std::move(reading.outcome);
  if (pending->outcome.error == PayloadError::unreadable_body) {
    if (!form.empty() && !protocol.takes_any_text)
      return pending->refuse({400, name_of(PayloadError::unreadable_body), form});
    if (protocol.takes_any_text && pending->outcome.rejected == 0) {
      intake_.reject(RejectReason::bad_json, {}, source, {});
      ++pending->outcome.rejected;
    }
    // A body of one bad record is a bad record, not a bad request: syslog-ng's http() sends a 400 again for ever.
    if (pending->outcome.rejected > 0) pending->outcome.error.reset();
  }
  if (wide_window && pending->outcome.error == PayloadError::bad_compression) return pending->refuse(kWideWindow);
  if (pending->outcome.error) return pending->refuse(refusal_of(*pending->outcome.error));
  if (reading.request == nullptr) {
    intake_.count_rejects(pending->outcome);
    return pending->finish();
  }
  // Of what waits here only the bodies are counted, by their connections.
  if (!callbacks_.soon || reading.request->held_bytes() > kWaitingRequestBytesMax)
    return submit(std::move(reading.request), pending);
  Waiting& waiting = *waiting_[http.io_thread];
  waiting.requests.emplace_back(std::move(reading.request), std::move(pending));
  if (waiting.is_called_soon) return;
  callbacks_.soon(http.io_thread, [this, &waiting] { submit_waiting(waiting); });
  waiting.is_called_soon = true;
}

void HttpIngest::read_rest(Intake::Reading reading, const std::shared_ptr<Pending>& pending) {
  pending->outcome.item_kinds = reading.outcome.item_kinds;  // for a refusal
  LargeBodies::Body body{std::move(reading), std::move(pending->share), {}};
  body.on_end = [this, pending](LargeBodies::End end, const ItemOutcomes& outcome) {
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

void HttpIngest::submit(std::unique_ptr<Request> request, const std::shared_ptr<Pending>& pending) {
  request->on_done = [this, pending](RequestOutcome outcome) {
    if (outcome == RequestOutcome::failed) {
      intake_.count_refused(pending->outcome.accepted);
      return pending->refuse(kNotCommitted);
    }
    intake_.count_rejects(pending->outcome);
    pending->finish();
  };
  const SubmitResult result = callbacks_.submit(request);
  if (result == SubmitResult::accepted) return;
  intake_.count_refused(pending->outcome.accepted);
  pending->refuse(refusal_of(result));
}

}  // namespace straykey
