#pragma once
// /healthz, /readyz and /metrics.
#include "core/base/metrics.h"
#include "core/engine/submit.h"
#include "net/http/http_router.h"

namespace straykey {

// GET /healthz (the io threads run: 200 "ok") and GET /readyz (200, or 503 with the reasons), without a token.
// `readiness` is called on io threads.
void add_health_routes(HttpRouter& router, Readiness readiness);

// GET /metrics with a token of scope read or admin, or open to all who reach the listener. Make it open only on a
// loopback listener.
struct MetricsRouteSettings {
  bool open = false;
};
// `metrics` must outlive the router.
void add_metrics_route(HttpRouter& router, const Metrics& metrics, MetricsRouteSettings settings);

}  // namespace straykey
