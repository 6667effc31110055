#pragma once
// Makes the settings of the components from a Config, and loads what they need from files: secrets and addresses.
//
// Thread: any (functions of their arguments); the load_ functions read files and the environment.
// Errors: a load_ function returns one sentence about the first thing that is wrong. validate() in config_validate.h
//         finds all of them.
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/engine/pipeline.h"
#include "core/location/network_map.h"
#include "net/deliver/webhook_sender.h"
#include "net/http/http_listener.h"
#include "net/ingest/http_protocols.h"
#include "net/ingest/syslog_intake.h"
#include "net/io/io_runtime.h"
#include "storage/data_directory.h"
#include "tools/config/config.h"

namespace straykey {

// "ingest" (HTTPS) and "ingest_http", those of them that are on.
[[nodiscard]] std::vector<HttpListenerSettings> ingest_listeners(const Config& config);
// REQUIRES: config.admin.listen.on().
[[nodiscard]] HttpListenerSettings admin_listener(const Config& config);
[[nodiscard]] HttpBudgetSettings http_budget_settings(const Config& config);
[[nodiscard]] AuthSettings auth_settings(const Config& config);
[[nodiscard]] RateSettings rate_settings(const Config& config);
[[nodiscard]] IngestSettings ingest_settings(const Config& config);
[[nodiscard]] SyslogIntakeSettings syslog_intake_settings(const Config& config);
// "syslog_tcp", "syslog_relp", "syslog_tls" and "syslog_relp_tls", those of them that are on.
[[nodiscard]] std::vector<SyslogListenerSettings> syslog_stream_listeners(const Config& config);
// nullopt: off.
[[nodiscard]] std::optional<SyslogListenerSettings> syslog_udp_listener(const Config& config);
[[nodiscard]] IoRuntime::Settings io_settings(const Config& config);
[[nodiscard]] DataDirectorySettings data_directory_settings(const Config& config, HashKey new_hash_key);
[[nodiscard]] Pipeline::Settings pipeline_settings(const Config& config, HashKey hash_key);
// What operators' commands must be told of the data directory: its absolute path; nothing if it is the default.
[[nodiscard]] std::string data_dir_to_name(const std::string& path);
[[nodiscard]] std::vector<WebhookRoute> webhook_routes(const Config& config);

[[nodiscard]] Result<TokenSettings> load_token(const TokenConfig& token);
[[nodiscard]] Result<std::vector<TokenSettings>> load_tokens(const Config& config);
// What could not be read is in `errors`, a sentence each, and empty in the endpoint.
[[nodiscard]] WebhookEndpoint load_webhook(const WebhookConfig& webhook, std::vector<std::string>& errors);
[[nodiscard]] Result<std::vector<WebhookEndpoint>> load_webhooks(const Config& config);

// The file that aws_ranges = "auto" means.
[[nodiscard]] std::string automatic_aws_ranges_file(const Config& config);
// Reads all address files, and the lists of the configuration itself. With "auto", if there is no file yet, the
// ranges that are compiled in are used.
[[nodiscard]] Result<NetworkInputs> load_networks(const Config& config);

}  // namespace straykey
