#pragma once
// GET /api/v1/status: whether the server takes events, and its counters and gauges as JSON, for a page that shows how
// the pipeline does.
//
// Thread: io; `readiness` is called there.
// Bounds: as many series as there are metrics; histograms are left to /metrics.
#include <functional>
#include <string>

#include "core/base/metrics.h"
#include "core/base/time.h"
#include "core/engine/submit.h"
#include "net/admin/operator_routes.h"

namespace straykey {

struct StatusSource {
  const Metrics& metrics;  // outlives the router
  Readiness readiness;
  std::function<Seconds()> now;  // the wall clock
  std::string version;
};
void add_status_route(HttpRouter& router, StatusSource source, const OperatorAccess& access);

}  // namespace straykey
