#pragma once
// The HTTP protocols that bring events, each in a file of its own. Another one is another function and another element
// of the list.
//
// Thread: start-up.
#include <array>
#include <cstddef>

#include "net/ingest/http_ingest.h"

namespace straykey {

// Limits of what comes by HTTP; a protocol may allow less.
struct IngestSettings {
  std::size_t body_bytes_max = 32u << 20;
  Intake::Limits limits;
};

// Adds the routes of a protocol.
using AddHttpProtocol = void (*)(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);

// POST /v1/events: CloudTrail records in any framing and envelope; the plainest of them. (events_route.cc)
void add_events_route(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings);

inline constexpr std::array<AddHttpProtocol, 1> kHttpProtocols{add_events_route};

}  // namespace straykey
