#pragma once
// Config: what the operator set, as typed values, with a default for everything that has one.
//
// Shape:  the main file, then conf.d/*.toml beside it in name order. A later value replaces an earlier one, key by key;
//         [[s3_source]], [[kafka_source]], [[token]] and [[webhook]] are appended. A relative path counts from the main
//         file's directory.
//         Nothing is interpolated. The key, limits and words of every setting are its row in setting_table.cc. Where a
//         part has a Settings struct, the Config holds that struct itself: its defaults are the defaults. Checks that
//         need more than one value, or a look at the disk, are in config_validate.h.
// Thread: any (a value; no state).
// Bounds: kConfigFileBytesMax a file, kConfigFilesMax files, kConfigEntriesMax entries of a list.
// Errors: all of them are told at once, each with file, line and column. An unknown word comes with the one that was
//         probably meant. No error holds the value of a secret or a URL. A file with a syntax error gives one error and
//         no values.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "core/detect/settings.h"
#include "core/engine/outbox.h"
#include "core/engine/pipeline.h"
#include "core/location/ip_address.h"
#include "net/admin/health_watch.h"
#include "net/deliver/webhook_sender.h"
#include "net/http/auth.h"
#include "net/http/http_listener.h"
#include "net/ingest/http_protocols.h"
#include "net/ingest/kafka_source_settings.h"
#include "net/ingest/s3_source_settings.h"
#include "net/io/connection_table.h"
#include "net/io/io_runtime.h"
#include "net/kafka/kafka_client.h"
#include "storage/data_directory.h"
#include "storage/reject_ring.h"
#include "tools/config/config_text.h"
#include "tools/config/secret_source.h"

namespace straykey {

inline constexpr std::size_t kConfigFileBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kConfigFilesMax = 256;
inline constexpr std::size_t kConfigEntriesMax = 10'000;
inline constexpr const char* kConfigPath = "/etc/straykey/straykey.toml";

struct ConfigPlace {
  std::string file;
  std::uint32_t line = 1, column = 1;
  bool operator==(const ConfigPlace&) const = default;
};

struct ConfigError {
  ConfigPlace place;
  std::string table;  // "ingest"; empty: the file as a whole
  std::string message;
  bool at_its_key = false;  // the place is that of the setting itself, and not of its table

  // `file:line:column: message`
  [[nodiscard]] std::string text() const;
};

struct IngestConfig {
  ListenAddress https{"0.0.0.0", 8443};
  ListenAddress http;
  std::string certificate, key;           // of https
  std::string client_ca;                  // of https: who signs the senders' certificates; empty: they need none
  bool client_required = true;            // false: a token is enough
  std::vector<std::string> client_names;  // empty: any that client_ca signed
  std::size_t body_bytes_max = IngestSettings{}.body_bytes_max;
  Intake::Limits limits;
  HttpBudgetSettings budget;               // of all listeners together
  ConnectionLimits connections;            // of each listener, those of syslog too
  std::uint32_t overload_wait_ms = 4'000;  // EventBridge waits 5 s in all for its answer
  RateSettings rates;
  std::vector<std::string> sns_topics;                // empty: /sns is off
  std::vector<Prefix> trusted_proxies;                // of all listeners but admin's
  std::set<std::string, std::less<>> proxy_protocol;  // listeners whose connections begin with a PROXY header
  AuthSettings auth;
  IoRuntime::Settings io;
  std::uint64_t rejects_bytes_max = RejectRing::Settings{}.bytes_max;  // 0: none are kept

