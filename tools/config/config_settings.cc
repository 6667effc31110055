#include "tools/config/config_settings.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "tools/networks/address_files.h"

namespace straykey {
namespace {

HttpListenerSettings ingest_listener(const Config& config, const std::string& name, const ListenAddress& listen) {
  HttpListenerSettings settings;
  settings.name = name;
  settings.address = listen.address;
  settings.port = listen.port;
  settings.connections = config.ingest.connections;
  settings.timeouts.hold = std::chrono::milliseconds(config.ingest.overload_wait_ms);
  settings.head.large_path = "/firehose";
  settings.proxies.trusted = config.ingest.trusted_proxies;
  return settings;
}

SyslogListenerSettings syslog_listener(const Config& config, const std::string& name, const ListenAddress& listen) {
  SyslogListenerSettings settings;
  settings.name = name;
  settings.address = listen.address;
  settings.port = listen.port;
  settings.allow_cidrs = config.syslog.allow_cidrs;
  settings.connections = config.ingest.connections;
  settings.proxies.trusted = config.ingest.trusted_proxies;
  settings.proxies.protocol = config.syslog.proxy_protocol.contains(name.substr(std::string_view("syslog_").size()));
  return settings;
}

Status add_prefixes(std::vector<Prefix>& prefixes, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const auto read = read_prefixes(file);
    if (!read) return read.error();
    prefixes.insert(prefixes.end(), read.value().begin(), read.value().end());
  }
  return {};
}

Status add_aws_ranges(NetworkInputs& inputs, const Config& config) {
  std::string file = config.networks.aws_ranges;
  if (file == "builtin") return {};
  if (file == "auto") {
    file = automatic_aws_ranges_file(config);
    std::error_code failed;
    if (!std::filesystem::exists(file, failed)) return {};
  }
  auto ranges = read_aws_ranges(file);
  if (!ranges) return ranges.error();
  inputs.aws_ranges = std::move(ranges->prefixes);
  inputs.aws_ranges_created = ranges->created;
  inputs.aws_regions = std::move(ranges->regions);
  return {};
}

}  // namespace

std::vector<HttpListenerSettings> ingest_listeners(const Config& config) {
  std::vector<HttpListenerSettings> listeners;
  if (config.ingest.https.on()) {
    listeners.push_back(ingest_listener(config, "ingest", config.ingest.https));
    const IngestConfig& ingest = config.ingest;
    listeners.back().tls = TlsFiles{.certificate = ingest.certificate,
                                    .key = ingest.key,
                                    .client_ca = ingest.client_ca,
                                    .client_required = ingest.client_required};
    listeners.back().client_names = ingest.client_names;
    listeners.back().proxies.protocol = ingest.proxy_protocol.contains("https");
  }
  if (config.ingest.http.on()) {
    listeners.push_back(ingest_listener(config, "ingest_http", config.ingest.http));
    listeners.back().proxies.protocol = config.ingest.proxy_protocol.contains("http");
  }
  return listeners;
}

HttpListenerSettings admin_listener(const Config& config) {
  INVARIANT(config.admin.listen.on());
  HttpListenerSettings settings = admin_listener_defaults();
  settings.address = config.admin.listen.address;
  settings.port = config.admin.listen.port;
  if (!config.admin.certificate.empty()) settings.tls = TlsFiles{config.admin.certificate, config.admin.key};
  const auto& hosts = config.admin.allowed_hosts;
  settings.allowed_hosts.insert(settings.allowed_hosts.end(), hosts.begin(), hosts.end());
  return settings;
}

HttpBudgetSettings http_budget_settings(const Config& config) {
  return config.ingest.budget;
}

AuthSettings auth_settings(const Config& config) {
  return config.ingest.auth;
}

RateSettings rate_settings(const Config& config) {
  return config.ingest.rates;
}

IngestSettings ingest_settings(const Config& config) {
  IngestSettings settings;
  settings.body_bytes_max = config.ingest.body_bytes_max;
  settings.limits = config.ingest.limits;
  return settings;
}

SyslogIntakeSettings syslog_intake_settings(const Config& config) {
  SyslogIntakeSettings settings;
  settings.limits.records_max = config.ingest.limits.records_max;
  // Syslog messages are small, and what they unpack to is known only when it is there.
  settings.limits.inflated_bytes_max = std::min<std::size_t>(config.ingest.limits.inflated_bytes_max, 8u << 20);
  return settings;
}

