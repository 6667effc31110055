// What a running server does on SIGHUP.
//
// Everything that the configuration names is read first. If any of it is wrong, nothing changes. A new listener listens
// before the old one retires, on the same socket if the address is the same, so that no connection is refused between
// the two. Only an address that cannot be taken is found out late: then that listener stays as it was.
#include <algorithm>
#include <set>

#include "core/engine/outbox.h"
#include "core/engine/standby.h"
#include "net/ingest/http_source.h"
#include "net/ingest/syslog_tcp.h"
#include "net/ingest/syslog_udp.h"
#include "tools/config/check_config.h"
#include "tools/config/config_changes.h"
#include "tools/config/config_settings.h"
#include "tools/server/serve.h"
#include "tools/server/service_notice.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

// How long connections of a retired listener may go on: an idle one of HTTP ends within a minute anyhow.
constexpr std::chrono::seconds kPatience{60};

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string all;
  for (const std::string& word : words) all.append(all.empty() ? "" : between).append(word);
  return all.empty() ? "none" : all;
}

std::pair<std::string_view, std::uint16_t> address_of(const auto& settings) {
  return {settings.address, settings.port};
}

// How many messages wait on disk for an endpoint, dead ones too.
std::size_t rows_of(StoreWriter& alerts, const std::string& endpoint) {
  const std::string prefix = outbox_prefix(endpoint);
  std::size_t rows = 0;
  alerts.scan(Table::outbox, prefix, prefix, [&rows](std::string_view, std::string_view) {
    ++rows;
    return true;
  });
  return rows;
}

}  // namespace

struct Serve::Loaded {
  Config config;
  std::vector<std::string> errors;
  std::shared_ptr<const NetworkMap> networks;
  Agreement common;
  std::vector<TokenSettings> tokens;
  std::vector<WebhookEndpoint> webhooks;
};

bool Serve::Listener::listens_like(const Listener& other) const {
  if (settings.index() != other.settings.index()) return false;
  const auto address = [](const auto& one) { return address_of(one); };
  return std::visit(address, settings) == std::visit(address, other.settings);
}

bool Serve::Listener::is_like(const Listener& other) const {
  return settings == other.settings && routes.body_bytes_max == other.routes.body_bytes_max &&
         routes.limits == other.routes.limits && sns_topics == other.sns_topics && intake == other.intake;
}

std::vector<Serve::Listener> Serve::listeners_of(const Config& config) {
  std::vector<Listener> listeners;
  const std::size_t connections_max = share_out_connections(config);
  for (HttpListenerSettings& settings : ingest_listeners(config)) {
    settings.connections.connections_max = connections_max;
    listeners.push_back({settings.name, std::move(settings), ingest_settings(config), config.ingest.sns_topics, {}});
  }
  for (SyslogListenerSettings& settings : syslog_stream_listeners(config)) {
    settings.connections.connections_max = connections_max;
    listeners.push_back({settings.name, std::move(settings), {}, {}, syslog_intake_settings(config)});
  }
  if (auto settings = syslog_udp_listener(config))
    listeners.push_back({settings->name, std::move(*settings), {}, {}, syslog_intake_settings(config)});
  return listeners;
}

std::shared_ptr<SyslogIntake> Serve::syslog_intake(const SyslogIntakeSettings& settings) {
  if (syslog_intake_ == nullptr || !(syslog_intake_->settings() == settings))
    syslog_intake_ = std::make_shared<SyslogIntake>(
        settings, SyslogIntake::Dependencies{
                      *intake_, [this](std::unique_ptr<Request>& request) { return submit(request); }, log_});
  return syslog_intake_;
}

std::unique_ptr<ListeningSource> Serve::make_source(const Listener& listener, const Config& config) {
  Listener& made = listening_.insert_or_assign(listener.name, listener).first->second;
  if (const auto* http = std::get_if<HttpListenerSettings>(&listener.settings))
    return std::make_unique<HttpSource>(*runtime_, *http, ingest_router(config), *http_dependencies_);
  const auto& syslog = std::get<SyslogListenerSettings>(listener.settings);
  made.taken_by = syslog_intake(listener.intake);
  const SyslogDependencies dependencies{*made.taken_by, syslog_budget_, metrics_, log_};
  if (listener.name == "syslog_udp") return std::make_unique<SyslogUdp>(*runtime_, syslog, dependencies);
  return std::make_unique<SyslogTcp>(*runtime_, syslog, dependencies);
}

