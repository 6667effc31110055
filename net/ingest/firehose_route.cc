// POST /firehose: Amazon Data Firehose with an HTTP endpoint as its destination. Every reply, refusals too, has the
// form that Firehose prescribes: JSON with the request's own id. Only 200 is success to it; after 413 it would give the
// batch up for good, so a body over a limit is 400, which it sends again and keeps in its backup bucket in the end.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "net/ingest/http_protocols.h"

namespace straykey {
namespace {

constexpr std::size_t kBodyBytesMax = 64u << 20;
constexpr std::size_t kInflatedBytesMax = 256u << 20;
constexpr std::size_t kRequestIdBytesMax = 128;

// What Firehose calls the request: a UUID. Anything else is not repeated.
std::string request_id_of(const RequestHead& head, std::string_view) {
  const std::string_view id = head.field("X-Amz-Firehose-Request-Id");
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  if (id.size() > kRequestIdBytesMax || !std::all_of(id.begin(), id.end(), is_plain)) return {};
  return std::string(id);
}

std::string reply_body(std::string_view request_id, std::string_view error_message) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string body = fmt::format("{{\"requestId\":\"{}\",\"timestamp\":{}", request_id,
                                 std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  if (!error_message.empty()) body += fmt::format(",\"errorMessage\":\"{}\"", error_message);
  return body + "}";
}

HttpReply render_firehose(const ItemOutcomes&, const AnsweredRequest& request) {
  HttpReply reply;
  reply.body = reply_body(request.note, "");
  return reply;
}

HttpReply refuse_firehose(const Refusal& refusal, const AnsweredRequest& request) {
  HttpReply reply;
  reply.status = refusal.status == 413 ? 400 : refusal.status;
  reply.headers = refusal_headers(refusal);
  reply.body = reply_body(request.note, fmt::format("{}: {}", refusal.code, refusal.message));
  return reply;
}

}  // namespace

void add_firehose_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  IngestProtocol protocol;
  protocol.path = "/firehose";
  protocol.purpose =
      "Amazon Data Firehose posts here: an HTTP endpoint destination whose access key is an ingest token.";
  protocol.credentials.header = "X-Amz-Firehose-Access-Key";
  protocol.body_bytes_max = std::max(settings.body_bytes_max, kBodyBytesMax);
  protocol.too_large_status = 400;
  protocol.limits = settings.limits;
  protocol.limits.inflated_bytes_max = std::max(settings.limits.inflated_bytes_max, kInflatedBytesMax);
  protocol.note_of = request_id_of;
  protocol.render = render_firehose;
  protocol.refuse = refuse_firehose;
  ingest.add(router, std::move(protocol));
}

}  // namespace straykey
