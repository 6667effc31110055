#include "tools/config/setting_table.h"

#include "core/detect/catalogue.h"
#include "core/detect/formats/body_format.h"
#include "tools/config/kafka_settings.h"
#include "tools/config/s3_settings.h"
#include "tools/config/setting_kinds.h"
#include "tools/config/standby_settings.h"

namespace straykey {
namespace {

constexpr std::uint64_t kKiB = 1u << 10;
constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;
constexpr std::uint64_t kTiB = 1024 * kGiB;
// x86-64 gives a process 47 bits of addresses; 65 environments of this size fit.
constexpr std::uint64_t kMapBytesMax = kTiB;

constexpr RowMaker<WholeConfig> row{};
constexpr Effect kStart = Effect::at_start;

template <class Entry>
void make_repeated(SettingTable& table, std::vector<Entry> Config::*list) {
  table.repeated = true;
  table.count = [list](const Config& config) { return (config.*list).size(); };
  table.append = [list](Config& config) { (config.*list).emplace_back(); };
}

ChoiceKind<Severity> severity_kind() {
  return {{{"informational", Severity::informational},
           {"low", Severity::low},
           {"medium", Severity::medium},
           {"high", Severity::high}}};
}

ChoiceKind<CampaignAlerts> campaign_alerts_kind() {
  return {
      {{"by_format", CampaignAlerts::by_format}, {"all", CampaignAlerts::all}, {"notable", CampaignAlerts::notable}}};
}

ChoiceKind<const BodyFormat*> format_kind() {
  ChoiceKind<const BodyFormat*> kind{{{body_formats().front().name, nullptr}}};
  for (const BodyFormat& format : body_formats().subspan(1)) kind.choices.emplace_back(format.name, &format);
  return kind;
}

SettingTable top_table() {
  return {.name = "",
          .about = "",
          .rows = {row("data_dir", of(&Config::data_dir), PathKind{},
                       {.words = "what was learned, and the alerts; made at the first start", .effect = kStart})}};
}

SettingTable ingest_table() {
  constexpr auto in = &Config::ingest;
  using In = IngestConfig;
  return {
      .name = "ingest",
      .about = "Where CloudTrail comes in over HTTP. With both listeners off, no certificate and no token is needed.",
      .rows = {
          row("https", of(in, &In::https), ListenKind{}, {.words = "\"\" is off", .way_in = true}),
          row("http", of(in, &In::http), ListenKind{},
              {.words = "tokens go in the clear: only behind a proxy", .default_words = "off", .way_in = true}),
          row("certificate", of(in, &In::certificate), PathKind{},
              {.words = "PEM: the server's own first, then its chain. P-256 is best",
               .example = "\"/etc/straykey/tls/certificate.pem\""}),
          row("key", of(in, &In::key), PathKind{},
              {.words = "PEM, not encrypted", .example = "\"/etc/straykey/tls/key.pem\""}),
          row("client_ca", of(in, &In::client_ca), PathKind{},
              {.words = "PEM: https asks senders for a certificate of these, besides the token"}),
          row("client_certificate", of(in, &In::client_required),
              ChoiceKind<bool>{{{"required", true}, {"optional", false}}},
              {.words = "or \"optional\": a sender without one needs the token only"}),
          row("client_names", of(in, &In::client_names), TextsKind{},
              {.words = "as in [syslog]", .default_words = "any that client_ca signed"}),
          row("body_bytes_max", of(in, &In::body_bytes_max), SizeKind{kKiB, kGiB}, {.words = "a body as it is sent"}),
          row("inflated_bytes_max", of(in, &In::limits, &Intake::Limits::inflated_bytes_max), SizeKind{kKiB, 4 * kGiB},
              {.words = "the same when unpacked"}),
          row("records_max", of(in, &In::limits, &Intake::Limits::records_max), NumberKind{1, 100'000'000},
              {.words = "of one request"}),
          row("bytes_in_flight_max", of(in, &In::budget, &HttpBudgetSettings::bytes_in_flight_max),
              SizeKind{kMiB, kTiB}, {.words = "bodies that come by HTTP, until they are stored; beyond it 503"}),
          row("queued_bytes_max", of(&Config::pipeline, &Pipeline::Settings::queued_bytes_max), SizeKind{kMiB, kTiB},
              {.words = "requests taken and not yet on disk; beyond it 503"}),
          row("connections_max", of(in, &In::connections, &ConnectionLimits::connections_max), NumberKind{1, 1'000'000},
              {.words = "of each listener; beyond it the oldest without a token or message gives way"}),
          row("connections_per_address_max", of(in, &In::connections, &ConnectionLimits::per_address_max),
              NumberKind{1, 1'000'000}, {.words = "an IPv6 address counts by its /64"}),
          row("overload_wait_ms", of(in, &In::overload_wait_ms), NumberKind{0, 30'000},
              {.words = "that a request waits for room before 503. EventBridge waits 5 s for its answer"}),
          row("trusted_proxies", of(in, &In::trusted_proxies), NetworksKind{},
              {.words = "load balancers whose X-Forwarded-For, or PROXY header, names the sender",
               .default_words = "none"}),
          row("proxy_protocol", of(in, &In::proxy_protocol), WordsKind{{"https", "http"}},
              {.words = "\"https\", \"http\": begin with a PROXY header, v1 or v2", .default_words = "none"}),
          row("token_requests_per_s", of(in, &In::rates, &RateSettings::token_requests_per_s), RealKind{0, 1e9},
              {.words = "of one token, then 429; 0: no limit"}),
          row("token_events_per_s", of(in, &In::rates, &RateSettings::token_events_per_s), RealKind{0, 1e9},
              {.words = "the same of events"}),
          row("address_requests_per_s", of(in, &In::rates, &RateSettings::address_requests_per_s), RealKind{0, 1e9},
              {.words = "of one address; an IPv6 address counts by its /64"}),
          row("address_events_per_s", of(in, &In::rates, &RateSettings::address_events_per_s), RealKind{0, 1e9}, {}),
          row("rate_burst_s", of(in, &In::rates, &RateSettings::burst_s), RealKind{0.1, 3'600},
              {.words = "how many seconds' worth of these rates may come at once"}),
          row("sns_topics", of(in, &In::sns_topics), TextsKind{},
              {.words = "ARNs: Amazon SNS may post these to /sns", .default_words = "off"}),
          row("failures_per_second_max", of(in, &In::auth, &AuthSettings::failures_per_second_max),
              NumberKind{1, 1'000'000}, {.words = "bad tokens from one address, then 429"}),
          row("rejects_bytes_max", of(in, &In::rejects_bytes_max), SizeKind{0, kTiB},
              {.words = "on disk, for `straykey rejects`: the newest rejected records; 0 keeps none",
               .effect = kStart}),
          row("io_threads", of(in, &In::io, &IoRuntime::Settings::threads), NumberKind{1, 64},
              {.words = "of all listeners and webhooks together", .effect = kStart}),
          row("api_key_header", of(in, &In::auth, &AuthSettings::api_key_header), TextKind{},
              {.words = "where a token may be, besides Authorization"}),
      }};
}

SettingTable admin_table() {
  constexpr auto admin = &Config::admin;
  return {.name = "admin",
          .about =
              "The page for operators, its API, /metrics and health. Operators' commands use admin.sock in data_dir, "
              "which needs no token.",
          .rows = {
              row("listen", of(admin, &AdminConfig::listen), ListenKind{},
                  {.words = "\"\" is off. Beyond loopback: see the three below"}),
              row("certificate", of(admin, &AdminConfig::certificate), PathKind{},
                  {.default_words = "plain HTTP, which loopback alone may use"}),
              row("key", of(admin, &AdminConfig::key), PathKind{}, {}),
              row("allowed_hosts", of(admin, &AdminConfig::allowed_hosts), TextsKind{},
                  {.words = "names that Host may have, besides loopback ones"}),
              row("open_metrics", of(admin, &AdminConfig::open_metrics), SwitchKind{},
                  {.words = "true: /metrics answers without a token"}),
              row("page_url", of(admin, &AdminConfig::page_url), TextKind{},
                  {.words = "where people see an alert, with /#/alerts/ at the end: webhooks' bodies link to it, the "
                            "id behind it",
                   .default_words = "no link",
                   .example = "\"https://straykey.example.com/#/alerts/\""}),
          }};
}

SettingTable syslog_table() {
  constexpr auto syslog = &Config::syslog;
  return {.name = "syslog",
          .about =
              "Syslog from rsyslog, syslog-ng, logger and the like; how to set those up is in net/API.md. UDP loses "
              "messages; TCP and TLS have no acknowledgement, so a crash on either side may lose some: HTTPS is the "
              "safer way, and so is RELP (rsyslog's omrelp), which acknowledges what is on disk.",
          .rows = {
              row("udp", of(syslog, &SyslogConfig::udp), ListenKind{},
                  {.words = "usual is \"0.0.0.0:5514\"", .default_words = "off", .way_in = true}),
              row("tcp", of(syslog, &SyslogConfig::tcp), ListenKind{},
                  {.words = "usual is \"0.0.0.0:5514\"", .default_words = "off", .way_in = true}),
              row("tls", of(syslog, &SyslogConfig::tls), ListenKind{},
                  {.words = "usual is \"0.0.0.0:6514\"", .default_words = "off", .way_in = true}),
              row("relp", of(syslog, &SyslogConfig::relp), ListenKind{},
                  {.words = "usual is \"0.0.0.0:2514\"", .default_words = "off", .way_in = true}),
              row("relp_tls", of(syslog, &SyslogConfig::relp_tls), ListenKind{},
                  {.words = "usual is \"0.0.0.0:2515\"", .default_words = "off", .way_in = true}),
              row("certificate", of(syslog, &SyslogConfig::certificate), PathKind{},
                  {.words = "of tls and relp_tls, as in [ingest]"}),
              row("key", of(syslog, &SyslogConfig::key), PathKind{}, {}),
              row("client_ca", of(syslog, &SyslogConfig::client_ca), PathKind{},
                  {.words = "PEM: tls and relp_tls take whoever has a certificate of these"}),
              row("client_names", of(syslog, &SyslogConfig::client_names), TextsKind{},
                  {.words = "\"a.example.com\", \".example.com\" for all below it", .default_words = "any"}),
              row("allow_cidrs", of(syslog, &SyslogConfig::allow_cidrs), NetworksKind{},
                  {.words = "who may send over udp, tcp, relp, and TLS without client_ca"}),
              row("proxy_protocol", of(syslog, &SyslogConfig::proxy_protocol),
                  WordsKind{{"tcp", "tls", "relp", "relp_tls"}},
                  {.words = "listeners whose connections begin with a PROXY header", .default_words = "none"}),
              row("bytes_in_flight_max", of(syslog, &SyslogConfig::bytes_in_flight_max), SizeKind{16 * kMiB, kTiB},
                  {.words = "messages until they are stored; beyond it senders wait"}),
          }};
}

SettingTable token_table() {
  constexpr RowMaker<EntryOf<TokenConfig>> token_row{{&Config::tokens}};
  SettingTable table{
      .name = "token",
      .about =
          "Who may send (scope \"ingest\", the default), who may look at everything (scope \"read\": the page, its API "
          "and /metrics) and who may change it as well (scope \"admin\"). A token has 16 bytes or more, and no two are "
          "the same: `openssl rand -hex 32 > /etc/straykey/tokens/forwarder`. Metrics, rejects and rates go by its "
          "source.",
      .rows = {
          token_row("name", of(&TokenConfig::name), TextKind{},
                    {.words = "A-Z a-z 0-9 . _ -, up to 64", .example = "\"forwarder\"", .required = true}),
          token_row("file", of(&TokenConfig::secret), SecretFileKind{},
                    {.words = "short for secret = { file = \"...\" }",
                     .example = "\"/etc/straykey/tokens/forwarder\"",
                     .short_form = true}),
          token_row("secret", of(&TokenConfig::secret), SecretKind{}, {.words = "or file"}),
          token_row("scope", of(&TokenConfig::scope),
                    ChoiceKind<TokenScope>{
                        {{"ingest", TokenScope::ingest}, {"admin", TokenScope::admin}, {"read", TokenScope::read}}},
                    {.words = "or \"admin\", or \"read\""}),
          token_row("source", of(&TokenConfig::source), TextKind{},
                    {.words = "as name; tokens of one sender, old and new, may share it", .default_words = "the name"}),
          token_row("silent_s", of(&TokenConfig::silent_s), NumberKind{0, 31 * 86'400},
                    {.words = "health.source_silent_s of this source; 0: as that says"}),
      }};
  table.more_examples = {
      {{"name", "\"operator\""}, {"secret", "{ file = \"/etc/straykey/tokens/operator\" }"}, {"scope", "\"admin\""}}};
  table.check = [](TableReader& token) {
    const bool file = token.has("file"), secret = token.has("secret");
    if (file && secret) token.missing("a [[token]] has either file or secret, not both");
    if (!file && !secret) token.missing("a [[token]] needs file or secret");
  };
  make_repeated(table, &Config::tokens);
  return table;
}

std::vector<Setting> webhook_rows() {
  constexpr RowMaker<EntryOf<WebhookConfig>> webhook_row{{&Config::webhooks}};
  using Webhook = WebhookConfig;
  constexpr auto endpoint = &Webhook::endpoint;
  return {
      webhook_row("name", of(&Webhook::route, &WebhookRoute::name), TextKind{},
                  {.words = "A-Z a-z 0-9 . _ -, up to 64", .example = "\"soc\"", .required = true}),
      webhook_row("url", of(&Webhook::url), UrlKind{},
                  {.words = "or where it is, as with secrets: { file = \"/path\" }",
                   .example = "\"https://soc.example.com/hooks/straykey\"",
                   .required = true}),
      webhook_row("secret", of(&Webhook::secrets), OneSecretKind{}, {.short_form = true}),
      webhook_row("secrets", of(&Webhook::secrets), SecretsKind{},
                  {.words = "what the format wants: whsec_..., several while one replaces another; or secret, for one",
                   .example = "[{ file = \"/etc/straykey/webhooks/soc\" }]"}),
      webhook_row("sign", of(endpoint, &WebhookEndpoint::sign), SwitchKind{},
                  {.words = "false for receivers that know no signature"}),
      webhook_row("authorization", of(&Webhook::authorization), SecretKind{},
                  {.words = "what the header Authorization proves",
                   .default_words = "no such header",
                   .example = "{ file = \"/etc/straykey/webhooks/key\" }"}),
      webhook_row("authorization_scheme", of(endpoint, &WebhookEndpoint::authorization_scheme), TextKind{},
                  {.words = "the word before it: \"Basic\", \"ApiKey\""}),
      webhook_row("format", of(&Webhook::route, &WebhookRoute::format), format_kind(),
                  {.words = "how bodies are written: \"ocsf\", \"ecs\", \"slack\", \"pagerduty\", \"teams\", "
                            "\"alertmanager\", \"alertmanager_api\", \"splunk_hec\", \"syslog\""}),
      webhook_row("severity_min", of(&Webhook::route, &WebhookRoute::severity_min), severity_kind(),
                  {.words = "or \"low\", \"medium\", \"high\""}),
      webhook_row(
          "analytics", of(&Webhook::route, &WebhookRoute::analytics),
          WordsKind{{name_of(Analytic::remote_service_token), name_of(Analytic::serverless_cli),
                     name_of(Analytic::misused_service_token)}},
          {.words = "\"remote_service_token\", \"serverless_cli\", \"misused_service_token\"", .default_words = "all"}),
      webhook_row("accounts", of(&Webhook::route, &WebhookRoute::accounts), AccountsKind{},
                  {.words = "\"123456789012\"", .default_words = "all"}),
      webhook_row(
          "campaign_alerts", of(&Webhook::route, &WebhookRoute::campaign_alerts), campaign_alerts_kind(),
          {.words =
               "\"all\": every alert; \"notable\": of a roll-out only some, even of high ones; by_format: notable for "
               "slack, pagerduty and teams, all for others"}),
      webhook_row("allow_http", of(endpoint, &WebhookEndpoint::allow_http), SwitchKind{},
                  {.words = "true lets url be http://, tcp:// or udp://"}),
      webhook_row("allow_cidrs", of(endpoint, &WebhookEndpoint::allow_cidrs), NetworksKind{},
                  {.words = "loopback and private networks that url may lead to"}),
      webhook_row("ca_file", of(endpoint, &WebhookEndpoint::ca_file), PathKind{},
                  {.default_words = "the system's authorities"}),
      webhook_row("rate_per_s", of(endpoint, &WebhookEndpoint::rate_per_s),
                  RealKind{kRatePerSecondMin, kRatePerSecondMax}, {}),
  };
}

SettingTable webhook_table() {
  SettingTable table{.name = "webhook",
                     .about =
                         "Where alerts go: signed as Standard Webhooks 1.0.0 says. Leave this out to store alerts "
                         "only.",
                     .rows = webhook_rows()};
  table.check = [](TableReader& webhook) {
    if (webhook.has("secret") && webhook.has("secrets"))
      webhook.missing("a [[webhook]] has either secret or secrets, not both");
  };
  make_repeated(table, &Config::webhooks);
  return table;
}

SettingTable networks_table() {
  constexpr auto networks = &Config::networks;
  using Networks = NetworksConfig;
  return {.name = "networks",
          .about = "What is known about addresses. A reload also reads files anew whose names did not change.",
          .rows = {
              row("aws_ranges", of(networks, &Networks::aws_ranges),
                  PathOrWordKind{{"auto", "builtin", "/path/to/ip-ranges.json"}},
                  {.words = "\"builtin\", or a path", .default_words = "fetched daily into data_dir"}),
              row("aws_ranges_url", of(networks, &Networks::aws_ranges_url), TextKind{},
                  {.words = "where \"auto\" fetches them, over verified TLS"}),
              row("asn", of(networks, &Networks::asn), PathsKind{},
                  {.words = "files that name networks: IPinfo Lite, GeoLite2-ASN, DB-IP, IP2Location LITE, iptoasn.com "
                            "(MMDB, CSV, TSV; .gz)"}),
              row("trusted", of(networks, &Networks::trusted), NetworksOrFilesKind{},
                  {.words = "your own egress: networks, or files of them (\"/path\")"}),
              row("untrusted", of(networks, &Networks::untrusted), NetworksOrFilesKind{},
                  {.words = "counts as outside even if it is private"}),
              row("hosting_asn", of(&Config::detection, &DetectionSettings::hosting_asns), AsNumbersKind{},
                  {.words = "\"AS64511\": anybody rents there; an acknowledgement is of the prefix"}),
              row("accounts", of(&Config::detection, &DetectionSettings::accounts), AccountsKind{},
                  {.words = "your own accounts, in quotes"}),
          }};
}

SettingTable detection_table() {
  constexpr auto detection = &Config::detection;
  using Detection = DetectionSettings;
  return {.name = "detection",
          .about = "",
          .rows = {
              row("activation_days", of(detection, &Detection::activation_days), NumberKind{0, 60},
                  {.words = "how long an account is watched before alerts"}),
              row("training_days", of(detection, &Detection::training_days), NumberKind{1, 30}, {}),
              row("dedup_days", of(detection, &Detection::dedup_days), NumberKind{1, 30}, {}),
              row("identity_alerts_max", of(detection, &Detection::identity_alerts_max), NumberKind{1, 1'000'000},
                  {.words = "alerts of an identity, analytic, tier and day, then one summary"}),
              row("flood_max", of(detection, &Detection::flood_max), NumberKind{1, 1'000'000'000},
                  {.words = "alerts of an analytic and day, then one summary"}),
              row("brokers", of(detection, &Detection::brokers), RolesKind{},
                  {.words = "roles that hand keys to people: \"123456789012/vault\""}),
          }};
}

SettingTable known_table() {
  constexpr RowMaker<KnownEntry> known_row{};
  using Known = KnownThing;
  SettingTable table{
      .name = "known",
      .about =
          "What is yours, kept with this configuration instead of acknowledged by hand. An entry is of one network, "
          "tool or platform. What would have raised an alert by that alone is stored as acknowledged, and told to "
          "nobody. When an entry has ended, the next such call raises an alert; when it was taken out, the next of "
          "another kind or day, as a call like one of the same day is counted and not judged again.",
      .rows = {
          known_row("name", of(&Known::name), TextKind{},
                    {.words = "A-Z a-z 0-9 . _ -, up to 64", .example = "\"office-egress\"", .required = true}),
          known_row("identity", of(&Known::identity), TextKind{},
                    {.words = "as in alerts: account/role, account/role/function; * stands for anything",
                     .example = "\"111122223333/deploy*\"",
                     .required = true}),
          known_row("network", of(&Known::network), TextKind{},
                    {.words = "as in alerts: \"AS64511\", \"198.51.100.0/24\", \"vpce:444455556666\"",
                     .example = "\"AS64511\""}),
          known_row("tool", of(&Known::tool), TextKind{}, {.words = "instead: \"aws-cli\""}),
          known_row("platform", of(&Known::platform), TextKind{}, {.words = "instead: \"macos\", \"CloudShell\""}),
          known_row("until", of(&Known::until), DayKind{},
                    {.words = "the last day of calls for which it counts",
                     .default_words = "for good",
                     .example = "2026-12-31"}),
          known_row("reason", of(&Known::reason), TextKind{},
                    {.words = "stands in the alerts", .example = "\"the new office, CHG-1234\"", .required = true}),
      }};
  table.is_option = true;
  table.repeated = true;
  table.count = [](const Config& config) { return config.detection.known.size(); };
  table.append = [](Config& config) { config.detection.known.emplace_back(); };
  return table;
}

SettingTable alerts_table() {
  return {.name = "alerts",
          .about = "",
          .rows = {row("keep_days", of(&Config::detection, &DetectionSettings::keep_days), NumberKind{40, 36'500},
                       {.words = "of running, then an alert leaves the store; answered and closed ones first"})}};
}

SettingTable families_table() {
  return {.name = "detection.families",
          .about = "",
          .rows = {row("ec2", of(&Config::detection, &DetectionSettings::ec2), SwitchKind{},
                       {.words = "false: tokens of EC2 instances raise nothing"}),
                   row("kubernetes", of(&Config::detection, &DetectionSettings::kubernetes), SwitchKind{},
                       {.words = "true: pods of clusters that are not EKS's are workloads"})}};
}

// One row for each variation of the catalogue. Their ids hold points, so TOML has them as quoted keys or as tables, and
// the table is read as a whole.
SettingTable severities_table() {
  SettingTable table{.name = "detection.severities", .about = "By variation.", .rows = {}};
  for (const CatalogueEntry& entry : catalogue()) {
    Setting setting;
    setting.key = entry.id;
    setting.show = [&entry](const Config& config, std::size_t) {
      return toml_string(name_of(config.detection.severity_of(entry)));
    };
    setting.same = [&entry](const Config& a, std::size_t, const Config& b, std::size_t) {
      return a.detection.severity_of(entry) == b.detection.severity_of(entry);
    };
    table.rows.push_back(std::move(setting));
  }
  table.read_whole = [](TableReader& detection, Config& config) { detection.severities(config.detection.severities); };
  return table;
}

SettingTable storage_table() {
  constexpr auto storage = &Config::storage;
  using Storage = DataDirectorySettings;
  return {.name = "storage",
          .about = "",
          .rows = {
              row("shards", of(storage, &Storage::shards), NumberKind{1, 64},
                  {.default_words = "the number of CPUs, at most 4", .example = "4", .effect = kStart}),
              row("pin_workers", of(&Config::pipeline, &Pipeline::Settings::pin_workers), SwitchKind{},
                  {.words = "each worker stays on a CPU", .effect = kStart}),
              row("map_bytes", of(storage, &Storage::map_bytes), SizeKind{kMiB, kMapBytesMax},
                  {.words = "address space of a shard: no memory, no disk", .effect = kStart}),
              row("bytes_max", of(storage, &Storage::bytes_max), SizeKind{kMiB, kMapBytesMax},
                  {.words = "of disk for each shard",
                   .default_words = "70 % of map_bytes",
                   .example = "\"40 GiB\"",
                   .effect = kStart}),
              row("disk_free_bytes_min", of(storage, &Storage::disk_free_bytes_min), SizeKind{0, kMapBytesMax},
                  {.words = "with less left on the disk nothing is taken", .effect = kStart}),
          }};
}

SettingTable health_table() {
  constexpr auto health = &Config::health;
  using Health = HealthSettings;
  return {.name = "health",
          .about = "When the log, /metrics and /api/v1/status say that something is wrong with what comes in.",
          .rows = {
              row("source_silent_s", of(health, &Health::source_silent_s), NumberKind{0, 31 * 86'400},
                  {.words = "a token or syslog listener that brings nothing for so long; 0: learned of each"}),
              row("event_lag_s", of(health, &Health::event_lag_s), NumberKind{0, 31 * 86'400},
                  {.words = "half an hour of nothing but older events; 0: never"}),
              row("issuing_silent_s", of(health, &Health::issuing_silent_s), NumberKind{0, 31 * 86'400},
                  {.words = "events of roles for so long, and no AssumeRole; 0: never"}),
              row("ranges_age_days", of(health, &Health::ranges_age_days), NumberKind{0, 3'650},
                  {.words = "of AWS's address ranges; 0: never"}),
          }};
}

SettingTable log_table() {
  return {.name = "log",
          .about = "",
          .rows = {
              row("level", of(&Config::log, &Log::Settings::level),
                  ChoiceKind<LogLevel>{{{"debug", LogLevel::debug},
                                        {"info", LogLevel::info},
                                        {"warning", LogLevel::warning},
                                        {"error", LogLevel::error}}},
                  {.words = "or \"debug\", \"warning\", \"error\""}),
              row("format", of(&Config::log, &Log::Settings::json),
                  ChoiceKind<bool>{{{"logfmt", false}, {"json", true}}}, {.words = "or \"json\""}),
          }};
}

}  // namespace

const std::vector<SettingTable>& setting_tables() {
  static const std::vector<SettingTable> tables{
      top_table(),   ingest_table(),  admin_table(),    syslog_table(),    s3_source_table(), kafka_source_table(),
      token_table(), webhook_table(), networks_table(), detection_table(), families_table(),  severities_table(),
      known_table(), alerts_table(),  storage_table(),  health_table(),    standby_table(),   log_table()};
  return tables;
}

std::vector<WayIn> ways_in(const Config& config) {
  std::vector<WayIn> ways;
  for (const SettingTable& table : setting_tables()) {
    if (table.way_in) ways.push_back({"[[" + std::string(table.name) + "]]", table.count(config) > 0});
    for (const Setting& row : table.rows)
      if (row.notes.way_in) ways.push_back({full_key(table, row), row.show(config, 0) != "\"\""});
  }
  return ways;
}

std::string full_key(const SettingTable& table, const Setting& row) {
  return table.name.empty() ? std::string(row.key) : std::string(table.name) + "." + std::string(row.key);
}

}  // namespace straykey