void Serve::reload() {
  tell_service_manager_of_reload();
  const CheckedConfig read = read_and_validate(config_.files.front(), wall_clock());
  ReloadReport report{.at = wall_clock()};
  for (const ConfigError& error : read.errors) report.errors.push_back(error.text());
  report.wait_for_next_start = changed_settings(Effect::at_start, config_, read.config);
  report.applied = read.errors.empty();
  if (report.applied) {
    Loaded loaded = load(read.config);
    report.errors = std::move(loaded.errors);
    report.applied = report.errors.empty();
    if (report.applied) {
      report.changed = changed_settings(Effect::at_reload, reloaded_, loaded.config);
      report.errors = apply(std::move(loaded));
    }
  }
  if (!report.applied) {
    report.wait_for_next_start = changed_settings(Effect::at_start, config_, reloaded_);
    log_.error("the configuration has errors; the old one stays, whole", {{"errors", joined(report.errors, "; ")}});
  } else {
    for (const std::string& error : report.errors)
      log_.error("a part could not be reloaded; it stays as it was", {{"reason", error}});
    log_.info("reloaded", {{"changed", joined(report.changed, ", ")},
                           {"wait_for_next_start", joined(report.wait_for_next_start, ", ")}});
  }
  note_change({.at = report.at,
               .who = "SIGHUP",
               .what = "reload",
               .object = "changed: " + joined(report.changed, ", "),
               .result = !report.applied         ? "failed"
                         : report.errors.empty() ? "done"
                                                 : "partly",
               .reason = report.errors.empty() ? "" : joined(report.errors, "; ")});
  note_reload(std::move(report));
  tell_service_manager("READY=1");
}

void Serve::note_reload(ReloadReport report) {
  const bool well = report.errors.empty();
  Counter& failures =
      metrics_.counter("straykey_reload_failures_total", "Reloads (SIGHUP) in which a part kept its old state.");
  if (!well) failures.add();
  metrics_
      .gauge("straykey_config_last_reload_successful",
             "1: the last reload, or the start, put the whole configuration in force that can be without a restart.")
      .set(well ? 1 : 0);
  Gauge& time = metrics_.gauge("straykey_config_last_reload_success_timestamp_seconds",
                               "When that was the last time, a start included (Unix time).");
  if (well) time.set(static_cast<double>(report.at));
  metrics_
      .gauge("straykey_config_settings_waiting", "Settings that were changed and take effect at the next start only.")
      .set(static_cast<double>(report.wait_for_next_start.size()));
  last_reload_ = std::make_shared<const ReloadReport>(std::move(report));
}

Serve::Loaded Serve::load(Config config) const {
  Loaded loaded;
  const auto note = [&loaded](const Error& error) { loaded.errors.push_back(error.message); };
  if (auto networks = load_networks(config)) {
    loaded.common = agreement(config, *networks);
    loaded.networks = std::make_shared<const NetworkMap>(std::move(networks).value());
  } else {
    note(networks.error());
  }
  if (auto tokens = load_tokens(config))
    loaded.tokens = std::move(tokens).value();
  else
    note(tokens.error());
  if (const Status usable = Authenticator({}).replace(loaded.tokens); !usable.ok()) note(usable.error());
  if (auto webhooks = load_webhooks(config))
    loaded.webhooks = std::move(webhooks).value();
  else
    note(webhooks.error());
  for (std::string& error : webhook_endpoint_errors(loaded.webhooks)) loaded.errors.push_back(std::move(error));
  loaded.config = std::move(config);
  return loaded;
}

std::vector<std::string> Serve::apply(Loaded loaded) {
  std::vector<std::string> errors;
  const Config& next = loaded.config;
  log_.use(next.log);
  apply_networks(loaded);
  if (!(next.detection == reloaded_.detection)) pipeline_->use_detection(next.detection);
  http_dependencies_->auth->use(auth_settings(next));
  if (const Status status = http_dependencies_->auth->replace(loaded.tokens); !status.ok())
    errors.push_back(status.error().message);
  if (page_sessions_ != nullptr) page_sessions_->close_all();  // the tokens that opened them may be gone
  apply_limits(next);
  apply_listeners(next, errors);
  for (const auto& source : pulled_)
    if (const Status status = source->reload(wall_clock()); !status.ok())
      errors.push_back("files of " + std::string(source->name()) + ": " + status.error().message);
  apply_admin(next, errors);
  apply_webhooks(next, loaded.webhooks);
  reloaded_ = std::move(loaded.config);
  update_ranges();
  return errors;
}

// The thread that fetches ranges would bring the former networks back.
void Serve::apply_networks(Loaded& loaded) {
  if (loaded.config.networks != reloaded_.networks) ranges_.reset();
  use_networks(loaded.networks);
  if (standby_) standby_->use_agreement(loaded.common);
}

void Serve::apply_limits(const Config& next) {
  http_dependencies_->budget->limit(http_budget_settings(next).bytes_in_flight_max);
  http_dependencies_->rates->use(rate_settings(next));
  syslog_budget_->limit(next.syslog.bytes_in_flight_max);
  pipeline_->queue_at_most(next.pipeline.queued_bytes_max);
  http_ingest_->wait_at_most(std::chrono::milliseconds(next.ingest.overload_wait_ms));
}

void Serve::apply_listeners(const Config& next, std::vector<std::string>& errors) {
  const std::vector<Listener> wanted = listeners_of(next);
  for (const Listener& listener : wanted) apply_listener(listener, next, errors);
  std::erase_if(sources_, [&](std::unique_ptr<ListeningSource>& source) {
    const auto is_it = [&source](const Listener& listener) { return listener.name == source->name(); };
    if (std::any_of(wanted.begin(), wanted.end(), is_it)) return false;
    log_.info("no longer listening", {{"listener", std::string(source->name())}, {"url", source->url()}});
    const auto listener = listening_.extract(std::string(source->name()));
    retire(std::move(source), listener.mapped());
    return true;
  });
}

