#pragma once
// GET /api/v1/status: whether the server takes events, and its counters and gauges as JSON, for a page that shows how
// the pipeline does.
//
// Thread: io; `readiness` is called there.
// Bounds: as many series as there are metrics; histograms are left to /metrics.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/base/time.h"
#include "core/engine/submit.h"
#include "net/admin/health_watch.h"
#include "net/admin/operator_routes.h"

namespace straykey {

struct StandbyStatus;

// How the last reload of the configuration ended. Settings are named as in errors, without values.
struct ReloadReport {
  Seconds at = 0;
  bool applied = true;                   // false: the configuration before it is still in force, whole
  std::vector<std::string> errors = {};  // why not, or which parts kept their old state
  std::vector<std::string> changed = {}, wait_for_next_start = {};
};

struct StatusSource {
  const Metrics& metrics;  // outlives the router
  Readiness readiness;
  std::function<Seconds()> now;  // the wall clock
  std::string version;
  std::function<std::optional<ReloadReport>()> last_reload = {};       // nullopt: there was none; empty: as nullopt
  std::function<std::vector<HealthFinding>()> health = {};             // empty: as if there were none
  std::function<std::shared_ptr<const StandbyStatus>()> standby = {};  // empty: there is no [standby]
};
void add_status_route(HttpRouter& router, StatusSource source, const OperatorAccess& access);

}  // namespace straykey
