#pragma once
// `straykey serve`: puts the parts together and keeps them running until a signal.
//
// Order:  it starts the data directory, the networks, the sender, the pipeline (which judges what a crash left), then
//         the listeners. At the end the listeners drain, the pipeline drains, the sender stops and the io threads end.
//         So nothing is taken that cannot be finished.
// Thread: the main thread constructs, waits for signals and destroys.
// Errors: one sentence says what could not be started. on_fatal (the outcome of a commit is unknown) ends run() with
//         kExitRestart.
#include <atomic>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/engine/pipeline.h"
#include "core/operate/alert_watch.h"
#include "net/admin/page_sessions.h"
#include "net/deliver/webhook_sender.h"
#include "net/http/http_server.h"
#include "net/ingest/http_ingest.h"
#include "net/ingest/sns_route.h"
#include "net/ingest/source.h"
#include "net/ingest/syslog_intake.h"
#include "net/io/io_runtime.h"
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

namespace straykey {

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
  [[nodiscard]] std::size_t share_out_connections();
  void open_rejects();
  void make_intake();
  // A record was rejected: the log says so without it, and it is kept.
  void take_reject(RejectReason reason, std::string_view record, std::string_view source);
  // What every way in ends with.
  [[nodiscard]] SubmitResult submit(std::unique_ptr<Request>& request);
  // All ways in that the configuration turns on.
  void make_sources(std::size_t connections_max);
  void make_syslog(std::size_t connections_max);
  void make_s3();
  Status start_sources();
  Status start_admin();
  // What the page and its API need, behind tokens and sessions.
  void add_page(HttpRouter& router, bool tls);
  void start_operators();
  [[nodiscard]] HttpRouter ingest_router();
  void add_sns(HttpRouter& router);  // if topics are configured
  [[nodiscard]] HttpRouter admin_router();
  void reload();
  void update_ranges();

  Config config_;    // what the server was started with
  Config reloaded_;  // the same, with the tokens and networks of the last reload. RangesUpdater reads its networks
  Log& log_;
  Metrics metrics_;
  ClockWatch clock_watch_;
  std::unique_ptr<DataDirectory> data_;
  std::unique_ptr<FlightRecorder> recorder_;
  std::unique_ptr<IoRuntime> runtime_;
  std::unique_ptr<WebhookSender> sender_;
  std::unique_ptr<AlertWatch> alert_watch_;  // between the pipeline and the store of alerts
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<RejectRing> rejects_;
  std::unique_ptr<RejectKeeper> reject_keeper_;  // null: rejects are only counted
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<HttpIngest> http_ingest_;
  std::unique_ptr<SnsFetcher> sns_fetcher_;
  std::unique_ptr<SnsCertificates> sns_certificates_;
  std::unique_ptr<SyslogIntake> syslog_intake_;
  std::unique_ptr<HttpDependencies> http_dependencies_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::unique_ptr<HttpServer> admin_;
  std::unique_ptr<RangesUpdater> ranges_;
  std::vector<WebhookRoute> routes_;  // as they were at the start
  std::unique_ptr<EndpointDesk> endpoint_desk_;
  std::unique_ptr<OperatorDesk> operators_;
  std::unique_ptr<PageSessions> page_sessions_;
  std::unique_ptr<HttpServer> admin_socket_;
  std::atomic<bool> broken_{false};
  std::atomic<bool> desk_open_{false};   // operators_ may be told of changed alerts
  std::atomic_flag told_of_attributes_;  // that OTLP logs came without the records
};

}  // namespace straykey
