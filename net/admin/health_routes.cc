#include "net/admin/health_routes.h"

#include <string>
#include <utility>
#include <vector>

#include "net/admin/metrics_text.h"

namespace straykey {
namespace {

// The reasons are our own words: "starting", "store".
HttpReply readiness_reply(const ReadinessReport& report) {
  HttpReply reply;
  const std::vector<std::string>& reasons = report.reasons;
  reply.body = reasons.empty() ? "{\"ready\":true,\"reasons\":[" : "{\"ready\":false,\"reasons\":[";
  const char* separator = "";
  for (const std::string& reason : reasons) {
    reply.body.append(separator).append("\"").append(reason).append("\"");
    separator = ",";
  }
  reply.body += "],\"unjudged\":" + std::to_string(report.unjudged) + "}\n";
  if (!reasons.empty()) {
    reply.status = 503;
    reply.headers.push_back({"Retry-After", "1"});
  }
  return reply;
}

}  // namespace

void add_health_routes(HttpRouter& router, Readiness readiness) {
  Route health;
  health.method = HttpMethod::get;
  health.path = "/healthz";
  health.purpose = "GET this address to learn whether the server runs.";
  health.handle = [](HttpRequest, const ReplyTo& reply) { reply({200, "text/plain; charset=utf-8", "ok\n", {}}); };
  router.add(std::move(health));

  Route ready;
  ready.method = HttpMethod::get;
  ready.path = "/readyz";
  ready.purpose = "GET this address to learn whether the server takes events now.";
  ready.handle = [readiness = std::move(readiness)](HttpRequest, const ReplyTo& reply) {
    reply(readiness_reply(readiness()));
  };
  router.add(std::move(ready));
}

void add_metrics_route(HttpRouter& router, const Metrics& metrics, MetricsRouteSettings settings) {
  Route route;
  route.method = HttpMethod::get;
  route.path = "/metrics";
  if (!settings.open) route.scope = TokenScope::read;
  route.purpose = "GET this address with a token of scope read or admin for metrics in the format of Prometheus.";
  route.handle = [&metrics](HttpRequest, const ReplyTo& reply) {
    reply({200, kMetricsContentType, metrics_text(metrics), {}});
  };
  router.add(std::move(route));
}

}  // namespace straykey
