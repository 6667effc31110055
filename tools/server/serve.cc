#include "tools/server/serve.h"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "core/base/time.h"
#include "core/engine/standby.h"
#include "net/admin/health_routes.h"
#include "net/ingest/http_protocols.h"
#include "net/ingest/s3_source.h"
#include "net/kafka/kafka_alert_log.h"
#include "tools/config/config_settings.h"
#include "tools/config/config_validate.h"
#include "tools/server/descriptors.h"
#include "tools/server/service_notice.h"
#include "tools/store/admin_socket.h"
#include "tools/store/stopped_store.h"
#include "tools/store/store_wait.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

constexpr std::chrono::milliseconds kDrainGrace{10'000};
constexpr double kSoundAfterS = 600;
constexpr long kSignalTickNs = 200'000'000;
constexpr int kStorePatiencePauses = 75;  // of kSignalTickNs: 15 s

// Whoever subscribes this server before SNS is on hears which setting is missing.
void add_sns_off(HttpRouter& router) {
  Route route;
  route.path = "/sns";
  route.purpose = "Amazon SNS may post here once ingest.sns_topics lists its topic.";
  route.scope = TokenScope::ingest;
  route.body_bytes_max = 1u << 20;
  route.handle = [](const HttpRequest& request, const ReplyTo& reply) {
    constexpr Refusal kOff{404, "sns_off", "Amazon SNS is not taken here: list its topic in ingest.sns_topics."};
    reply(error_reply(kOff, request.request_id));
  };
  router.add(std::move(route));
}

// What a listener could not do, with the setting that says where it listens.
Error with_setting(const Error& error, std::string_view listener) {
  if (error.message.starts_with("s3_source ") || error.message.starts_with("kafka_source ")) return error;
  constexpr std::string_view kSyslog = "syslog_";
  std::string setting = "ingest.https";
  if (listener == "ingest_http") setting = "ingest.http";
  if (listener.starts_with(kSyslog)) setting = "syslog." + std::string(listener.substr(kSyslog.size()));
  return Error{error.message + " (" + setting + ")"};
}

}  // namespace

Serve::Serve(Config config, Log& log) : config_(std::move(config)), reloaded_(config_), log_(log) {
  metrics_.gauge("straykey_build_info", "Which version runs.", {{"version", STRAYKEY_VERSION}}).set(1);
  note_reload({.at = wall_clock()});
}

Serve::~Serve() {
  stop();
}

Status Serve::start() {
  if (Status status = open_store(); !status.ok()) return status;
  if (Status status = start_pipeline(); !status.ok()) return status;
  if (Status status = start_listeners(); !status.ok()) return status;
  update_ranges();
  return {};
}

Status Serve::open_store() {
  auto key = random_hash_key();
  if (!key) return key.error();
  DataDirectorySettings settings = data_directory_settings(config_, *key);
  settings.open_damaged = true;
  settings.tell = [this](const std::string& what) {
    log_.info("the store is brought to its present format", {{"what", what}});
  };
  const auto open = [&] { return DataDirectory::open(settings); };
  int pauses = 0;
  auto opened = open_when_free(config_.data_dir, open, [&] { return wait_for_store(pauses++); });
  if (!opened) return opened.error();
  data_ = std::move(opened).value();
  return open_recorder();
}

