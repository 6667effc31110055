#include "tools/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/cpu.h"
#include "tools/config/config_reader.h"
#include "tools/config/did_you_mean.h"

namespace straykey {
namespace {

constexpr std::uint64_t kKiB = 1u << 10;
constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;
// x86-64 gives a process 47 bits of addresses; 65 environments of this size fit.
constexpr std::uint64_t kMapBytesMax = std::uint64_t{1} << 40;

void read_ingest(TableReader& table, IngestConfig& ingest) {
  table.listen("https", ingest.https);
  table.listen("http", ingest.http);
  table.path("certificate", ingest.certificate);
  table.path("key", ingest.key);
  table.size("body_bytes_max", ingest.body_bytes_max, kKiB, kGiB);
  table.size("inflated_bytes_max", ingest.inflated_bytes_max, kKiB, 4 * kGiB);
  table.number("records_max", ingest.records_max, 1, 100'000'000);
  table.size("bytes_in_flight_max", ingest.bytes_in_flight_max, kMiB, 1024 * kGiB);
  table.size("queued_bytes_max", ingest.queued_bytes_max, kMiB, 1024 * kGiB);
  table.number("connections_max", ingest.connections_max, 1, 1'000'000);
  table.number("connections_per_address_max", ingest.connections_per_address_max, 1, 1'000'000);
  table.number("failures_per_second_max", ingest.failures_per_second_max, 1, 1'000'000);
  table.number("io_threads", ingest.io_threads, 1, 64);
  table.string("api_key_header", ingest.api_key_header);
}

void read_admin(TableReader& table, AdminConfig& admin) {
  table.listen("listen", admin.listen);
  table.path("certificate", admin.certificate);
  table.path("key", admin.key);
  table.strings("allowed_hosts", admin.allowed_hosts);
  table.boolean("open_metrics", admin.open_metrics);
}

void read_syslog(TableReader& table, SyslogConfig& syslog) {
  table.listen("udp", syslog.udp);
  table.listen("tcp", syslog.tcp);
  table.listen("tls", syslog.tls);
  table.listen("relp", syslog.relp);
  table.path("certificate", syslog.certificate);
  table.path("key", syslog.key);
  table.path("client_ca", syslog.client_ca);
  table.strings("client_names", syslog.client_names);
  table.prefixes("allow_cidrs", syslog.allow_cidrs);
}

void read_token(TableReader& table, TokenConfig& token) {
  table.string("name", token.name);
  SecretSource file;
  table.path("file", file.name);
  table.secret("secret", token.secret);
  if (table.has("file") && table.has("secret")) table.missing("a [[token]] has either file or secret, not both");
  if (!table.has("file") && !table.has("secret")) table.missing("a [[token]] needs file or secret");
  if (!file.name.empty()) token.secret = {SecretSource::Kind::file, file.name};
  if (const auto scope = table.word("scope", {"ingest", "admin"})) {
    token.scope = *scope == "admin" ? TokenScope::admin : TokenScope::ingest;
  }
  if (!table.has("name")) table.missing("a [[token]] needs a name");
}

void read_webhook(TableReader& table, WebhookConfig& webhook) {
  table.string("name", webhook.route.name);
  table.url("url", webhook.url, webhook.url_source);
  SecretSource secret;
  table.secret("secret", secret);
  if (secret.given()) webhook.secrets.push_back(secret);
  table.secrets("secrets", webhook.secrets);
  if (table.has("secret") && table.has("secrets"))
    table.missing("a [[webhook]] has either secret or secrets, not both");
  const auto severity = table.word("severity_min", {"informational", "low", "medium", "high"});
  if (severity) webhook.route.severity_min = *severity_from(*severity);
  table.words("analytics", {name_of(Analytic::remote_service_token), name_of(Analytic::serverless_cli)},
              webhook.route.analytics);
  table.accounts("accounts", webhook.route.accounts);
  table.boolean("sign", webhook.sign);
  table.boolean("allow_http", webhook.allow_http);
  table.prefixes("allow_cidrs", webhook.allow_cidrs);
  table.path("ca_file", webhook.ca_file);
  table.real("rate_per_s", webhook.rate_per_s);
  if (!table.has("name")) table.missing("a [[webhook]] needs a name");
  if (!table.has("url")) table.missing("a [[webhook]] needs a url");
}

void read_networks(TableReader& table, const toml::table& values, NetworksConfig& networks,
                   std::set<std::string, std::less<>>& accounts) {
  const auto ranges = values["aws_ranges"].value<std::string_view>();
  const bool is_path = ranges && ranges->find_first_of("/.") != std::string_view::npos;
  if (is_path)
    table.path("aws_ranges", networks.aws_ranges);
  else if (const auto word = table.word("aws_ranges", {"auto", "builtin", "/path/to/ip-ranges.json"}))
    networks.aws_ranges = *word;
  table.string("aws_ranges_url", networks.aws_ranges_url);
  table.paths("asn", networks.asn);
  table.prefixes("trusted", networks.trusted, &networks.trusted_files);
  table.prefixes("untrusted", networks.untrusted, &networks.untrusted_files);
  table.accounts("accounts", accounts);
}

void read_detection(ReadContext& context, TableReader& table, DetectionSettings& detection) {
  table.number("activation_days", detection.activation_days, 0, 60);
  table.number("training_days", detection.training_days, 1, 30);
  table.number("dedup_days", detection.dedup_days, 1, 30);
  table.number("flood_max", detection.flood_max, 1, 1'000'000'000);
  table.severities(detection.severities);
  if (const toml::table* values = table.table("families")) {
    TableReader families(context, *values, "detection.families", "detection.families");
    families.boolean("ec2", detection.ec2);
    families.finish();
  }
}

void read_storage(TableReader& table, StorageConfig& storage) {
  table.number("shards", storage.shards, 1, 64);
  table.boolean("pin_workers", storage.pin_workers);
  table.size("map_bytes", storage.map_bytes, kMiB, kMapBytesMax);
  table.size("bytes_max", storage.bytes_max, kMiB, kMapBytesMax);
  table.size("disk_free_bytes_min", storage.disk_free_bytes_min, 0, kMapBytesMax);
}

void read_log(TableReader& table, Log::Settings& log) {
  const std::vector<std::string_view> levels{"debug", "info", "warning", "error"};
  if (const auto level = table.word("level", levels)) {
    log.level = static_cast<LogLevel>(std::find(levels.begin(), levels.end(), *level) - levels.begin());
  }
  if (const auto format = table.word("format", {"logfmt", "json"})) log.json = *format == "json";
}

// Reads [key], if it is there, with `read`.
template <class Read>
void read_table(ReadContext& context, TableReader& top, const char* key, Read read) {
  const toml::table* values = top.table(key);
  if (values == nullptr) return;
  TableReader table(context, *values, key, key);
  read(table, *values);
  table.finish();
}

template <class Entry, class Read>
void read_tables(ReadContext& context, TableReader& top, const char* key, std::vector<Entry>& entries, Read read) {
  for (const toml::table* values : top.tables(key)) {
    const std::string path = std::string(key) + "." + std::to_string(entries.size());
    const auto& begin = values->source().begin;
    context.config.places[path] = {context.file, begin.line, begin.column};
    TableReader table(context, *values, path, key);
    Entry& entry = entries.emplace_back();
    read(table, entry);
    table.finish();
  }
}

void read_top(ReadContext& context, const toml::table& values) {
  Config& config = context.config;
  TableReader top(context, values, "", "");
  top.path("data_dir", config.data_dir);
  read_table(context, top, "ingest", [&](TableReader& t, const auto&) { read_ingest(t, config.ingest); });
  read_table(context, top, "admin", [&](TableReader& t, const auto&) { read_admin(t, config.admin); });
  read_table(context, top, "syslog", [&](TableReader& t, const auto&) { read_syslog(t, config.syslog); });
  read_table(context, top, "networks", [&](TableReader& t, const toml::table& networks) {
    read_networks(t, networks, config.networks, config.detection.accounts);
  });
  read_table(context, top, "detection",
             [&](TableReader& t, const auto&) { read_detection(context, t, config.detection); });
  read_table(context, top, "storage", [&](TableReader& t, const auto&) { read_storage(t, config.storage); });
  read_table(context, top, "log", [&](TableReader& t, const auto&) { read_log(t, config.log); });
  read_tables(context, top, "token", config.tokens, read_token);
  read_tables(context, top, "webhook", config.webhooks, read_webhook);
  top.finish();
}

// The parser's sentence without longer pieces of the file, which might be of a secret.
std::string without_values(std::string_view description) {
  constexpr std::size_t kPieceBytesMax = 10;  // one character, escaped
  if (description.find("cannot ") != std::string_view::npos) return escape_for_log(description);  // these hold keys
  std::string text;
  while (!description.empty()) {
    const std::size_t open = std::min(description.find('\''), description.size());
    text += description.substr(0, open);
    description.remove_prefix(open);
    if (description.empty()) break;
    const std::size_t close = description.find('\'', 1);
    const bool short_piece = close != std::string_view::npos && close <= kPieceBytesMax;
    text += short_piece ? std::string(description.substr(0, close + 1)) : "'...'";
    description.remove_prefix(close == std::string_view::npos ? description.size() : close + 1);
  }
  return escape_for_log(text);
}

void parse_into(ConfigResult& result, std::string_view text, const std::string& file, const std::string& directory) {
  ReadContext context{file, directory, result.config, result.errors};
  const std::size_t first_error = result.errors.size();
  result.config.files.push_back(file);
  // The one place where a library answers with an exception.
  try {
    read_top(context, toml::parse(text, std::string_view(file)));
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    result.errors.push_back(
        {{file, begin.line, begin.column}, "", "no valid TOML: " + without_values(error.description())});
  }
  std::stable_sort(result.errors.begin() + static_cast<std::ptrdiff_t>(first_error), result.errors.end(),
                   [](const ConfigError& a, const ConfigError& b) {
                     return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
                   });
}

std::optional<std::string> read_text(const std::string& file, std::string& why) {
  std::error_code failed;
  const auto status = std::filesystem::status(file, failed);
  if (!std::filesystem::exists(status)) {
    why = "this file does not exist";
    return std::nullopt;
  }
  if (!std::filesystem::is_regular_file(status)) {
    why = "this is not a regular file";
    return std::nullopt;
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text(kConfigFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  why = text.size() > kConfigFileBytesMax ? "this file is larger than 1 MiB" : "this file cannot be read";
  if (text.size() > kConfigFileBytesMax || !stream.eof()) return std::nullopt;
  return text;
}

std::string directory_of(const std::string& path) {
  std::error_code failed;
  return std::filesystem::absolute(path, failed).lexically_normal().parent_path().string();
}

// conf.d/*.toml in name order; hidden files are left out.
std::vector<std::string> files_beside(const std::string& path, ConfigResult& result) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path() / "conf.d";
  std::vector<std::string> files;
  std::error_code failed;
  if (!std::filesystem::exists(directory, failed)) return files;
  std::filesystem::directory_iterator entries(directory, failed);
  if (failed) result.errors.push_back({{directory.string(), 1, 1}, "", "this directory cannot be read"});
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    const std::filesystem::path file = entries->path();
    if (file.extension() == ".toml" && !file.filename().string().starts_with('.')) files.push_back(file.string());
  }
  std::sort(files.begin(), files.end());
  if (files.size() >= kConfigFilesMax) {
    result.errors.push_back({{directory.string(), 1, 1}, "", "this directory holds more than 255 files"});
    files.clear();
  }
  return files;
}

}  // namespace

std::string ConfigError::text() const {
  return fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, message);
}

std::uint32_t default_shards() noexcept {
  return std::clamp<std::uint32_t>(cpu_count(), 1, 4);
}

ConfigPlace Config::place_of(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = places.find(path); found != places.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    path = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  }
  return {files.empty() ? std::string(kConfigPath) : files.front(), 1, 1};
}

ConfigResult parse_config(std::string_view text, const std::string& path) {
  ConfigResult result;
  parse_into(result, text, path, directory_of(path));
  return result;
}

ConfigResult read_config(const std::string& path) {
  ConfigResult result;
  std::vector<std::string> files = files_beside(path, result);
  files.insert(files.begin(), path);
  for (const std::string& file : files) {
    std::string why;
    const auto text = read_text(file, why);
    if (text)
      parse_into(result, *text, file, directory_of(path));
    else
      result.errors.push_back({{file, 1, 1}, "", why});
  }
  return result;
}

}  // namespace straykey
