#include "net/ingest/ingest_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/invariant.h"
#include "core/event/decoding.h"

namespace straykey {
namespace {

constexpr Refusal kUnsupportedEncoding{415, "unsupported_encoding",
                                       "Content-Encoding must be identity, gzip or deflate."};
constexpr Refusal kOverloaded{503, "overloaded", "The queues are full; send the same request again.", 1};
constexpr Refusal kStopped{503, "stopped", "The server takes no events now; send the same request again.", 5};
constexpr Refusal kDamaged{503, "store_damaged",
                           "A part of the store is damaged and must be restored; send the same request again later.",
                           60};
constexpr Refusal kNotCommitted{503, "not_committed", "The events could not be stored; send the same request again.",
                                5};

constexpr std::size_t kEventsReservedMax = 4096;
constexpr std::size_t kWaitingRequestBytesMax = 16 * 1024;

std::optional<ContentEncoding> encoding_of(const RequestHead& head) {
  if (head.field_count("Content-Encoding") > 1) return std::nullopt;
  const std::string_view word = head.field("Content-Encoding");
  if (word.empty() || equal_ignoring_case(word, "identity")) return ContentEncoding::identity;
  if (equal_ignoring_case(word, "gzip") || equal_ignoring_case(word, "x-gzip")) return ContentEncoding::gzip;
  if (equal_ignoring_case(word, "deflate")) return ContentEncoding::deflate;
  return std::nullopt;
}

Refusal refusal_of(PayloadError error) {
  switch (error) {
    case PayloadError::empty_body:
      return {400, name_of(error), "The body is empty."};
    case PayloadError::unreadable_body:
      return {400, name_of(error), "The body is not JSON."};
    case PayloadError::bad_compression:
      return {400, name_of(error), "The body does not decompress."};
    case PayloadError::inflated_too_large:
      return {413, name_of(error), "The body is too large once decompressed."};
    case PayloadError::too_many_records:
      return {413, name_of(error), "The body holds too many records."};
  }
  INVARIANT(false);
  return {};
}

// REQUIRES: not accepted.
Refusal refusal_of(SubmitResult result) {
  if (result == SubmitResult::overloaded) return kOverloaded;
  return result == SubmitResult::damaged ? kDamaged : kStopped;
}

HttpReply render_events(const IngestOutcome& outcome, std::string_view request_id) {
  if (outcome.refusal) return error_reply(*outcome.refusal, request_id);
  HttpReply reply;
  const fmt::format_int accepted(outcome.accepted), rejected(outcome.rejected);
  reply.body.reserve(64);
  reply.body.append("{\"accepted\":").append(accepted.data(), accepted.size());
  reply.body.append(",\"rejected\":").append(rejected.data(), rejected.size()).append(",\"errors\":[");
  const char* separator = "";
  for (const IngestOutcome::Reject& reject : outcome.rejects) {
    fmt::format_to(std::back_inserter(reply.body), "{}{{\"index\":{},\"code\":\"{}\"}}", separator, reject.index,
                   name_of(reject.reason));
    separator = ",";
  }
  reply.body += "]}\n";
  return reply;
}

}  // namespace

struct Ingest::Pending {
  IngestOutcome outcome;
  Tally tally{};  // rejects by reason, counted when the request is answered with 200
  std::size_t events = 0;
  std::string request_id;
  Render render;
  ReplyTo reply;

