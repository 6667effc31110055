// /services/collector...: Splunk's HTTP Event Collector. Replies are Splunk's: a text and always a number `code`,
// because senders take a reply without one for success. What is no record is counted as rejected and answered with
// success: a sender that hears 400 sends the same again, and nothing behind it arrives. An ackId is given only after
// the commit, so that /ack says true of every id.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "net/http/request_target.h"
#include "net/ingest/http_protocols.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kAckBodyBytesMax = 1u << 20;
constexpr std::string_view kPurpose =
    "Senders for Splunk's HTTP Event Collector post CloudTrail records here; their token is an ingest token.";

// Says whether the sender wants an ackId: it does if it names a channel.
std::string channel_of(const RequestHead& head, std::string_view) {
  const bool has_channel =
      !head.field("X-Splunk-Request-Channel").empty() || !query_parameter(head.target, "channel").value_or("").empty();
  return has_channel ? "channel" : "";
}

// The number of the request on its listener, which stands at the end of our own id.
std::string_view ack_id(std::string_view request_id) {
  return request_id.substr(request_id.rfind('-') + 1);
}

HttpReply render_splunk(const ItemOutcomes&, const AnsweredRequest& request) {
  HttpReply reply;
  reply.body = "{\"text\":\"Success\",\"code\":0";
  if (!request.note.empty()) reply.body += fmt::format(",\"ackId\":{}", ack_id(request.request_id));
  reply.body += '}';
  return reply;
}

struct SplunkWord {
  unsigned status;
  int code;
  std::string_view text;
};

// Splunk's own codes. Where it has none, the sentence says what was wrong.
SplunkWord word_of(const Refusal& refusal) {
  if (refusal.code == "missing_token") return {401, 2, "Token is required"};
  if (refusal.status == 401 || refusal.status == 403) return {403, 4, "Invalid token"};
  if (refusal.code == name_of(PayloadError::empty_body)) return {400, 5, "No data"};
  if (refusal.status == 503 || refusal.status == 429) return {503, 9, "Server is busy"};
  if (refusal.status == 413) return {413, 27, refusal.message};
  return {refusal.status, 6, refusal.message};
}

HttpReply refuse_splunk(const Refusal& refusal, const AnsweredRequest&) {
  const SplunkWord word = word_of(refusal);
  HttpReply reply;
  reply.status = word.status;
  reply.headers = refusal_headers(refusal);
  reply.body = fmt::format("{{\"text\":\"{}\",\"code\":{}}}", word.text, word.code);
  return reply;
}

// By the reasons of /readyz.
SplunkWord health_of(const std::vector<std::string>& reasons) {
  const auto is = [&reasons](std::string_view reason) {
    return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
  };
  if (reasons.empty()) return {200, 17, "HEC is healthy"};
  if (is("draining")) return {503, 23, "Server is shutting down"};
  if (is("queues")) return {503, 18, "HEC is unhealthy, queues are full"};
  return {503, 9, "Server is busy"};
}

HttpReply health(const Readiness& readiness) {
  const SplunkWord word = health_of(readiness ? readiness().reasons : std::vector<std::string>{});
  HttpReply reply;
  reply.status = word.status;
  if (word.status == 503) reply.headers.push_back({"Retry-After", "1"});
  reply.body = fmt::format("{{\"text\":\"{}\",\"code\":{}}}", word.text, word.code);
  return reply;
}

HttpReply acknowledge(const std::string& body) {
  json::error_code error;
  const json::value asked = json::parse(body, error);
  const json::object* members = error ? nullptr : asked.if_object();
  const json::value* ids = members == nullptr ? nullptr : members->if_contains("acks");
  if (ids == nullptr || !ids->is_array()) return refuse_splunk({400, "bad_acks", "Invalid data format"}, {});
  json::object acks;
  for (const json::value& id : ids->get_array()) {
    if (!id.is_int64() && !id.is_uint64()) return refuse_splunk({400, "bad_acks", "Invalid data format"}, {});
    acks[json::serialize(id)] = true;
  }
  HttpReply reply;
  reply.body = json::serialize(json::object{{"acks", std::move(acks)}});
  return reply;
}

void add_ack_route(HttpRouter& router, std::string path) {
  Route route;
  route.path = std::move(path);
  route.scope = TokenScope::ingest;
  route.purpose = kPurpose;
  route.body_bytes_max = kAckBodyBytesMax;
  route.credentials.scheme = "Splunk";
  route.refuse = [](const Refusal& refusal, const RequestHead&, std::string_view) {
    return refuse_splunk(refusal, {});
  };
  route.handle = [](const HttpRequest& request, const ReplyTo& reply) { reply(acknowledge(request.body)); };
  router.add(std::move(route));
}

void add_health_route(HttpRouter& router, std::string path, const Readiness& readiness) {
  Route route;
  route.method = HttpMethod::get;
  route.path = std::move(path);
  route.purpose = "Says whether events are taken at /services/collector.";
  route.handle = [readiness](const HttpRequest&, const ReplyTo& reply) { reply(health(readiness)); };
  router.add(std::move(route));
}

}  // namespace

void add_splunk_routes(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  for (const std::string_view path :
       {"/services/collector", "/services/collector/event", "/services/collector/event/1.0", "/services/collector/raw",
        "/services/collector/raw/1.0"}) {
    IngestProtocol protocol;
    protocol.path = path;
    protocol.purpose = kPurpose;
    protocol.credentials.scheme = "Splunk";
    protocol.body_bytes_max = settings.body_bytes_max;
    protocol.limits = settings.limits;
    protocol.takes_any_text = true;
    protocol.note_of = channel_of;
    protocol.render = render_splunk;
    protocol.refuse = refuse_splunk;
    ingest.add(router, std::move(protocol));
  }
  add_ack_route(router, "/services/collector/ack");
  add_health_route(router, "/services/collector/health", settings.readiness);
  add_health_route(router, "/services/collector/health/1.0", settings.readiness);
}

}  // namespace straykey
