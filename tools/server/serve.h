#pragma once
// `straykey serve`: puts the parts together and keeps them running until a signal. SIGHUP changes their settings.
//
// Order:  it starts the data directory, the networks, the sender, the pipeline (which judges what a crash left), then
//         the listeners. At the end the listeners drain, the pipeline drains, the sender stops and the io threads end.
//         So nothing is taken that cannot be finished.
// Thread: the main thread constructs, waits for signals and destroys.
// Errors: one sentence says what could not be started. on_fatal (the outcome of a commit is unknown) ends run() with
//         kExitRestart.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/engine/alert_log.h"
#include "core/engine/pipeline.h"
#include "core/operate/alert_watch.h"
#include "core/operate/audit.h"
#include "net/admin/health_watch.h"
#include "net/admin/operator_routes.h"
#include "net/admin/page_sessions.h"
#include "net/admin/status_route.h"
#include "net/deliver/webhook_sender.h"
#include "net/http/http_server.h"
#include "net/ingest/http_protocols.h"
#include "net/ingest/sns_route.h"
#include "net/ingest/source.h"
#include "net/ingest/syslog_intake.h"
#include "net/io/io_runtime.h"
#include "storage/audit_log.h"
#include "storage/data_directory.h"
#include "storage/flight_recorder.h"
#include "storage/reject_ring.h"
#include "tools/config/config.h"
#include "tools/server/clock_watch.h"
#include "tools/server/endpoint_desk.h"
#include "tools/server/operator_desk.h"
#include "tools/server/ranges_updater.h"
#include "tools/server/reject_keeper.h"
#include "tools/server/sns_fetcher.h"
#include "tools/server/watchdog.h"

namespace straykey {

class KafkaAlertLog;
class Standby;

class Serve {
 public:
  Serve(Config config, Log& log);
  ~Serve();
  Serve(const Serve&) = delete;
  Serve& operator=(const Serve&) = delete;

  Status start();
  // Waits for SIGTERM or SIGINT (drain and end), SIGHUP (reload). Returns the exit code. REQUIRES: start() succeeded,
  // signals are blocked.
  int run();
  void stop();

 private:
  static constexpr std::size_t kAdminSocketConnectionsMax = 64;

  Status open_store();
  [[nodiscard]] bool wait_for_store(int pauses);
  Status open_recorder();
  Status start_pipeline();
  Status start_listeners();
  // How many connections each listener of [ingest] and [syslog] may have.
  [[nodiscard]] std::size_t share_out_connections(const Config& config);
  void open_kept();  // rejects, and what operators changed
  void make_intake();
  // A record was rejected: the log says so without it, and it is kept.
  void take_reject(RejectReason reason, std::string_view record, std::string_view source);
  // What every way in ends with.
  [[nodiscard]] SubmitResult submit(std::unique_ptr<Request>& request);
  // All ways in that the configuration turns on.
  void make_sources();
  // Their desks of the Intake begin with this one. Returns the first that is free.
  [[nodiscard]] std::size_t make_s3(std::size_t first_desk);
  void make_kafka(std::size_t first_desk);
  // A listener of [ingest] or [syslog], with all that its connections go by.
  struct Listener {
    std::string name;
    std::variant<HttpListenerSettings, SyslogListenerSettings> settings;
    IngestSettings routes;                             // of HTTP
    std::vector<std::string> sns_topics;               // of HTTP
    SyslogIntakeSettings intake;                       // of syslog
    std::shared_ptr<SyslogIntake> taken_by = nullptr;  // what its source refers to, when that is made

    [[nodiscard]] bool listens_like(const Listener& other) const;  // at the same address
    [[nodiscard]] bool is_like(const Listener& other) const;
  };
  [[nodiscard]] std::vector<Listener> listeners_of(const Config& config);
  [[nodiscard]] std::unique_ptr<ListeningSource> make_source(const Listener& listener, const Config& config);
  [[nodiscard]] std::shared_ptr<SyslogIntake> syslog_intake(const SyslogIntakeSettings& settings);
  Status start_sources();
  Status start_source(Source& source);
  [[nodiscard]] static HttpListenerSettings admin_settings(const Config& config);
  // On the socket of `before`, if that has the same address.
  Status start_admin(const Config& config, const HttpServer* before = nullptr);
  // What the page and its API need, behind tokens and sessions.
  void add_page(HttpRouter& router);
  void start_operators();
  [[nodiscard]] HttpRouter ingest_router(const Config& config);
  void add_sns(HttpRouter& router, const Config& config);  // if topics are configured
  [[nodiscard]] HttpRouter admin_router(const Config& config);
  [[nodiscard]] StatusSource status_source();
  void update_ranges();

