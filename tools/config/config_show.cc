#include "tools/config/config_show.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace straykey {
namespace {

// One line of each setting, in the order of the calls.
class Writer {
 public:
  void table(std::string_view header) { fmt::format_to(std::back_inserter(text_), "\n{}\n", header); }
  void comment(std::string_view words) { fmt::format_to(std::back_inserter(text_), "# {}\n", escape_for_log(words)); }
  void raw(std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{} = {}\n", key, value);
  }
  void text(std::string_view key, std::string_view value) { raw(key, toml_string(value)); }
  void listen(std::string_view key, const ListenAddress& value) { text(key, value.text()); }
  void number(std::string_view key, std::uint64_t value) { raw(key, std::to_string(value)); }
  void size(std::string_view key, std::uint64_t value) { text(key, size_text(value)); }
  void boolean(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  template <class List>
  void texts(std::string_view key, const List& values) {
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ", ") + toml_string(value);
    raw(key, "[" + list + "]");
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string source_text(const SecretSource& source) {
  constexpr std::array<std::string_view, 4> kKeys{"", "file", "env", "credential"};
  const std::string_view key = kKeys[static_cast<std::size_t>(source.kind)];
  return source.given() ? fmt::format("{{ {} = {} }}", key, toml_string(source.name)) : "{}";
}

std::vector<std::string> texts_of(const std::vector<Prefix>& prefixes, std::vector<std::string> files = {}) {
  std::vector<std::string> texts;
  for (const Prefix& prefix : prefixes) texts.push_back(prefix.text());
  texts.insert(texts.end(), files.begin(), files.end());
  return texts;
}

void show_ingest(Writer& out, const IngestConfig& ingest) {
  out.table("[ingest]");
  out.listen("https", ingest.https);
  out.listen("http", ingest.http);
  out.text("certificate", ingest.certificate);
  out.text("key", ingest.key);
  out.size("body_bytes_max", ingest.body_bytes_max);
  out.size("inflated_bytes_max", ingest.inflated_bytes_max);
  out.number("records_max", ingest.records_max);
  out.size("bytes_in_flight_max", ingest.bytes_in_flight_max);
  out.size("queued_bytes_max", ingest.queued_bytes_max);
  out.number("connections_max", ingest.connections_max);
  out.number("connections_per_address_max", ingest.connections_per_address_max);
  out.number("failures_per_second_max", ingest.failures_per_second_max);
  out.number("io_threads", ingest.io_threads);
  out.text("api_key_header", ingest.api_key_header);
}

void show_listeners(Writer& out, const Config& config) {
  show_ingest(out, config.ingest);
  out.table("[admin]");
  out.listen("listen", config.admin.listen);
  out.text("certificate", config.admin.certificate);
  out.text("key", config.admin.key);
  out.texts("allowed_hosts", config.admin.allowed_hosts);
  out.boolean("open_metrics", config.admin.open_metrics);
  out.table("[syslog]");
  out.listen("udp", config.syslog.udp);
  out.listen("tcp", config.syslog.tcp);
  out.listen("tls", config.syslog.tls);
  out.listen("relp", config.syslog.relp);
  out.text("certificate", config.syslog.certificate);
  out.text("key", config.syslog.key);
  out.text("client_ca", config.syslog.client_ca);
  out.texts("client_names", config.syslog.client_names);
  out.texts("allow_cidrs", texts_of(config.syslog.allow_cidrs));
}

void show_token(Writer& out, const TokenConfig& token) {
  out.table("[[token]]");
  out.text("name", token.name);
  out.raw("secret", source_text(token.secret));
  out.text("scope", token.scope == TokenScope::admin ? "admin" : "ingest");
}

void show_webhook(Writer& out, const WebhookConfig& webhook) {
  out.table("[[webhook]]");
  out.text("name", webhook.route.name);
  if (webhook.url_source.given())
    out.raw("url", source_text(webhook.url_source));
  else
    out.text("url", "<redacted>");
  std::string secrets;
  for (const SecretSource& source : webhook.secrets) secrets += (secrets.empty() ? "" : ", ") + source_text(source);
  out.raw("secrets", "[" + secrets + "]");
  out.boolean("sign", webhook.sign);
  out.text("severity_min", name_of(webhook.route.severity_min));
  out.texts("analytics", webhook.route.analytics);
  out.texts("accounts", webhook.route.accounts);
  out.boolean("allow_http", webhook.allow_http);
  out.texts("allow_cidrs", texts_of(webhook.allow_cidrs));
  out.text("ca_file", webhook.ca_file);
  out.raw("rate_per_s", fmt::format("{}", webhook.rate_per_s));
}

void show_detection(Writer& out, const DetectionSettings& detection) {
  out.table("[detection]");
  out.number("activation_days", static_cast<std::uint64_t>(detection.activation_days));
  out.number("training_days", static_cast<std::uint64_t>(detection.training_days));
  out.number("dedup_days", static_cast<std::uint64_t>(detection.dedup_days));
  out.number("flood_max", detection.flood_max);
  out.table("[detection.families]");
  out.boolean("ec2", detection.ec2);
  out.table("[detection.severities]");
  for (const CatalogueEntry& entry : catalogue()) {
    out.text(toml_string(entry.id), name_of(detection.severity_of(entry)));
  }
}

void show_rest(Writer& out, const Config& config) {
  out.table("[networks]");
  out.text("aws_ranges", config.networks.aws_ranges);
  out.text("aws_ranges_url", config.networks.aws_ranges_url);
  out.texts("asn", config.networks.asn);
  out.texts("trusted", texts_of(config.networks.trusted, config.networks.trusted_files));
  out.texts("untrusted", texts_of(config.networks.untrusted, config.networks.untrusted_files));
  out.texts("accounts", config.detection.accounts);
  show_detection(out, config.detection);
  out.table("[storage]");
  out.number("shards", config.storage.shards);
  out.boolean("pin_workers", config.storage.pin_workers);
  out.size("map_bytes", config.storage.map_bytes);
  if (config.storage.bytes_max == UINT64_MAX)
    out.comment("bytes_max: no limit of its own");
  else
    out.size("bytes_max", config.storage.bytes_max);
  out.size("disk_free_bytes_min", config.storage.disk_free_bytes_min);
  constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
  out.table("[log]");
  out.text("level", kLevels[static_cast<std::size_t>(config.log.level)]);
  out.text("format", config.log.json ? "json" : "logfmt");
}

}  // namespace

std::string show_config(const Config& config) {
  Writer out;
  for (const std::string& file : config.files) out.comment("from " + file);
  out.text("data_dir", config.data_dir);
  show_listeners(out, config);
  for (const TokenConfig& token : config.tokens) show_token(out, token);
  for (const WebhookConfig& webhook : config.webhooks) show_webhook(out, webhook);
  show_rest(out, config);
  return std::move(out).take();
}

}  // namespace straykey
