// What the server offers to operators: the admin listener with the page and its API, and the local socket for commands.
#include <fmt/format.h>

#include <chrono>

#include "core/engine/standby.h"
#include "net/admin/alert_routes.h"
#include "net/admin/health_routes.h"
#include "net/admin/operator_routes.h"
#include "net/admin/page_routes.h"
#include "net/admin/session_routes.h"
#include "net/admin/status_route.h"
#include "tools/config/config_settings.h"
#include "tools/server/serve.h"
#include "tools/store/admin_socket.h"
#include "tools/store/stopped_store.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

// Every argument that an operation allows fits into a target, though each byte of it may be written as three.
constexpr HeadLimits kOperatorHead{.block_bytes_max = 24 * 1024, .target_bytes_max = 16 * 1024};
static_assert(kOperatorHead.target_bytes_max > 2 * 3 * kArgumentBytesMax + 256);

}  // namespace

HttpListenerSettings Serve::admin_settings(const Config& config) {
  HttpListenerSettings settings = admin_listener(config);
  settings.head = kOperatorHead;
  return settings;
}

StatusSource Serve::status_source() {
  StatusSource source{metrics_,
                      [this] {
                        return ReadinessReport{pipeline_->not_ready(), pipeline_->unjudged()};
                      },
                      wall_clock,
                      STRAYKEY_VERSION,
                      [this] {
                        const auto last = last_reload_.load();
                        return std::optional<ReloadReport>(*last);
                      },
                      [this] { return *health_findings_.load(); }};
  if (standby_) source.standby = [this] { return standby_->status(); };
  return source;
}

HttpRouter Serve::admin_router(const Config& config) {
  HttpRouter router;
  add_health_routes(router, [this] { return ReadinessReport{pipeline_->not_ready(), pipeline_->unjudged()}; });
  add_metrics_route(router, metrics_, {config.admin.open_metrics});
  page_sessions_ = std::make_shared<PageSessions>(!config.admin.certificate.empty(), wall_clock);
  add_page(router);
  return router;
}

void Serve::add_page(HttpRouter& router) {
  OperatorAccess access;
  access.required = true;
  access.admit = [sessions = page_sessions_](const RequestHead& head, TokenScope needed) {
    return sessions->admit(head, needed);
  };
  access.refuse = quiet_refusal;
  access.who = [this, sessions = page_sessions_](const RequestHead& head) -> std::string {
    if (const auto bearer = http_dependencies_->auth->bearer_of(head, {})) return bearer->name;
    const auto session = sessions->find(head);
    return session ? session->name : std::string();
  };
  access.refused = [this](const OperatorRequest& attempt, OperatorAccess::RefusedAs as, std::string_view why) {
    note_refused(attempt, as, why);
  };
  const auto ask = [this](OperatorRequest request, OperatorDesk::Answer answer) {
    operators_->ask(std::move(request), std::move(answer));
  };
  const auto watch = [this](std::string after, OperatorDesk::Answer answer) {
    operators_->watch(std::move(after), std::move(answer));
  };
  add_operator_routes(router, ask, access);
  add_alert_routes(router, ask, watch, access);
  add_status_route(router, status_source(), access);
  add_session_routes(router, *page_sessions_, *http_dependencies_->auth);
  add_page_routes(router);
}

Status Serve::start_admin(const Config& config, const HttpServer* before) {
  const HttpListenerSettings settings = admin_settings(config);
  admin_ = std::make_unique<HttpServer>(*runtime_, settings, admin_router(config), *http_dependencies_);
  const bool same_place = before != nullptr && admin_is_ && admin_is_->first.address == settings.address &&
                          admin_is_->first.port == settings.port;
  if (same_place) admin_->take_over(before->listening_socket());
  if (Status status = admin_->start(wall_clock()); !status.ok())
    return Error{status.error().message + " (admin.listen)"};
  admin_is_.emplace(settings, config.admin.open_metrics);
  log_.info("listening",
            {{"listener", settings.name},
             {"url", fmt::format("{}://{}:{}", settings.tls ? "https" : "http", settings.address, admin_->port())}});
  return {};
}

// The commands reach this server through the socket. Everything else works without it, so if it fails the server starts
// all the same.
void Serve::start_operators() {
  OperatorStores stores = operator_stores(*data_);
  stores.rejects = rejects_.get();
  stores.audit = audit_.get();
  const auto routes = [this] { return routes_.load(); };
  endpoint_desk_ = std::make_unique<EndpointDesk>(EndpointDesk::Dependencies{*sender_, routes, wall_clock});
  const auto ask_endpoints = [this](const OperatorRequest& request, OperatorDesk::Answer answer) {
    endpoint_desk_->ask(request, std::move(answer));
  };
  operators_ = std::make_unique<OperatorDesk>(OperatorDesk::Dependencies{
      std::move(stores), *pipeline_, wall_clock, ask_endpoints, metrics_, routes,
      [this](const OperatorRequest& request, const OperatorAnswer& answer) { note_change(request, answer); }});
  desk_open_ = true;
  operators_->alerts_changed({{}, true});  // whatever changed before it could be told
  HttpRouter router;
  add_health_routes(router, [this] { return ReadinessReport{pipeline_->not_ready(), pipeline_->unjudged()}; });
  add_metrics_route(router, metrics_, {.open = true});
  const auto ask = [this](OperatorRequest request, OperatorDesk::Answer answer) {
    operators_->ask(std::move(request), std::move(answer));
  };
  const auto watch = [this](std::string after, OperatorDesk::Answer answer) {
    operators_->watch(std::move(after), std::move(answer));
  };
  OperatorAccess open_to_all;  // whoever may open the socket is an operator
  open_to_all.refused = [this](const OperatorRequest& attempt, OperatorAccess::RefusedAs as, std::string_view why) {
    note_refused(attempt, as, why);
  };
  add_operator_routes(router, ask, open_to_all);
  add_alert_routes(router, ask, watch, {});
  add_status_route(router, status_source(), {});
  add_replay_route(router, *http_ingest_, ingest_settings(config_));
  HttpListenerSettings settings;
  settings.name = "admin_socket";
  settings.path = admin_socket_path(config_.data_dir);
  settings.connections = {kAdminSocketConnectionsMax, kAdminSocketConnectionsMax};
  settings.head = kOperatorHead;
  auto made = std::make_unique<HttpServer>(*runtime_, std::move(settings), std::move(router), *http_dependencies_);
  if (const Status status = made->start(wall_clock()); !status.ok())
    return log_.error("commands cannot reach this server; they work when it is stopped",
                      {{"reason", status.error().message}});
  admin_socket_ = std::move(made);
}

}  // namespace straykey