// A listener whose settings stay keeps its connections, and reads its certificate anew.
void Serve::apply_listener(const Listener& wanted, const Config& next, std::vector<std::string>& errors) {
  const auto is_it = [&wanted](const auto& source) { return source->name() == wanted.name; };
  const auto present = std::find_if(sources_.begin(), sources_.end(), is_it);
  const bool is_there = present != sources_.end();
  const std::optional<Listener> before = is_there ? std::optional(listening_.at(wanted.name)) : std::nullopt;
  if (before && before->is_like(wanted)) {
    const Status status = (*present)->reload(wall_clock());
    if (!status.ok()) errors.push_back("files of " + wanted.name + ": " + status.error().message);
    return;
  }
  std::unique_ptr<ListeningSource> made = make_source(wanted, next);
  if (before && before->listens_like(wanted)) made->take_over((*present)->listening_socket());
  if (const Status status = start_source(*made); !status.ok()) {
    listening_.erase(wanted.name);
    if (before) listening_.emplace(wanted.name, *before);
    errors.push_back(status.error().message);
    return;
  }
  if (!is_there) {
    sources_.push_back(std::move(made));
    return;
  }
  std::swap(*present, made);
  retire(std::move(made), *before);
}

void Serve::retire(std::unique_ptr<ListeningSource> source, const Listener& listener) {
  source->retire(kPatience);
  retired_.push_back({std::move(source), listener.taken_by, nullptr, nullptr});
}

void Serve::forget_retired() {
  std::erase_if(retired_, [](const Retired& one) {
    return (one.source == nullptr || one.source->connections() == 0) &&
           (one.admin == nullptr || one.admin->connections() == 0);
  });
}

void Serve::apply_admin(const Config& next, std::vector<std::string>& errors) {
  std::optional<std::pair<HttpListenerSettings, bool>> wanted;
  if (next.admin.listen.on()) wanted.emplace(admin_settings(next), next.admin.open_metrics);
  if (wanted == admin_is_) {
    const Status status = admin_ == nullptr ? Status{} : admin_->reload_tls(wall_clock());
    if (!status.ok()) errors.push_back("files of admin: " + status.error().message);
    return;
  }
  Retired before{nullptr, nullptr, std::move(admin_), page_sessions_};
  const auto before_is = admin_is_;
  const Status status = wanted ? start_admin(next, before.admin.get()) : Status{};
  if (!status.ok()) {
    errors.push_back(status.error().message);
    admin_ = std::move(before.admin);
    page_sessions_ = std::move(before.sessions);
    admin_is_ = before_is;
    return;
  }
  admin_is_ = wanted;
  if (before.admin == nullptr) return;
  before.admin->retire(kPatience);
  retired_.push_back(std::move(before));
}

void Serve::apply_webhooks(const Config& next, const std::vector<WebhookEndpoint>& endpoints) {
  if (const Status status = sender_->use(endpoints); !status.ok())
    return log_.error("webhooks stay as they were", {{"reason", status.error().message}});
  const auto before = routes_.load();
  const auto now = std::make_shared<const std::vector<WebhookRoute>>(webhook_routes(next));
  routes_ = now;
  pipeline_->use_routes(*now);
  let_go_of_webhooks(*before, *now);
}

// What waits for an endpoint that is gone stays on disk; the log says how much. The sender forgets the endpoint when
// the merger, which is asked to count, hands over nothing more for it.
void Serve::let_go_of_webhooks(const std::vector<WebhookRoute>& before, const std::vector<WebhookRoute>& now) {
  std::set<std::string> names, gone;
  for (const WebhookRoute& route : now) names.insert(route.name);
  for (const WebhookRoute& route : before)
    if (!names.contains(route.name)) gone.insert(route.name);
  const std::uint64_t number = ++routes_changed_;
  if (gone.empty()) return;
  const auto waiting = std::make_shared<std::map<std::string, std::size_t>>();
  auto change = std::make_unique<OperatorChange>();
  change->in_alerts = [gone, waiting](StoreWriter& alerts, std::size_t) {
    for (const std::string& name : gone) (*waiting)[name] = rows_of(alerts, name);
    return OperatorChange::InAlerts{};
  };
  change->on_done = [this, names, waiting, number](const ChangeOutcome&) {
    if (number == routes_changed_) sender_->keep_only(names);
    for (const auto& [name, rows] : *waiting)
      log_.warning(
          "a webhook is gone from the configuration; what waits for it stays in the store, and is sent when one "
          "of its name is there again",
          {{"endpoint", name}, {"waiting", std::to_string(rows)}});
  };
  if (pipeline_->submit(change) != SubmitResult::accepted) sender_->keep_only(names);
}

}  // namespace straykey