  // --- serve_reload.cc ---
  void reload();
  struct Loaded;
  // Reads whatever the configuration names. Nothing is changed by it.
  [[nodiscard]] Loaded load(Config config) const;
  // Returns what could not be changed.
  [[nodiscard]] std::vector<std::string> apply(Loaded loaded);
  void apply_networks(Loaded& loaded);
  void apply_limits(const Config& next);
  void apply_listeners(const Config& next, std::vector<std::string>& errors);
  void apply_listener(const Listener& wanted, const Config& next, std::vector<std::string>& errors);
  void apply_admin(const Config& next, std::vector<std::string>& errors);
  void apply_webhooks(const Config& next, const std::vector<WebhookEndpoint>& endpoints);
  void let_go_of_webhooks(const std::vector<WebhookRoute>& before, const std::vector<WebhookRoute>& now);
  void retire(std::unique_ptr<ListeningSource> source, const Listener& listener);
  void forget_retired();  // those whose last connection has ended
  void note_reload(ReloadReport report);

  // --- serve_standby.cc ---
  // What the other node must have in common with this one. Empty without [standby].
  [[nodiscard]] static Agreement agreement(const Config& config, const NetworkInputs& networks);
  Status start_standby(Agreement agreement);
  void ask_before_delivery(WebhookSettings& webhooks);
  void use_standby(Pipeline::Dependencies& dependencies, Pipeline::Callbacks& callbacks);
  void retire_standby();
  void leave_standby();

  // --- serve_health.cc ---
  void look_after_health();
  [[nodiscard]] std::vector<SourceSample> sources_sample();
  void tell_health(const HealthWatch::Changes& changes);
  void show_store();
  void use_networks(std::shared_ptr<const NetworkMap> networks);
  // Notes what an operator asked to be changed, in the log and in the audit log.
  void note_change(const OperatorRequest& request, const OperatorAnswer& answer);
  void note_change(AuditEntry entry);
  void note_refused(const OperatorRequest& attempt, OperatorAccess::RefusedAs as, std::string_view why);
  void tell_left_out();  // how many refused attempts were too many to be noted
  void write_change(const AuditEntry& entry);

  // A listener whose place another has taken, or nobody, until its connections have ended.
  struct Retired {
    std::unique_ptr<ListeningSource> source;
    std::shared_ptr<SyslogIntake> intake;  // of source
    std::unique_ptr<HttpServer> admin;
    std::shared_ptr<PageSessions> sessions;  // of admin
  };

  const Config config_;  // what the server was started with
  Config reloaded_;      // what was read last without errors
  Log& log_;
  Metrics metrics_;
  ClockWatch clock_watch_;
  std::unique_ptr<DataDirectory> data_;
  std::unique_ptr<FlightRecorder> recorder_;
  std::unique_ptr<Watchdog> watchdog_;  // before the io threads, which count their turns in it
  std::unique_ptr<IoRuntime> runtime_;
  std::unique_ptr<WebhookSender> sender_;
  std::unique_ptr<AlertWatch> alert_watch_;   // between the pipeline and the store of alerts
  std::unique_ptr<KafkaAlertLog> alert_log_;  // null: no [standby]
  std::unique_ptr<Standby> standby_;          // of alert_log_
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<RejectRing> rejects_;
  std::unique_ptr<RejectKeeper> reject_keeper_;  // null: rejects are only counted
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<HttpIngest> http_ingest_;
  std::unique_ptr<SnsFetcher> sns_fetcher_;
  std::unique_ptr<SnsCertificates> sns_certificates_;
  std::shared_ptr<SyslogIntake> syslog_intake_;  // of all listeners that have its settings
  std::shared_ptr<ByteBudget> syslog_budget_;
  std::unique_ptr<HttpDependencies> http_dependencies_;
  std::vector<std::unique_ptr<ListeningSource>> sources_;
  std::vector<std::unique_ptr<Source>> pulled_;             // sources that fetch what they take
  std::map<std::string, Listener, std::less<>> listening_;  // what sources_ go by
  std::unique_ptr<HttpServer> admin_;
  std::optional<std::pair<HttpListenerSettings, bool>> admin_is_;  // what admin_ goes by; true: open metrics
  std::vector<Retired> retired_;
  std::unique_ptr<RangesUpdater> ranges_;
  std::atomic<std::shared_ptr<const std::vector<WebhookRoute>>> routes_;
  std::atomic<std::uint64_t> routes_changed_{0};  // how many times
  std::atomic<std::shared_ptr<const ReloadReport>> last_reload_;
  HealthWatch health_{HealthSettings{}};
  double health_looked_at_ = 0;  // uptime
  std::atomic<std::shared_ptr<const std::vector<HealthFinding>>> health_findings_{
      std::make_shared<const std::vector<HealthFinding>>()};
  std::atomic<Seconds> ranges_created_{0};  // 0: unknown
  RefusedChanges refused_changes_;
  std::unique_ptr<AuditLog> audit_;  // null: it cannot be written
  std::unique_ptr<EndpointDesk> endpoint_desk_;
  std::unique_ptr<OperatorDesk> operators_;
  std::shared_ptr<PageSessions> page_sessions_;
  std::unique_ptr<HttpServer> admin_socket_;
  std::atomic<bool> broken_{false};
  std::atomic<bool> desk_open_{false};   // operators_ may be told of changed alerts
  std::atomic_flag told_of_attributes_;  // that OTLP logs came without the records
};

}  // namespace straykey
