#pragma once
// Config: what the operator set, as typed values, with a default for everything that has one.
//
// Shape:  the main file, then conf.d/*.toml beside it in name order. A later value replaces an earlier one, key by key;
//         [[token]] and [[webhook]] are appended. A relative path counts from the main file's directory. Nothing is
//         interpolated. Typed here; what needs more than one value or a look at the disk is in config_validate.h.
// Thread: any (a value; no state).
// Bounds: kConfigFileBytesMax a file, kConfigFilesMax files, kConfigEntriesMax entries of a list.
// Errors: all of them at once, each with file, line and column, an unknown word with the one that was probably meant.
//         No error holds the value of a secret or a URL. A file with a syntax error gives one error and no values.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "core/detect/settings.h"
#include "core/engine/outbox.h"
#include "core/location/ip_address.h"
#include "net/http/auth.h"
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
};

struct ConfigError {
  ConfigPlace place;
  std::string table;  // "ingest"; empty: the file as a whole
  std::string message;

  // `file:line:column: message`
  [[nodiscard]] std::string text() const;
};

struct IngestConfig {
  ListenAddress https{"0.0.0.0", 8443};
  ListenAddress http;
  std::string certificate, key;
  std::uint64_t body_bytes_max = 32u << 20;
  std::uint64_t inflated_bytes_max = 128u << 20;
  std::uint64_t records_max = 1'000'000;           // a request
  std::uint64_t bytes_in_flight_max = 256u << 20;  // bodies, over all listeners
  std::uint64_t queued_bytes_max = 256u << 20;     // requests taken and not yet committed
  std::uint64_t connections_max = 4'096;           // a listener
  std::uint64_t connections_per_address_max = 256;
  std::uint64_t failures_per_second_max = 100;  // bad tokens from one address
  std::uint64_t io_threads = 2;
  std::string api_key_header = "X-Api-Key";
};

struct AdminConfig {
  ListenAddress listen{"127.0.0.1", 9443};
  std::string certificate, key;            // both empty: plain HTTP, on loopback only
  std::vector<std::string> allowed_hosts;  // besides the loopback names
  bool open_metrics = false;               // /metrics without a token
};

struct SyslogConfig {
  ListenAddress udp, tcp, tls, relp;
  std::string certificate, key;           // of tls
  std::string client_ca;                  // who signs the senders' certificates; empty: tls needs allow_cidrs too
  std::vector<std::string> client_names;  // empty: any that client_ca signed
  std::vector<Prefix> allow_cidrs;
};

struct TokenConfig {
  std::string name;
  SecretSource secret;
  TokenScope scope = TokenScope::ingest;
};

struct WebhookConfig {
  WebhookRoute route;       // name, severity_min, analytics, accounts
  std::string url;          // a secret in itself, with some receivers
  SecretSource url_source;  // instead of `url`
  std::vector<SecretSource> secrets;
  bool sign = true;
  bool allow_http = false;
  std::vector<Prefix> allow_cidrs;
  std::string ca_file;
  double rate_per_s = 10;
};

struct NetworksConfig {
  std::string aws_ranges = "auto";                                                // "auto", "builtin", or a path
  std::string aws_ranges_url = "https://ip-ranges.amazonaws.com/ip-ranges.json";  // where "auto" fetches them
  std::vector<std::string> asn;                                                   // files
  std::vector<Prefix> trusted, untrusted;
  std::vector<std::string> trusted_files, untrusted_files;
};

// At most four: one worker keeps up with what one machine receives, and commits share one disk.
[[nodiscard]] std::uint32_t default_shards() noexcept;

struct StorageConfig {
  std::uint64_t shards = default_shards();
  bool pin_workers = true;
  std::uint64_t map_bytes = std::uint64_t{64} << 30;  // of address space, each environment
  std::uint64_t bytes_max = UINT64_MAX;               // each environment; UINT64_MAX: as map_bytes allows
  std::uint64_t disk_free_bytes_min = std::uint64_t{64} << 20;
};

struct Config {
  std::string data_dir = "/var/lib/straykey";
  IngestConfig ingest;
  AdminConfig admin;
  SyslogConfig syslog;
  std::vector<TokenConfig> tokens;
  std::vector<WebhookConfig> webhooks;
  NetworksConfig networks;
  DetectionSettings detection;  // its `accounts` are networks.accounts
  StorageConfig storage;
  Log::Settings log;

  // Where things were set: "ingest.https", "token.0", "token.0.secret".
  std::map<std::string, ConfigPlace, std::less<>> places;
  std::vector<std::string> files;  // read, in order; the first is the main one

  // The place of `path`, or of the nearest table around it that is there, or the start of the main file.
  [[nodiscard]] ConfigPlace place_of(std::string_view path) const;
};

// With errors, `config` holds what could be read.
struct ConfigResult {
  Config config;
  std::vector<ConfigError> errors;
  [[nodiscard]] bool ok() const noexcept { return errors.empty(); }
};
[[nodiscard]] ConfigResult read_config(const std::string& path);
// One file's text, as if it were the main file at `path`.
[[nodiscard]] ConfigResult parse_config(std::string_view text, const std::string& path);

}  // namespace straykey
