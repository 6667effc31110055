// `straykey replay`: options and output.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tools/commands/commands.h"
#include "tools/config/config.h"
#include "tools/config/config_settings.h"
#include "tools/config/kafka_property_list.h"
#include "tools/config/secret_source.h"
#include "tools/replay/replay.h"
#include "tools/replay/report_html.h"
#include "tools/simulate/simulate.h"
#include "tools/terminal/clock.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::uint64_t simulate = 0, seed = 1;
  std::string end, url, token_file, ca_file, syslog, framing = "octet";
  std::string to, brokers, topic, source;
  bool insecure = false, gzip = false, any_order = false, asap = false, show_alerts = false, fresh_ids = false;
  std::string rate, ramp, speed, shift_to;
  std::uint32_t connections = 0, batch = 500, repeat = 1;
  std::uint64_t thefts = 0;
  std::string config, write_labels;
  double give_up_s = 120, settle_s = 30, max_p99_ms = 0, min_rate = 0;
  FaultSettings faults;
  std::string receive, secret_file, expect, metrics_url, admin_token_file, json, html;
};

// A folder of its own for the simulated trail, removed when it goes.
class TrailFolder {
 public:
  TrailFolder() = default;
  TrailFolder(const TrailFolder&) = delete;
  TrailFolder& operator=(const TrailFolder&) = delete;
  ~TrailFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Status make() {
    std::string pattern = (std::filesystem::temp_directory_path() / "straykey-replay-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return Error{"no folder could be made for the simulated trail"};
    path_ = pattern;
    return {};
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

Result<Day> day_option(const char* option, const std::string& text) {
  const auto day = parse_day(text);
  if (!day) return Error{fmt::format("{} {}: not a day such as 2026-11-22", option, text)};
  return *day;
}

Status simulate_trail(const Options& options, TrailFolder& folder, ReplaySettings& replay) {
  if (const Status status = folder.make(); !status.ok()) return status;
  SimulateSettings settings;
  settings.seed = options.seed;
  settings.events_target = options.simulate;
  settings.out = folder.path();
  settings.end = day_of(wall_clock());
  if (!options.end.empty()) {
    auto day = day_option("--end", options.end);
    if (!day) return day.error();
    settings.end = *day;
  }
  Progress progress("simulating", settings.days);
  const auto summary = simulate(
      settings, [&](const SimulateProgress& at) { progress.show(at.days_done, with_commas(at.events) + " events"); });
  if (!summary) return summary.error();
  replay.paths = {(folder.path() / "trail").string()};
  if (replay.inbox && replay.expect.empty()) replay.expect = (folder.path() / "labels.jsonl").string();
  return {};
}

Result<std::string> secret_of(const std::string& path) {
  return read_secret({SecretSource::Kind::file, path});
}

bool is_loopback(const std::string& host) {
  const auto address = parse_ip(host);
  return host == "localhost" || (address && ListenAddress{host, 1}.loopback());
}

Result<std::shared_ptr<const TlsTrust>> tls_for(const Options& options, const std::string& host) {
  if (options.insecure && !is_loopback(host))
    return Error{"--insecure is for servers on this machine only; give --ca-file"};
  return options.insecure ? TlsTrust::in_anyone() : TlsTrust::in_authorities(options.ca_file);
}

Status choose_http(const Options& options, ReplaySettings& replay) {
  auto url = parse_url(options.url);
  if (!url) return Error{"--url: " + url.error().message};
  if (options.token_file.empty()) return Error{"--url wants --token-file"};
  auto token = secret_of(options.token_file);
  if (!token) return token.error();
  HttpSenderSettings http;
  http.url = *url;
  if (http.url.target == "/") http.url.target = "/v1/events";
  http.token = *token;
  http.gzip = options.gzip;
  http.give_up_s = options.give_up_s;
  if (url->https) {
    auto tls = tls_for(options, url->host);
    if (!tls) return tls.error();
    http.tls = *tls;
  }
  replay.http = std::move(http);
  return {};
}

Status choose_syslog(const Options& options, ReplaySettings& replay) {
  auto target = parse_syslog_url(options.syslog);
  if (!target) return target.error();
  SyslogSenderSettings syslog;
  syslog.target = *target;
  syslog.target.framing = options.framing == "lf" ? SyslogFraming::lf : SyslogFraming::octet;
  syslog.give_up_s = options.give_up_s;
  if (target->transport == SyslogTransport::tls) {
    auto tls = tls_for(options, target->host);
    if (!tls) return tls.error();
    syslog.tls = *tls;
  }
  replay.syslog = std::move(syslog);
  return {};
}

// The [[kafka_source]] whose brokers, topic and properties are used.
Result<const KafkaSourceConfig*> chosen_source(const Options& options, const Config& config) {
  std::string names;
  const KafkaSourceConfig* chosen = nullptr;
  std::size_t found = 0;
  for (const KafkaSourceConfig& source : config.kafka_sources) {
    names += (names.empty() ? "" : ", ") + source.settings.name;
    if (!options.source.empty() && source.settings.name != options.source) continue;
    chosen = &source;
    ++found;
  }
  if (found == 1) return chosen;
  if (names.empty()) return Error{options.config + ": there is no [[kafka_source]] in it"};
  return Error{"--source: choose one of " + names};
}

Status use_source(const Options& options, KafkaSenderSettings& kafka) {
  const ConfigResult config = read_config(options.config);
  if (!config.ok()) return Error{config.errors.front().text()};
  const auto source = chosen_source(options, config.config);
  if (!source) return source.error();
  const KafkaSourceSettings& settings = source.value()->settings;
  if (options.topic.empty() && settings.topics.size() != 1)
    return Error{"--topic: choose one of those of " + settings.name};
  kafka.client.brokers = settings.brokers;
  if (!settings.topics.empty()) kafka.topic = settings.topics.front();
  const std::vector<std::string> errors = kafka_property_errors(source.value()->properties);
  if (!errors.empty()) return Error{settings.name + ": " + errors.front()};
  auto properties = read_kafka_properties(source.value()->properties);
  if (!properties) return Error{settings.name + ": " + properties.error().message};
  kafka.client.properties = std::move(properties).value();
  return {};
}

Status choose_kafka(const Options& options, ReplaySettings& replay) {
  KafkaSenderSettings kafka;
  kafka.client.client_id = "straykey-replay";
  kafka.gzip = options.gzip;
  kafka.give_up_s = options.give_up_s;
  if (!options.config.empty() && (options.brokers.empty() || options.topic.empty() || !options.source.empty()))
    if (const Status status = use_source(options, kafka); !status.ok()) return status;
  if (!options.brokers.empty()) kafka.client.brokers = options.brokers;
  if (!options.topic.empty()) kafka.topic = options.topic;
  if (kafka.client.brokers.empty() || kafka.topic.empty())
    return Error{"--to kafka wants --config with a [[kafka_source]], or --brokers and --topic"};
  replay.kafka = std::move(kafka);
  replay.builder.body_bytes_max = KafkaSender::kMessageBytesMax;
  return {};
}

Status choose_pacing(const Options& options, Pacing& pacing) {
  const int given = !options.rate.empty() + !options.ramp.empty() + !options.speed.empty() + options.asap;
  if (given > 1) return Error{"--rate, --ramp, --speed and --asap exclude each other"};
  if (given == 0 || options.asap) return {};
  auto chosen = !options.rate.empty()   ? parse_rate(options.rate)
                : !options.ramp.empty() ? parse_ramp(options.ramp)
                                        : parse_speed(options.speed);
  if (!chosen) return chosen.error();
  pacing = *chosen;
  return {};
}

Status choose_inbox(const Options& options, ReplaySettings& replay) {
  if (options.receive.empty()) {
    if (!options.expect.empty()) return Error{"--expect wants --receive"};
    return {};
  }
  WebhookInbox::Settings inbox;
  const auto listen = parse_listen_address(options.receive);
  if (!listen || !listen->on()) return Error{"--receive: not an address and a port such as 127.0.0.1:8080"};
  inbox.listen = *listen;
  if (!options.secret_file.empty()) {
    auto secret = read_webhook_secret(options.secret_file);
    if (!secret) return secret.error();
    inbox.secrets.push_back(*secret);
  }
  if (options.show_alerts)
    inbox.on_new = [](const std::string& body) {
      if (message_type(body) != "alert.created") return;
      fmt::print("{}\n", alert_line(body));
      std::fflush(stdout);
    };
  replay.inbox = std::move(inbox);
  replay.expect = options.expect;
  return {};
}

Status choose_metrics(const Options& options, ReplaySettings& replay) {
  if (options.metrics_url.empty()) return {};
  MetricsSource source;
  auto url = parse_url(options.metrics_url);
  if (!url) return Error{"--metrics-url: " + url.error().message};
  source.url = *url;
  if (source.url.target == "/") source.url.target = "/metrics";
  if (!options.admin_token_file.empty()) {
    auto token = secret_of(options.admin_token_file);
    if (!token) return token.error();
    source.token = *token;
  }
  if (url->https) {
    auto tls = tls_for(options, url->host);
    if (!tls) return tls.error();
    source.tls = *tls;
  }
  replay.metrics = std::move(source);
  return {};
}

// What the server knows of networks and when it judges decides what a theft raises.
Status choose_thefts(const Options& options, ReplaySettings& replay) {
  if (options.thefts == 0) {
    if (!options.write_labels.empty()) return Error{"--write-labels wants --thefts"};
    return {};
  }
  if (options.paths == std::vector<std::string>{"-"}) return Error{"--thefts wants files: they are read twice"};
  if (options.config.empty())
    return Error{"--thefts wants --config, the server's configuration: what it knows of networks decides the alerts"};
  const ConfigResult config = read_config(options.config);
  if (!config.ok()) return Error{config.errors.front().text()};
  auto networks = load_networks(config.config);
  if (!networks) return networks.error();
  replay.thefts = TheftOrder{options.thefts, std::make_shared<const NetworkMap>(std::move(*networks)),
                             config.config.detection, options.write_labels};
  return {};
}

Status choose(const Options& options, ReplaySettings& replay) {
  if (!options.url.empty() + !options.syslog.empty() + !options.to.empty() != 1)
    return Error{"give one of --url, --syslog and --to kafka"};
  if ((options.simulate > 0) == !options.paths.empty())
    return Error{"give files, folders or - (lines on the standard input), or --simulate N"};
  const Status way = !options.url.empty()      ? choose_http(options, replay)
                     : !options.syslog.empty() ? choose_syslog(options, replay)
                                               : choose_kafka(options, replay);
  if (!way.ok()) return way;
  if (const Status status = choose_pacing(options, replay.builder.pacing); !status.ok()) return status;
  if (const Status status = choose_inbox(options, replay); !status.ok()) return status;
  if (const Status status = choose_metrics(options, replay); !status.ok()) return status;
  if (const Status status = choose_thefts(options, replay); !status.ok()) return status;
  if (!options.shift_to.empty()) {
    auto day = day_option("--shift-to", options.shift_to);
    if (!day) return day.error();
    replay.shift_to = *day;
  }
  replay.paths = options.paths;
  replay.connections = options.connections > 0 ? options.connections : replay.syslog ? 1 : 4;
  replay.in_order = !options.any_order;
  replay.builder.batch = options.batch;
  replay.builder.copies = options.repeat;
  replay.builder.seed = replay.rewrite.seed = options.seed;
  replay.builder.faults = options.faults;
  replay.rewrite.fresh_ids = options.fresh_ids;
  replay.settle_s = options.settle_s;
  replay.max_p99_ms = options.max_p99_ms;
  replay.min_rate = options.min_rate;
  return {};
}

int run(const Options& options) {
  ReplaySettings settings;
  if (const Status status = choose(options, settings); !status.ok()) return fail(status.error().message, kExitUsage);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  TrailFolder folder;
  if (options.simulate > 0)
    if (const Status status = simulate_trail(options, folder, settings); !status.ok())
      return fail(status.error().message);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto result = replay(settings);
  if (!result) return fail(result.error().message);
  result->simulated_input = options.simulate > 0;
  fmt::print("{}", report_text(*result));
  if (std::fflush(stdout) != 0) return fail("the report could not be written to the output");
  if (!options.json.empty()) {
    std::ofstream out(options.json, std::ios::binary | std::ios::trunc);
    out << report_json(*result) << std::flush;
    if (!out) return fail(options.json + ": cannot be written");
  }
  if (!options.html.empty()) {
    std::ofstream out(options.html, std::ios::binary | std::ios::trunc);
    out << report_html(*result) << std::flush;
    if (!out) return fail(options.html + ": cannot be written");
  }
  return result->disagreements().empty() ? kExitWell : kExitFailed;
}

void add_input_options(CLI::App& command, Options& options) {
  command.add_option(
      "PATH", options.paths,
      "CloudTrail files and folders (.json, .json.gz, .jsonl, .ndjson), or - for lines on the standard input");
  command
      .add_option("--simulate", options.simulate, "Make up an organisation's trail of about this many events instead")
      ->type_name("N");
  command.add_option("--end", options.end, "With --simulate: the last day; today without it")->type_name("YYYY-MM-DD");
  command.add_option("--seed", options.seed, "Of all that is drawn: trail, faults, fan-out")
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--shift-to", options.shift_to,
                  "Move all times by whole days, so that the newest day becomes this one")
      ->type_name("YYYY-MM-DD");
  command.add_flag("--fresh-ids", options.fresh_ids, "Other event ids, so that a server takes the trail for a new one");
  command
      .add_option("--repeat", options.repeat, "Send each record this often, the copies with other accounts and keys")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--thefts", options.thefts,
                  "Steal this many service tokens of the trail: add calls with their keys, from outside or from a "
                  "command line, and expect the alerts that must follow")
      ->type_name("N");
  command
      .add_option("--config", options.config,
                  "The server's configuration. --thefts: what it knows of networks; --to kafka: its [[kafka_source]]")
      ->type_name("FILE");
  command
      .add_option("--write-labels", options.write_labels,
                  "With --thefts: write the alerts that they must raise, as JSON lines")
      ->type_name("FILE");
}

void add_output_options(CLI::App& command, Options& options) {
  command.add_option("--url", options.url, "POST to this server, https://localhost:8443/v1/events")->type_name("URL");
  command.add_option("--token-file", options.token_file, "File with the ingest token")->type_name("FILE");
  command.add_option("--ca-file", options.ca_file, "Trust these authorities instead of the system's")
      ->type_name("FILE");
  command.add_flag("--insecure", options.insecure, "Do not check the certificate of a server on this machine");
  command.add_flag("--gzip", options.gzip, "Compress bodies, or Kafka's batches");
  command.add_option("--syslog", options.syslog, "Send to tcp://host:port, tls://host:port or udp://host:port")
      ->type_name("URL");
  command.add_option("--framing", options.framing, "Of syslog on a stream")
      ->check(CLI::IsMember({"octet", "lf"}))
      ->capture_default_str();
  command.add_option("--to", options.to, "Send to a topic of Apache Kafka: the one of a [[kafka_source]] of --config")
      ->check(CLI::IsMember({"kafka"}));
  command.add_option("--source", options.source, "With --to kafka: which [[kafka_source]], if there are several")
      ->type_name("NAME");
  command.add_option("--brokers", options.brokers, "With --to kafka: these instead")->type_name("HOST:PORT,...");
  command.add_option("--topic", options.topic, "With --to kafka: this one instead")->type_name("TOPIC");
  command
      .add_option("--connections", options.connections, "How many; 4 for HTTP and Kafka and 1 for syslog without it")
      ->check(CLI::Range(1, 1'024))
      ->type_name("N");
  command.add_option("--batch", options.batch, "Events a request")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag(
      "--in-order,!--any-order", [&options](std::int64_t count) { options.any_order = count < 0; },
      "A day goes out when all requests of the day before are answered (default); --any-order: as files come");
  command.add_option("--give-up", options.give_up_s, "Send a request again for this long, then end the run")
      ->type_name("SECONDS")
      ->capture_default_str();
}

void add_pacing_options(CLI::App& command, Options& options) {
  command.add_flag("--asap", options.asap, "As fast as connections are free (default)");
  command.add_option("--rate", options.rate, "Events a second, whatever the server does")->type_name("N");
  command.add_option("--ramp", options.ramp, "From one rate to another in so many seconds, then on at that rate")
      ->type_name("FROM:TO:SECONDS");
  command.add_option("--speed", options.speed, "By the events' own times, so many times as fast")->type_name("60x");
  command.add_option("--max-p99-ms", options.max_p99_ms, "Fail if the 99th percentile of latency is above")
      ->type_name("MS");
  command.add_option("--min-rate", options.min_rate, "Fail if fewer events a second were answered")->type_name("N");
}

void add_fault_options(CLI::App& command, Options& options) {
  const auto share = [&command](const char* name, double& value, const char* text) {
    command.add_option(name, value, text)->check(CLI::Range(0.0, 1.0))->type_name("SHARE");
  };
  share("--duplicates", options.faults.duplicates, "Send this share of records twice");
  share("--disorder", options.faults.disorder, "Send this share of records later than they came, within their day");
  share("--truncate", options.faults.truncate, "Send a cut copy beside this share of records");
  share("--bad-json", options.faults.bad_json, "Send a broken copy beside this share of records");
  share("--disconnect", options.faults.disconnect, "Break this share of requests off before they are sent in full");
  share("--slow", options.faults.slow,
        "Send this share of requests in pieces over a second; their time is not part of the latencies");
  share("--bad-token", options.faults.bad_token, "Send this share of requests with a wrong token first");
}

void add_check_options(CLI::App& command, Options& options) {
  command.add_option("--receive", options.receive, "Receive the server's webhooks here, plain HTTP")
      ->type_name("ADDRESS:PORT");
  command
      .add_option("--webhook-secret-file", options.secret_file,
                  "File with their whsec_ secret; without it signatures are not checked")
      ->type_name("FILE");
  command
      .add_option("--expect", options.expect,
                  "The alerts that must come: labels.jsonl of simulate; known with --simulate")
      ->type_name("FILE");
  command.add_option("--settle", options.settle_s, "Wait this long for alerts and counters at the end")
      ->type_name("SECONDS")
      ->capture_default_str();
  command.add_flag("--show-alerts", options.show_alerts, "A line for each alert as it comes");
  command
      .add_option("--metrics-url", options.metrics_url,
                  "Compare with the server's counters, http://127.0.0.1:9443/metrics")
      ->type_name("URL");
  command.add_option("--admin-token-file", options.admin_token_file, "File with the token for them")->type_name("FILE");
  command.add_option("--json", options.json, "Write the report as JSON as well")->type_name("FILE");
  command.add_option("--html", options.html, "Write it as a page with plots as well")->type_name("FILE");
}

}  // namespace

RunCommand add_replay_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "replay", "Send a trail to a server as forwarders would, measure it, and check that everything agrees");
  auto options = std::make_shared<Options>();
  add_input_options(*command, *options);
  add_output_options(*command, *options);
  add_pacing_options(*command, *options);
  add_fault_options(*command, *options);
  add_check_options(*command, *options);
  command->footer(
      "Example: straykey replay --url https://localhost:8443 --ca-file cert.pem --token-file token --rate 2000 "
      "./cloudtrail\n"
      "         straykey replay --to kafka --config straykey.toml ./cloudtrail\n"
      "Ends with 0 only if every record is accounted for, all expected alerts came, and the thresholds hold.");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