std::vector<SyslogListenerSettings> syslog_stream_listeners(const Config& config) {
  const SyslogConfig& syslog = config.syslog;
  std::vector<SyslogListenerSettings> listeners;
  if (syslog.tcp.on()) listeners.push_back(syslog_listener(config, "syslog_tcp", syslog.tcp));
  if (syslog.relp.on()) {
    listeners.push_back(syslog_listener(config, "syslog_relp", syslog.relp));
    listeners.back().protocol = SyslogListenerSettings::Protocol::relp;
  }
  const auto add_tls = [&](const std::string& name, const ListenAddress& listen) {
    listeners.push_back(syslog_listener(config, name, listen));
    listeners.back().tls = TlsFiles{syslog.certificate, syslog.key, syslog.client_ca};
    listeners.back().client_names = syslog.client_names;
  };
  if (syslog.tls.on()) add_tls("syslog_tls", syslog.tls);
  if (syslog.relp_tls.on()) {
    add_tls("syslog_relp_tls", syslog.relp_tls);
    listeners.back().protocol = SyslogListenerSettings::Protocol::relp;
  }
  return listeners;
}

std::optional<SyslogListenerSettings> syslog_udp_listener(const Config& config) {
  if (!config.syslog.udp.on()) return std::nullopt;
  return syslog_listener(config, "syslog_udp", config.syslog.udp);
}

IoRuntime::Settings io_settings(const Config& config) {
  return config.ingest.io;
}

DataDirectorySettings data_directory_settings(const Config& config, HashKey new_hash_key) {
  DataDirectorySettings settings = config.storage;
  settings.path = config.data_dir;
  settings.new_hash_key = new_hash_key;
  return settings;
}

Pipeline::Settings pipeline_settings(const Config& config, HashKey hash_key) {
  Pipeline::Settings settings = config.pipeline;
  settings.hash_key = hash_key;
  settings.shards = config.storage.shards;
  return settings;
}

std::string data_dir_to_name(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path absolute = std::filesystem::absolute(path, failure).lexically_normal();
  // Bodies have a limit, so a very long path stands in none.
  constexpr std::size_t kPathBytesMax = 512;
  const bool is_left_out = failure || absolute == Config{}.data_dir || absolute.native().size() > kPathBytesMax;
  return is_left_out ? std::string() : absolute.string();
}

std::vector<WebhookRoute> webhook_routes(const Config& config) {
  std::vector<WebhookRoute> routes;
  for (const WebhookConfig& webhook : config.webhooks) {
    routes.push_back(webhook.route);
    routes.back().page_url = config.admin.page_url;
    routes.back().data_dir = data_dir_to_name(config.data_dir);
  }
  return routes;
}

Result<TokenSettings> load_token(const TokenConfig& token) {
  auto secret = read_secret(token.secret);
  if (!secret) return Error{"token " + token.name + ": " + secret.error().message};
  return TokenSettings{token.name, std::move(secret).value(), token.scope, token.source};
}

Result<std::vector<TokenSettings>> load_tokens(const Config& config) {
  std::vector<TokenSettings> tokens;
  for (const TokenConfig& token : config.tokens) {
    auto loaded = load_token(token);
    if (!loaded) return loaded.error();
    tokens.push_back(std::move(loaded).value());
  }
  return tokens;
}

WebhookEndpoint load_webhook(const WebhookConfig& webhook, std::vector<std::string>& errors) {
  WebhookEndpoint endpoint = webhook.endpoint;
  endpoint.name = webhook.route.name;
  endpoint.format = webhook.route.format;
  endpoint.url = webhook.url.url;
  const auto read = [&](const SecretSource& source, std::string& to) {
    auto value = read_secret(source);
    if (value)
      to = std::move(value).value();
    else
      errors.push_back("webhook " + endpoint.name + ": " + value.error().message);
    return value.ok();
  };
  if (webhook.authorization.given()) read(webhook.authorization, endpoint.authorization);
  if (webhook.url.source.given()) read(webhook.url.source, endpoint.url);
  for (const SecretSource& source : webhook.secrets)
    if (std::string secret; read(source, secret)) endpoint.secrets.push_back(std::move(secret));
  return endpoint;
}

Result<std::vector<WebhookEndpoint>> load_webhooks(const Config& config) {
  std::vector<WebhookEndpoint> endpoints;
  for (const WebhookConfig& webhook : config.webhooks) {
    std::vector<std::string> errors;
    endpoints.push_back(load_webhook(webhook, errors));
    if (!errors.empty()) return Error{errors.front()};
  }
  return endpoints;
}

std::string automatic_aws_ranges_file(const Config& config) {
  return config.data_dir + "/ip-ranges.json";
}

Result<NetworkInputs> load_networks(const Config& config) {
  NetworkInputs inputs;
  inputs.trusted = config.networks.trusted.prefixes;
  inputs.untrusted = config.networks.untrusted.prefixes;
  if (const Status read = add_prefixes(inputs.trusted, config.networks.trusted.files); !read) return read.error();
  if (const Status read = add_prefixes(inputs.untrusted, config.networks.untrusted.files); !read) return read.error();
  if (const Status read = add_aws_ranges(inputs, config); !read) return read.error();
  for (const std::string& file : config.networks.asn) {
    auto asns = read_asns(file);
    if (!asns) return asns.error();
    inputs.asns.insert(inputs.asns.end(), std::make_move_iterator(asns->begin()), std::make_move_iterator(asns->end()));
  }
  return inputs;
}

}  // namespace straykey
