#pragma once
// The HTTP protocols that bring events, each in a file of its own. Another one is another function and another element
// of the list.
//
// Thread: start-up.
#include <array>
#include <cstddef>
#include <string_view>

#include "net/ingest/http_ingest.h"

namespace straykey {

// Limits of what comes by HTTP; a protocol may allow less.
struct IngestSettings {
  std::size_t body_bytes_max = 32u << 20;
  Intake::Limits limits;
  Readiness readiness = {};  // for health that a protocol asks for; empty: all is well
};

// Adds the routes of a protocol.
using AddHttpProtocol = void (*)(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);

// POST /v1/events: CloudTrail records in any framing and envelope; the plainest of them. (events_route.cc)
void add_events_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);

// POST /firehose: Amazon Data Firehose with an HTTP endpoint as its destination. (firehose_route.cc)
void add_firehose_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);
// /services/collector...: Splunk's HTTP Event Collector. (splunk_route.cc)
void add_splunk_routes(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);
// /_bulk, /{index}/_bulk: Elasticsearch's bulk API, and what its clients ask before. (bulk_route.cc)
void add_bulk_routes(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);
// POST /v1/logs: OTLP over HTTP, JSON and protobuf. (otlp_route.cc)
void add_otlp_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);
// POST /api/v2/logs: Datadog's forwarders. (datadog_route.cc)
void add_datadog_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);

// POST /api/v1/rejects/replay: as /v1/events, for the operators' socket, without a token. (events_route.cc)
inline constexpr std::string_view kReplayPath = "/api/v1/rejects/replay";
// The source of what comes so. No token has a space in its name.
inline constexpr std::string_view kReplaySource = "rejects replay";
void add_replay_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);

inline constexpr std::array<AddHttpProtocol, 6> kHttpProtocols{add_events_route, add_firehose_route, add_splunk_routes,
                                                               add_bulk_routes,  add_otlp_route,     add_datadog_route};

}  // namespace straykey
