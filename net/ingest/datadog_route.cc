// POST /api/v2/logs: Datadog's forwarders. `{}` is what they send to keep a connection alive, and is answered like a
// batch.
#include <utility>

#include "net/ingest/http_protocols.h"

namespace straykey {
namespace {

HttpReply render_datadog(const ItemOutcomes&, const AnsweredRequest&) {
  HttpReply reply;
  reply.status = 202;
  reply.body = "{}";
  return reply;
}

}  // namespace

void add_datadog_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  IngestProtocol protocol;
  protocol.path = "/api/v2/logs";
  protocol.purpose = "Datadog's forwarders post logs here; their API key is an ingest token.";
  protocol.credentials.header = "DD-API-KEY";
  protocol.body_bytes_max = settings.body_bytes_max;
  protocol.limits = settings.limits;
  protocol.render = render_datadog;
  ingest.add(router, std::move(protocol));
}

}  // namespace straykey
