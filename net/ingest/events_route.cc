// POST /v1/events: CloudTrail records in any framing and envelope.
#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "net/ingest/http_protocols.h"

namespace straykey {
namespace {

HttpReply render_events(const ItemOutcomes& outcome, const AnsweredRequest&) {
  HttpReply reply;
  const fmt::format_int accepted(outcome.accepted), rejected(outcome.rejected);
  reply.body.reserve(64);
  reply.body.append("{\"accepted\":").append(accepted.data(), accepted.size());
  reply.body.append(",\"rejected\":").append(rejected.data(), rejected.size());
  if (outcome.not_judged > 0) fmt::format_to(std::back_inserter(reply.body), ",\"not_judged\":{}", outcome.not_judged);
  if (outcome.ignored > 0) fmt::format_to(std::back_inserter(reply.body), ",\"ignored\":{}", outcome.ignored);
  reply.body.append(",\"errors\":[");
  const char* separator = "";
  for (const ItemOutcomes::Reject& reject : outcome.rejects) {
    fmt::format_to(std::back_inserter(reply.body), "{}{{\"index\":{},\"code\":\"{}\"}}", separator, reject.item,
                   name_of(reject.reason));
    separator = ",";
  }
  reply.body += "]}\n";
  return reply;
}

}  // namespace

void add_events_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  IngestProtocol protocol;
  protocol.path = "/v1/events";
  protocol.purpose = "POST CloudTrail records to this address: JSON as it comes, plain or gzip, with an ingest token.";
  protocol.body_bytes_max = settings.body_bytes_max;
  protocol.limits = settings.limits;
  protocol.render = render_events;
  ingest.add(router, std::move(protocol));
}

void add_replay_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  IngestProtocol protocol;
  protocol.path = std::string(kReplayPath);
  protocol.purpose = "POST a rejected record to this address, as it is or mended.";
  protocol.body_bytes_max = settings.body_bytes_max;
  protocol.limits = settings.limits;
  protocol.takes_any_text = true;
  protocol.source = std::string(kReplaySource);
  protocol.render = render_events;
  ingest.add(router, std::move(protocol));
}

}  // namespace straykey