  void finish(std::optional<Refusal> refusal) {
    outcome.refusal = std::move(refusal);
    reply(render(outcome, request_id));
  }
};

Ingest::Ingest(IngestSettings settings, std::size_t io_threads, Outlets outlets, Metrics& metrics)
    : settings_(settings),
      outlets_(std::move(outlets)),
      metrics_(metrics),
      rejected_(reject_counters(metrics)),
      refused_(refused_counter(metrics)),
      body_bytes_(metrics.counter("straykey_body_bytes_total", "Bytes of bodies received, before decompression.")) {
  for (std::size_t i = 0; i < io_threads; ++i) lanes_.push_back(std::make_unique<Lane>(settings_.payload));
}

Ingest::~Ingest() = default;

Counter& Ingest::received_from(Lane& lane, const std::string& source) {
  auto found = lane.received.find(source);
  if (found == lane.received.end()) {
    found = lane.received.emplace(source, &received_counter(metrics_, source)).first;
  }
  return *found->second;
}

std::optional<Refusal> Ingest::read(const HttpRequest& http, Lane& lane, Request& request, Pending& pending) {
  const std::optional<ContentEncoding> encoding = encoding_of(http.head);
  if (!encoding) return kUnsupportedEncoding;
  // Records are mostly longer than a kilobyte, and gzip makes an eighth of them or less.
  const std::size_t plain_bytes = request.body.size() * (has_gzip_magic(request.body) ? 8 : 1);
  request.events.reserve(std::min(plain_bytes / 1024 + 1, kEventsReservedMax));
  PayloadReader::Sink sink;
  sink.on_event = [&](std::uint32_t, Event&& event) {
    request.events.push_back(std::move(event));
    if (outlets_.sign) outlets_.sign(request);
  };
  sink.on_reject = [&](std::uint32_t index, RejectReason reason, std::string_view record) {
    IngestOutcome& outcome = pending.outcome;
    ++outcome.rejected;
    ++pending.tally[static_cast<std::size_t>(reason)];
    if (outcome.rejects.size() < settings_.errors_listed_max) outcome.rejects.push_back({index, reason});
    if (outlets_.on_reject) outlets_.on_reject(reason, record, http.source);
  };
  const auto error = lane.reader.read(request.body, *encoding, request.received_at, request.arena, sink);
  if (error) return refusal_of(*error);
  return std::nullopt;
}

void Ingest::take(HttpRequest http, Render render, const ReplyTo& reply) {
  INVARIANT(http.io_thread < lanes_.size());
  Lane& lane = *lanes_[http.io_thread];
  auto pending = std::make_shared<Pending>();
  pending->request_id = http.request_id;
  pending->render = std::move(render);
  pending->reply = reply;
  body_bytes_.add(http.body.size());
  auto request = std::make_unique<Request>();
  request->received_at = outlets_.now();
  request->set_body(std::move(http.body));
  if (auto refusal = read(http, lane, *request, *pending)) return pending->finish(refusal);
  pending->events = pending->outcome.accepted = request->events.size();
  received_from(lane, http.source).add(pending->events);
  // Of what waits here only the bodies are counted, by their connections.
  if (!outlets_.soon || request->held_bytes() > kWaitingRequestBytesMax) return submit(std::move(request), pending);
  lane.waiting.emplace_back(std::move(request), std::move(pending));
  if (lane.is_called_soon) return;
  outlets_.soon(http.io_thread, [this, &lane] { submit_waiting(lane); });
  lane.is_called_soon = true;
}

// What an exception leaves goes with the next ones.
void Ingest::submit_waiting(Lane& lane) {
  lane.is_called_soon = false;
  while (!lane.waiting.empty()) {
    auto [request, pending] = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    submit(std::move(request), pending);
  }
}

void Ingest::submit(std::unique_ptr<Request> request, const std::shared_ptr<Pending>& pending) {
  const auto done = [this, pending](RequestOutcome outcome) {
    if (outcome == RequestOutcome::failed) {
      refused_.add(pending->events);
      return pending->finish(kNotCommitted);
    }
    for (std::size_t i = 0; i < kRejectReasonCount; ++i)
      if (pending->tally[i] > 0) rejected_[i]->add(pending->tally[i]);
    pending->finish(std::nullopt);
  };
  if (request->events.empty()) return done(RequestOutcome::committed);
  request->on_done = done;
  const SubmitResult result = outlets_.submit(request);
  if (result == SubmitResult::accepted) return;
  refused_.add(pending->events);
  pending->finish(refusal_of(result));
}

std::array<Counter*, kRejectReasonCount> reject_counters(Metrics& metrics) {
  std::array<Counter*, kRejectReasonCount> counters{};
  for (std::size_t i = 0; i < kRejectReasonCount; ++i) {
    counters[i] = &metrics.counter("straykey_events_rejected_total", "Records rejected, by reason.",
                                   {{"reason", name_of(static_cast<RejectReason>(i))}});
  }
  return counters;
}

Counter& received_counter(Metrics& metrics, std::string_view source) {
  return metrics.counter("straykey_events_received_total",
                         "Events taken out of bodies and messages, by the token or syslog listener that brought them.",
                         {{"source", source}});
}

Counter& refused_counter(Metrics& metrics) {
  return metrics.counter("straykey_events_refused_total",
                         "Events that were read and not stored: their sender heard 503, or was a syslog sender that "
                         "cannot hear.");
}

void add_ingest_routes(HttpRouter& router, Ingest& ingest) {
  Route route;
  route.method = HttpMethod::post;
  route.path = "/v1/events";
  route.scope = TokenScope::ingest;
  route.purpose = "POST CloudTrail records to this address: JSON as it comes, plain or gzip, with an ingest token.";
  route.body_bytes_max = ingest.settings().body_bytes_max;
  route.handle = [&ingest](HttpRequest request, const ReplyTo& reply) {
    ingest.take(std::move(request), render_events, reply);
  };
  router.add(std::move(route));
}

}  // namespace straykey