// A command on the stopped store has it only for the time of its answer. SIGTERM and SIGINT end the waiting.
bool Serve::wait_for_store(int pauses) {
  if (pauses == 0) {
    const auto holder = lock_holder(config_.data_dir);
    log_.warning("the store is in use by another straykey; waiting for it",
                 {{"data_dir", config_.data_dir}, {"process", holder ? std::to_string(*holder) : "unknown"}});
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  const timespec tick{0, kSignalTickNs};
  return pauses < kStorePatiencePauses && sigtimedwait(&signals, nullptr, &tick) < 0;
}

// This comes before anything reads a record, so that records which crashed the process twice are refused.
Status Serve::open_recorder() {
  auto recorder = FlightRecorder::open(config_.data_dir);
  if (!recorder) return recorder.error();
  recorder_ = std::move(recorder).value();
  recorder_->watch();
  metrics_.gauge("straykey_crash_records", "Records in hand when the process crashed.", {{"crashes", "1"}})
      .set(static_cast<double>(recorder_->suspected_count()));
  metrics_
      .gauge("straykey_crash_records", "Records in hand when the process crashed.", {{"crashes", "2 or more: refused"}})
      .set(static_cast<double>(recorder_->poisoned_count()));
  if (recorder_->suspected_count() + recorder_->poisoned_count() > 0)
    log_.warning("earlier runs crashed with a record in hand; a record that did so twice is refused as crashed_before",
                 {{"once", std::to_string(recorder_->suspected_count())},
                  {"refused", std::to_string(recorder_->poisoned_count())}});
  return {};
}

Status Serve::start_pipeline() {
  auto networks = load_networks(config_);
  if (!networks) return networks.error();
  Agreement common = agreement(config_, *networks);
  auto map = std::make_shared<const NetworkMap>(std::move(networks).value());
  if (map->uses_builtin_aws_ranges())
    log_.warning(
        "AWS's address ranges are those that were compiled in; strong verdicts that rest on them are kept at the weak "
        "tier for events more than 30 days after their date",
        {{"created", format_time(*map->aws_ranges_created())}, {"setting", "networks.aws_ranges"}});

  runtime_ = std::make_unique<IoRuntime>(io_settings(config_), log_, metrics_);
  auto endpoints = load_webhooks(config_);
  if (!endpoints) return endpoints.error();
  WebhookSettings webhooks;
  auto seed = random_hash_key();
  if (!seed) return seed.error();
  webhooks.jitter_seed = seed->k0;
  ask_before_delivery(webhooks);
  auto sender = WebhookSender::create(runtime_->context(0), endpoints.value(), webhooks, metrics_, log_,
                                      [this](DeliveryOutcome outcome) { pipeline_->report(std::move(outcome)); });
  if (!sender) return sender.error();
  sender_ = std::move(sender).value();

  Pipeline::Dependencies dependencies;
  Pipeline::Callbacks callbacks;
  for (const auto& partition : data_->partitions()) dependencies.partitions.push_back(partition.get());
  alert_watch_ = std::make_unique<AlertWatch>(data_->alerts(), [this](ChangedAlerts changed) {
    if (desk_open_) operators_->alerts_changed(std::move(changed));
  });
  if (Status status = start_standby(std::move(common)); !status.ok()) return status;
  dependencies.alerts = alert_watch_.get();
  dependencies.routes = webhook_routes(config_);
  routes_ = std::make_shared<const std::vector<WebhookRoute>>(dependencies.routes);
  callbacks.deliver = [this](Delivery delivery) { sender_->deliver(std::move(delivery)); };
  callbacks.uptime = uptime;
  callbacks.on_fatal = [this](const std::string& message) {
    log_.error("the store cannot be trusted any more; nothing is acknowledged, restart me", {{"reason", message}});
    broken_ = true;
  };
  use_standby(dependencies, callbacks);
  dependencies.poisoned = &recorder_->poisoned();
  dependencies.metrics = &metrics_;
  dependencies.log = &log_;
  use_networks(map);  // before there is a pipeline: that gets it with its dependencies
  dependencies.networks = std::move(map);
  pipeline_ = std::make_unique<Pipeline>(pipeline_settings(config_, data_->hash_key()), config_.detection,
                                         std::move(dependencies), std::move(callbacks));
  if (pipeline_->start() != CommitOutcome::committed)
    return Error{fmt::format("{}: the store cannot be read or written: {}", config_.data_dir, pipeline_->failure())};
  return {};
}

HttpRouter Serve::ingest_router(const Config& config) {
  HttpRouter router;
  IngestSettings settings = ingest_settings(config);
  settings.readiness = [this] { return ReadinessReport{pipeline_->not_ready(), pipeline_->unjudged()}; };
  for (const AddHttpProtocol add : kHttpProtocols) add(router, *http_ingest_, settings);
  if (config.ingest.sns_topics.empty()) {
    add_sns_off(router);
  } else {
    add_sns(router, config);
  }
  add_health_routes(router, settings.readiness);
  return router;
}

// All listeners share what was fetched.
void Serve::add_sns(HttpRouter& router, const Config& config) {
  if (sns_fetcher_ == nullptr) {
    sns_certificates_ = std::make_unique<SnsCertificates>([this](const std::string& url) { sns_fetcher_->fetch(url); });
    sns_fetcher_ = std::make_unique<SnsFetcher>(
        log_, [this](const std::string& url, std::string pem) { sns_certificates_->put(url, std::move(pem)); });
  }
  const SnsDependencies dependencies{*sns_certificates_, [this](const std::string& url) { sns_fetcher_->confirm(url); },
                                     wall_clock};
  add_sns_route(router, *http_ingest_, config.ingest.limits, {config.ingest.sns_topics}, dependencies);
}

Status Serve::start_listeners() {
  auto tokens = load_tokens(config_);
  if (!tokens) return tokens.error();
  auto authenticator = std::make_shared<Authenticator>(auth_settings(config_));
  if (Status status = authenticator->replace(tokens.value()); !status.ok()) return status;
  http_dependencies_ = std::make_unique<HttpDependencies>(HttpDependencies{
      authenticator, std::make_shared<ByteBudget>(http_budget_settings(config_).bytes_in_flight_max), metrics_, log_});
  open_kept();
  http_dependencies_->rates = std::make_shared<RateLimiter>(rate_settings(config_), metrics_, &log_);
  make_intake();
  make_sources();
  runtime_->start();
  if (Status status = start_sources(); !status.ok()) return status;
  start_operators();
  return config_.admin.listen.on() ? start_admin(config_) : Status{};
}

std::size_t Serve::share_out_connections(const Config& config) {
  DescriptorUse use;
  use.listeners = ingest_listeners(config).size() + syslog_stream_listeners(config).size();
  use.connections_max = config.ingest.connections.connections_max;
  use.operators = kAdminSocketConnectionsMax + admin_listener_defaults().connections.connections_max;
  use.webhooks = config.webhooks.size();
  use.shards = config_.storage.shards;
  return share_out_descriptors(use, log_);
}

SubmitResult Serve::submit(std::unique_ptr<Request>& request) {
  clock_watch_.watch(*request, request->received_at, log_);
  return pipeline_->submit(request);
}

// Everything else works without either.
void Serve::open_kept() {
  auto audit = AuditLog::open(config_.data_dir);
  if (audit)
    audit_ = std::move(audit).value();
  else
    log_.error("what operators change is logged and not kept", {{"reason", audit.error().message}});
  if (config_.ingest.rejects_bytes_max == 0) return;
  auto ring = RejectRing::open({rejects_directory(config_.data_dir), config_.ingest.rejects_bytes_max});
  if (!ring) return log_.error("rejected records are not kept", {{"reason", ring.error().message}});
  rejects_ = std::move(ring).value();
  if (rejects_->torn() > 0)
    log_.warning("the store of rejects had a torn end, which was cut off",
                 {{"files", std::to_string(rejects_->torn())}});
  reject_keeper_ = std::make_unique<RejectKeeper>(RejectKeeper::Settings{},
                                                  RejectKeeper::Dependencies{*rejects_, metrics_, log_, wall_clock});
}

void Serve::take_reject(RejectReason reason, std::string_view record, std::string_view source) {
  log_.warning("a record was rejected", {{"reason", std::string(name_of(reason))},
                                         {"source", std::string(source)},
                                         {"bytes", std::to_string(record.size())}});
  if (reason == RejectReason::attributes_only && !told_of_attributes_.test_and_set())
    log_.warning("OTLP logs came without a body: the CloudTrail record itself is not in them",
                 {{"source", std::string(source)},
                  {"change",
                   "let the collector forward the record unparsed: as the text of the body, without "
                   "awslogs_encoding"}});
  // What is replayed is kept already.
  if (reject_keeper_ != nullptr && source != kReplaySource)
    reject_keeper_->keep(reason, record, source, std::chrono::steady_clock::now());
}

void Serve::make_intake() {
  Intake::Callbacks callbacks;
  callbacks.now = wall_clock;
  callbacks.sign = [this](Request& request) { pipeline_->sign(request); };
  callbacks.on_reject = [this](RejectReason reason, std::string_view record, std::string_view source) {
    take_reject(reason, record, source);
  };
  PayloadLimits limits;
  limits.poisoned = &recorder_->poisoned();
  std::size_t desks = runtime_->threads() + 1;  // one for LargeBodies
  for (const S3SourceSettings& source : config_.s3_sources) desks += source.concurrency;
  for (const KafkaSourceConfig& source : config_.kafka_sources) desks += source.settings.concurrency;
  intake_ = std::make_unique<Intake>(limits, desks, std::move(callbacks), metrics_);
}

void Serve::make_sources() {
  HttpIngest::Callbacks callbacks;
  callbacks.submit = [this](std::unique_ptr<Request>& request) { return submit(request); };
  callbacks.soon = [this](std::size_t io_thread, std::function<void()> call) {
    runtime_->call_soon(io_thread, std::move(call));
  };
  callbacks.check_rate = [rates = http_dependencies_->rates](const std::string& source, const IpAddress& sender) {
    return rates->check(source, sender);
  };
  callbacks.spend_rate = [this, rates = http_dependencies_->rates](const std::string& source, const IpAddress& sender,
                                                                   std::size_t events) {
    rates->spend(source, sender, events);
    if (source == kReplaySource)
      note_change({.at = wall_clock(),
                   .who = std::string(kAdminSocketCaller),
                   .what = "rejects/replay",
                   .object = "events=" + std::to_string(events),
                   .result = "done"});
  };
  callbacks.later = [this](std::size_t io_thread, std::chrono::milliseconds wait, std::function<void()> call) {
    runtime_->call_later(io_thread, wait, std::move(call));
  };
  http_ingest_ = std::make_unique<HttpIngest>(
      HttpIngest::Dependencies{.intake = *intake_,
                               .io_threads = runtime_->threads(),
                               .overload_wait = std::chrono::milliseconds(config_.ingest.overload_wait_ms)},
      std::move(callbacks), metrics_);
  // A share of its own: neither HTTP nor syslog can take the other's memory.
  syslog_budget_ = std::make_shared<ByteBudget>(config_.syslog.bytes_in_flight_max);
  for (Listener& listener : listeners_of(config_)) sources_.push_back(make_source(listener, config_));
  make_kafka(make_s3(runtime_->threads() + 1));
}

std::size_t Serve::make_s3(std::size_t first_desk) {
  std::size_t desk = first_desk;
  for (const S3SourceSettings& settings : config_.s3_sources) {
    S3Source::Dependencies dependencies{
        *intake_, desk,       [this](std::unique_ptr<Request>& request) { return submit(request); }, metrics_,
        log_,     wall_clock, [](const char* name) -> const char* { return std::getenv(name); }};
    pulled_.push_back(std::make_unique<S3Source>(settings, std::move(dependencies)));
    desk += settings.concurrency;
  }
  return desk;
}

Status Serve::start_sources() {
  for (const auto& source : sources_)
    if (Status status = start_source(*source); !status.ok()) return status;
  for (const auto& source : pulled_)
    if (Status status = start_source(*source); !status.ok()) return status;
  return {};
}

Status Serve::start_source(Source& source) {
  if (Status status = source.start(wall_clock()); !status.ok()) return with_setting(status.error(), source.name());
  log_.info("listening", {{"listener", std::string(source.name())}, {"url", source.url()}});
  return {};
}

int Serve::run() {
  if (pipeline_->damaged()) {
    log_.error("started, and takes no events until the store is restored", {{"data_dir", config_.data_dir}});
  } else {
    log_.info("ready", {{"version", STRAYKEY_VERSION},
                        {"data_dir", config_.data_dir},
                        {"shards", std::to_string(config_.storage.shards)},
                        {"webhooks", std::to_string(config_.webhooks.size())}});
  }
  tell_service_manager("READY=1");
  watchdog_ = std::make_unique<Watchdog>(*runtime_, *pipeline_);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  const double began = uptime();
  bool noted = false;
  Day warned_on = day_of(wall_clock());  // the command that started us has warned of that day
  while (!broken_) {
    if (const Day today = day_of(wall_clock()); today != warned_on) {
      warned_on = today;
      for (const std::string& warning : known_warnings(reloaded_.detection.known, wall_clock()))
        log_.warning("configuration", {{"note", warning}});
    }
    if (!noted && uptime() - began > kSoundAfterS) {
      data_->note_sound();
      noted = true;
    }
    const timespec tick{0, kSignalTickNs};
    const int signal = sigtimedwait(&signals, nullptr, &tick);
    if (signal == SIGHUP) reload();
    forget_retired();
    look_after_health();
    watchdog_->look(uptime());
    if (signal == SIGTERM || signal == SIGINT) {
      log_.info("draining", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      stop();
      if (broken_) break;  // a commit's outcome became unknown before the signal or while draining
      log_.info("stopped");
      return 0;
    }
  }
  stop();
  return 75;
}

// With aws_ranges = "auto" the server fetches the ranges itself and judges by the new ones at once.
void Serve::update_ranges() {
  if (reloaded_.networks.aws_ranges != "auto") return;
  FetchSettings fetch;
  fetch.url = reloaded_.networks.aws_ranges_url;
  Config of_networks = reloaded_;
  of_networks.data_dir = config_.data_dir;
  const auto on_changed = [this, of_networks] {
    auto networks = load_networks(of_networks);
    if (!networks) return;
    if (standby_) standby_->use_agreement(agreement(of_networks, *networks));
    use_networks(std::make_shared<const NetworkMap>(std::move(networks).value()));
  };
  ranges_ = std::make_unique<RangesUpdater>(fetch, automatic_aws_ranges_file(config_), log_, metrics_, on_changed);
}

void Serve::stop() {
  tell_service_manager("STOPPING=1");
  retire_standby();
  if (pipeline_) pipeline_->announce_stop();  // a load balancer learns of it while the listeners still finish
  ranges_.reset();
  if (http_ingest_) http_ingest_->end_waits();
  for (const Retired& one : retired_) {
    if (one.source) one.source->drain(kDrainGrace);
    if (one.admin) one.admin->drain(std::chrono::milliseconds(100));
  }
  const auto drain = [this](Source& source) {
    if (!source.drain(kDrainGrace))
      log_.warning("not all that was sent could be stored before the end", {{"listener", std::string(source.name())}});
  };
  for (const auto& source : pulled_) drain(*source);
  for (const auto& source : sources_) drain(*source);
  if (pipeline_) pipeline_->stop();
  leave_standby();
  if (operators_) operators_->stop();
  if (sender_) sender_->stop();
  if (admin_socket_) admin_socket_->drain(std::chrono::milliseconds(100));
  if (admin_) admin_->drain(std::chrono::milliseconds(100));
  if (runtime_) runtime_->stop();
  if (reject_keeper_) reject_keeper_->stop();
  retired_.clear();
  pulled_.clear();
  sources_.clear();
  admin_.reset();
  admin_socket_.reset();
  sns_fetcher_.reset();
}

}  // namespace straykey
