// POST /v1/logs: OTLP over HTTP. A JSON body is read as it is framed. Of a protobuf body each log record's string or
// bytes is an item; a record whose body is something else is rejected. The reply has the encoding of the request.
#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "net/ingest/http_protocols.h"

namespace straykey {
namespace {

// Field numbers of opentelemetry/proto/collector/logs/v1 and logs/v1, in the order in which the messages enclose each
// other: a request's resource_logs, their scope_logs, their log_records, and the body of one.
constexpr protozero::pbf_tag_type kResourceLogs = 1, kScopeLogs = 2, kLogRecords = 2, kBody = 5;
constexpr protozero::pbf_tag_type kStringValue = 1, kBytesValue = 7;  // of any value

std::string_view view_of(protozero::data_view bytes) {
  return {bytes.data(), bytes.size()};
}

// Calls visit(bytes) for each field of that number. Throws what protozero throws of bytes that are no protobuf.
template <class Visit>
void each(std::string_view message, protozero::pbf_tag_type number, const Visit& visit) {
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next(number, protozero::pbf_wire_type::length_delimited)) visit(view_of(reader.get_view()));
}

// The text of a log record's body; empty, which is one reject, if the body is something else.
std::string_view text_of(std::string_view log_record) {
  std::string_view text = log_record.substr(0, 0);
  each(log_record, kBody, [&](std::string_view value) {
    for (const protozero::pbf_tag_type kind : {kStringValue, kBytesValue})
      each(value, kind, [&text](std::string_view bytes) { text = bytes; });
  });
  return text;
}

// A line feed is the first byte of protobuf, and so no white space before JSON.
bool is_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

void split_otlp(std::string_view text, std::size_t items_max, std::vector<SentText::Item>& items) {
  const auto add = [&](std::string_view item) {
    if (items.size() <= items_max)
      items.push_back({static_cast<std::size_t>(item.data() - text.data()), item.size(), 0, {}});
  };
  if (is_json(text)) return add(text);
  try {
    each(text, kResourceLogs, [&](std::string_view resource_logs) {
      each(resource_logs, kScopeLogs, [&](std::string_view scope_logs) {
        each(scope_logs, kLogRecords, [&](std::string_view log_record) { add(text_of(log_record)); });
      });
    });
  } catch (const protozero::exception&) {
    add(text);  // it is rejected, or JSON after a line feed; what was found before it is taken
  }
}

std::string content_type_of(const RequestHead& head, std::string_view) {
  const std::string_view type = head.field("Content-Type");
  return type.find("protobuf") == std::string_view::npos ? "" : "protobuf";
}

// The response, with partial_success only if something was rejected, as the protocol asks.
HttpReply render_otlp(const ItemOutcomes& outcome, const AnsweredRequest& request) {
  constexpr std::string_view kMessage = "Not all log records are CloudTrail records.";
  HttpReply reply;
  if (request.note.empty()) {
    reply.body = outcome.rejected == 0 ? "{}"
                                       : fmt::format(
                                             "{{\"partialSuccess\":{{\"rejectedLogRecords\":\"{}\","
                                             "\"errorMessage\":\"{}\"}}}}",
                                             outcome.rejected, kMessage);
    return reply;
  }
  reply.content_type = "application/x-protobuf";
  if (outcome.rejected > 0) {
    protozero::pbf_writer response(reply.body);
    protozero::pbf_writer partial_success(response, 1);
    partial_success.add_int64(1, static_cast<std::int64_t>(outcome.rejected));
    partial_success.add_string(2, kMessage.data(), kMessage.size());
  }
  return reply;
}

// google.rpc.Status. A Retry-After of 1 shortens the patience of exporters and a long one ends it, so it is 2.
HttpReply refuse_otlp(const Refusal& refusal, const AnsweredRequest& request) {
  constexpr std::int32_t kUnavailable = 14, kInvalidArgument = 3;
  constexpr unsigned kRetryAfterSeconds = 2;
  Refusal said = refusal;
  if (said.retry_after_s > 0) said.retry_after_s = kRetryAfterSeconds;
  const std::int32_t code = refusal.status == 503 || refusal.status == 429 ? kUnavailable : kInvalidArgument;
  HttpReply reply;
  reply.status = refusal.status;
  reply.headers = refusal_headers(said);
  if (request.note.empty()) {
    reply.body = fmt::format("{{\"code\":{},\"message\":\"{}\"}}", code, refusal.message);
  } else {
    reply.content_type = "application/x-protobuf";
    protozero::pbf_writer status(reply.body);
    status.add_int32(1, code);
    status.add_string(2, refusal.message.data(), refusal.message.size());
  }
  return reply;
}

}  // namespace

void add_otlp_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  IngestProtocol protocol;
  protocol.path = "/v1/logs";
  protocol.purpose = "OpenTelemetry exporters post logs here, as JSON or protobuf, with an ingest token.";
  protocol.body_bytes_max = settings.body_bytes_max;
  protocol.limits = settings.limits;
  protocol.split = split_otlp;
  protocol.note_of = content_type_of;
  protocol.render = render_otlp;
  protocol.refuse = refuse_otlp;
  ingest.add(router, std::move(protocol));
}

}  // namespace straykey