  [[nodiscard]] bool any_listener() const noexcept { return https.on() || http.on(); }
};

struct AdminConfig {
  ListenAddress listen{"127.0.0.1", 9443};
  std::string certificate, key;            // both empty: plain HTTP, on loopback only
  std::vector<std::string> allowed_hosts;  // besides the loopback names
  bool open_metrics = false;               // /metrics without a token
  std::string page_url;                    // of BodyContext
};

struct SyslogConfig {
  ListenAddress udp, tcp, tls, relp, relp_tls;
  std::string certificate, key;           // of tls and relp_tls
  std::string client_ca;                  // who signs the senders' certificates; empty: tls needs allow_cidrs too
  std::vector<std::string> client_names;  // empty: any that client_ca signed
  std::vector<Prefix> allow_cidrs;
  std::set<std::string, std::less<>> proxy_protocol;  // as in [ingest]
  std::size_t bytes_in_flight_max = 64u << 20;        // of all ways of syslog together
};

// Properties of librdkafka. A name stands in one of the two.
struct KafkaPropertyList {
  KafkaProperties values;
  std::map<std::string, SecretSource, std::less<>> secrets;
  bool operator==(const KafkaPropertyList&) const = default;
};

// A second node that may judge in this one's place.
struct StandbyConfig {
  std::string brokers, topic;
  std::string node;  // empty: the name of the machine
  KafkaPropertyList properties;

  [[nodiscard]] bool on() const noexcept { return !topic.empty(); }
};

struct KafkaSourceConfig {
  KafkaSourceSettings settings;  // but for its properties
  KafkaPropertyList properties;
};

struct TokenConfig {
  std::string name;
  SecretSource secret;
  TokenScope scope = TokenScope::ingest;
  std::string source;          // empty: name
  std::uint32_t silent_s = 0;  // of SourceSample
};

// A URL, or the place where it is kept, because with some receivers the URL itself is a secret.
struct UrlSource {
  std::string url;
  SecretSource source;
  bool operator==(const UrlSource&) const = default;
};

struct WebhookConfig {
  WebhookRoute route;        // which alerts go there; its name is the webhook's
  WebhookEndpoint endpoint;  // but for its name, url, format and secrets, which load_webhook() adds
  UrlSource url;
  std::vector<SecretSource> secrets;
  SecretSource authorization;
};

// Networks, and files of them.
struct NetworkList {
  std::vector<Prefix> prefixes;
  std::vector<std::string> files;
  bool operator==(const NetworkList&) const = default;
};

struct NetworksConfig {
  std::string aws_ranges = "auto";                                                // "auto", "builtin", or a path
  std::string aws_ranges_url = "https://ip-ranges.amazonaws.com/ip-ranges.json";  // where "auto" fetches them
  std::vector<std::string> asn;                                                   // files
  NetworkList trusted, untrusted;

  bool operator==(const NetworksConfig&) const = default;
};

// At most four shards: one worker keeps up with what one machine receives, and all commits share one disk.
[[nodiscard]] std::uint32_t default_shards() noexcept;
// The store's own defaults, with default_shards().
[[nodiscard]] DataDirectorySettings default_storage();

struct Config {
  std::string data_dir = "/var/lib/straykey";
  IngestConfig ingest;
  AdminConfig admin;
  SyslogConfig syslog;
  std::vector<S3SourceSettings> s3_sources;
  std::vector<KafkaSourceConfig> kafka_sources;
  std::vector<TokenConfig> tokens;
  std::vector<WebhookConfig> webhooks;
  NetworksConfig networks;
  DetectionSettings detection;                        // its `accounts` are networks.accounts
  DataDirectorySettings storage = default_storage();  // but for its path, which is data_dir, and its hash key
  Pipeline::Settings pipeline;                        // but for its shards and its hash key
  Log::Settings log;
  HealthSettings health;
  StandbyConfig standby;

  // The places in the files where things were set, by path: "ingest.https", "token.0", "token.0.secret".
  std::map<std::string, ConfigPlace, std::less<>> places;
  std::vector<std::string> files;  // read, in order; the first is the main one

  // The place of `path`. If it was not set, that of the nearest table around it, or the start of the main file.
  [[nodiscard]] ConfigPlace place_of(std::string_view path) const;
};

// If there are errors, `config` holds what could be read.
struct ConfigResult {
  Config config;
  std::vector<ConfigError> errors;
  [[nodiscard]] bool ok() const noexcept { return errors.empty(); }
};
[[nodiscard]] ConfigResult read_config(const std::string& path);
// Reads one file's text as if it were the main file at `path`.
[[nodiscard]] ConfigResult parse_config(std::string_view text, const std::string& path);

}  // namespace straykey
