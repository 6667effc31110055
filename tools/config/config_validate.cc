#include "tools/config/config_validate.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "core/detect/known_things.h"
#include "core/event/user_agent.h"
#include "net/client/https_fetch.h"
#include "net/deliver/webhook_sender.h"
#include "net/http/request_guard.h"
#include "net/io/tls.h"
#include "storage/shared_directory.h"
#include "tools/config/config_reader.h"
#include "tools/config/config_settings.h"
#include "tools/config/did_you_mean.h"
#include "tools/config/kafka_settings.h"
#include "tools/config/known_platforms.h"
#include "tools/config/s3_settings.h"
#include "tools/config/setting_table.h"
#include "tools/config/standby_settings.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kPageUrlBytesMax = 1'000;

bool all_of_or_in(std::string_view text, std::string_view others) {
  return !text.empty() && text.size() <= kNameBytesMax && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

// Headers that mean something else in a request, or that a proxy on the way sets by itself.
bool is_reserved_header(std::string_view name) {
  static constexpr std::string_view kReserved[] = {"Accept",
                                                   "Accept-Encoding",
                                                   "Authorization",
                                                   "Connection",
                                                   "Content-Encoding",
                                                   "Content-Length",
                                                   "Content-Type",
                                                   "Cookie",
                                                   "Date",
                                                   "Expect",
                                                   "Forwarded",
                                                   "Host",
                                                   "Keep-Alive",
                                                   "Origin",
                                                   "Proxy-Authorization",
                                                   "Proxy-Connection",
                                                   "Range",
                                                   "Referer",
                                                   "TE",
                                                   "Trailer",
                                                   "Transfer-Encoding",
                                                   "Upgrade",
                                                   "User-Agent",
                                                   "Via",
                                                   "X-Forwarded-For",
                                                   "X-Forwarded-Host",
                                                   "X-Forwarded-Proto"};
  return std::any_of(std::begin(kReserved), std::end(kReserved),
                     [name](std::string_view one) { return equal_ignoring_case(name, one); });
}

class Findings {
 public:
  explicit Findings(const Config& config) : config_(config) {}

  void add(std::string_view path, std::string message) {
    const std::string_view table = path.substr(0, path.find('.'));
    const std::string_view key = path.substr(path.rfind('.') + 1);  // a number is one of several tables
    const bool at_its_key = key.size() < path.size() && key.find_first_of("0123456789") == std::string_view::npos &&
                            config_.places.contains(path);
    errors_.push_back({config_.place_of(path), std::string(table), std::move(message), at_its_key});
  }
  void add(std::string_view path, const Status& status) {
    if (!status) add(path, status.error().message);
  }
  [[nodiscard]] std::vector<ConfigError> errors() && { return std::move(errors_); }

 private:
  const Config& config_;
  std::vector<ConfigError> errors_;
};

// proc and its like are no place for files, and nothing that the system says of an attempt would tell so.
Status holds_files(fs::path directory) {
  std::error_code failed;
  while (!fs::exists(directory, failed) && directory.has_relative_path()) directory = directory.parent_path();
  struct statfs about {};
  if (statfs(directory.c_str(), &about) != 0) return {};
  constexpr decltype(about.f_type) kOfKernel[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, CGROUP2_SUPER_MAGIC};
  if (std::find(std::begin(kOfKernel), std::end(kOfKernel), about.f_type) == std::end(kOfKernel)) return {};
  return Error{"data_dir cannot be below " + directory.string() +
               ", where the kernel shows its own state and no files can be kept: name a directory on a disk"};
}

void check_data_dir(const Config& config, Findings& findings) {
  if (config.data_dir.empty()) return findings.add("data_dir", "data_dir is empty");
  std::error_code failed;
  const fs::path directory = fs::path(config.data_dir + "/").parent_path();
  if (const Status holds = holds_files(directory); !holds) return findings.add("data_dir", holds);
  if (fs::exists(directory, failed)) {
    if (!fs::is_directory(directory, failed))
      findings.add("data_dir", "data_dir " + config.data_dir + " is not a directory");
    else if (const std::string shared = shared_with_others(directory.string()); !shared.empty())
      findings.add("data_dir", "data_dir " + shared);
  } else if (!fs::is_directory(directory.parent_path(), failed)) {
    findings.add("data_dir", "data_dir " + config.data_dir + " cannot be made: " + directory.parent_path().string() +
                                 " is no directory");
  }
}

// `table`: "ingest"; `why`: what needs the files.
void check_certificate(const std::string& table, const TlsFiles& files, const char* why, Seconds now,
                       Findings& findings) {
  const auto missing = [&](const char* key) { return std::string(why) + " needs " + table + "." + key; };
  if (files.certificate.empty()) findings.add(table + ".certificate", missing("certificate"));
  if (files.key.empty()) findings.add(table + ".key", missing("key"));
  if (files.certificate.empty() || files.key.empty()) return;
  const Status certificate = check_file("certificate file", files.certificate, false);
  const Status key = check_file("key file", files.key, true);
  findings.add(table + ".certificate", certificate);
  findings.add(table + ".key", key);
  if (!files.client_ca.empty())
    findings.add(table + ".client_ca", check_file("client authority file", files.client_ca, false));
  if (!certificate || !key) return;
  const auto context = load_tls_context(files, now);
  if (!context) findings.add(table + ".certificate", context.error().message);
}

void check_ways_in(const Config& config, Findings& findings) {
  std::string off;
  for (const WayIn& way : ways_in(config)) {
    if (way.on) return;
    off += (off.empty() ? "" : ", ") + way.name;
  }
  findings.add("ingest", "nothing can come in: turn on one of " + off);
}

void check_ingest(const Config& config, Seconds now, Findings& findings) {
  const IngestConfig& ingest = config.ingest;
  if (ingest.https.on()) {
    check_certificate("ingest", {ingest.certificate, ingest.key, ingest.client_ca}, "ingest.https", now, findings);
  }
  if (!ingest.client_names.empty() && ingest.client_ca.empty()) {
    findings.add("ingest.client_names", "ingest.client_names needs ingest.client_ca: who signs those certificates");
  }
  if (ingest.trusted_proxies.empty()) {
    const std::string need = " needs ingest.trusted_proxies: who may say whose connection it is";
    if (!ingest.proxy_protocol.empty()) findings.add("ingest.proxy_protocol", "ingest.proxy_protocol" + need);
    if (!config.syslog.proxy_protocol.empty()) findings.add("syslog.proxy_protocol", "syslog.proxy_protocol" + need);
  }
  if (ingest.limits.inflated_bytes_max < ingest.body_bytes_max) {
    findings.add("ingest.inflated_bytes_max", "ingest.inflated_bytes_max is less than ingest.body_bytes_max");
  }
  if (ingest.budget.bytes_in_flight_max < ingest.body_bytes_max) {
    findings.add("ingest.bytes_in_flight_max", "ingest.bytes_in_flight_max is less than ingest.body_bytes_max");
  }
  for (const std::string& topic : ingest.sns_topics) {
    if (topic.starts_with("arn:aws") && topic.find(":sns:") != std::string::npos) continue;
    findings.add("ingest.sns_topics", in_quotes(topic) + " in ingest.sns_topics is no ARN of a topic");
  }
  // Requests with a header name that holds _ are refused, because proxies read them in different ways.
  if (!all_of_or_in(ingest.auth.api_key_header, "-")) {
    findings.add("ingest.api_key_header", "ingest.api_key_header must be the name of a header: letters, digits and -");
  } else if (is_reserved_header(ingest.auth.api_key_header)) {
    findings.add("ingest.api_key_header", "ingest.api_key_header cannot be " + ingest.auth.api_key_header +
                                              ", which has a meaning of its own: take a name such as X-Api-Key");
  }
}

// Where the page shows an alert, so that the id behind it leads there: elsewhere the link would be no page at all.
constexpr std::string_view kPageOfAlerts = "/#/alerts/";

// It is written into what receivers make links of.
bool is_page_url(const std::string& url) {
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"'<>|\\`").find(c) == std::string_view::npos;
  });
  return plain && url.size() <= kPageUrlBytesMax && (url.starts_with("https://") || url.starts_with("http://")) &&
         url.ends_with(kPageOfAlerts);
}

void check_admin(const Config& config, Seconds now, Findings& findings) {
  const AdminConfig& admin = config.admin;
  if (!admin.page_url.empty() && !is_page_url(admin.page_url)) {
    findings.add("admin.page_url",
                 "admin.page_url must begin with https:// or http://, end with /#/alerts/ and be up to 1,000 "
                 "characters of a URL");
  }
  for (const std::string& host : admin.allowed_hosts) {
    if (all_of_or_in(host, ".-") || parse_ip(host) || (host.starts_with('[') && host.ends_with(']'))) continue;
    findings.add("admin.allowed_hosts", in_quotes(host) + " in admin.allowed_hosts is no host name without port");
  }
  if (!admin.listen.on()) return;
  const bool has_certificate = !admin.certificate.empty() || !admin.key.empty();
  if (has_certificate || !admin.listen.loopback()) {
    check_certificate("admin", {admin.certificate, admin.key}, "admin.listen on other than loopback", now, findings);
  }
  if (!admin.listen.loopback() && admin.allowed_hosts.empty()) {
    findings.add("admin.allowed_hosts",
                 "admin.listen on other than loopback needs admin.allowed_hosts: the names that browsers use");
  }
}

void check_syslog(const Config& config, Seconds now, Findings& findings) {
  const SyslogConfig& syslog = config.syslog;
  if ((syslog.udp.on() || syslog.tcp.on() || syslog.relp.on()) && syslog.allow_cidrs.empty()) {
    findings.add("syslog.allow_cidrs",
                 "syslog.udp, syslog.tcp and syslog.relp need syslog.allow_cidrs: the networks that may send");
  }
  if (!syslog.client_names.empty() && syslog.client_ca.empty()) {
    findings.add("syslog.client_names", "syslog.client_names needs syslog.client_ca: who signs those certificates");
  }
  if (!syslog.tls.on() && !syslog.relp_tls.on()) return;
  const std::string path = syslog.tls.on() ? "syslog.tls" : "syslog.relp_tls";
  const TlsFiles files{syslog.certificate, syslog.key, syslog.client_ca};
  check_certificate("syslog", files, path.c_str(), now, findings);
  if (syslog.client_ca.empty() && syslog.allow_cidrs.empty()) {
    findings.add(path, path + " needs syslog.client_ca or syslog.allow_cidrs: who may send");
  }
}

void check_ports(const Config& config, Findings& findings) {
  const std::pair<const char*, const ListenAddress*> listeners[] = {
      {"ingest.https", &config.ingest.https}, {"ingest.http", &config.ingest.http},
      {"admin.listen", &config.admin.listen}, {"syslog.tcp", &config.syslog.tcp},
      {"syslog.relp", &config.syslog.relp},   {"syslog.relp_tls", &config.syslog.relp_tls},
      {"syslog.tls", &config.syslog.tls}};
  std::map<std::string, const char*> taken;
  for (const auto& [path, listen] : listeners) {
    if (!listen->on() || listen->port == 0) continue;
    const auto [first, is_new] = taken.emplace(listen->text(), path);
    if (!is_new) findings.add(path, std::string(path) + " is the same address and port as " + first->second);
  }
}

void check_tokens(const Config& config, Findings& findings) {
  std::map<std::string, std::size_t> names;
  std::map<std::string, std::size_t> secrets;
  bool ingest = !config.ingest.any_listener();  // the other ways in have their own rules about who may send
  for (std::size_t i = 0; i < config.tokens.size(); ++i) {
    const TokenConfig& token = config.tokens[i];
    const std::string path = "token." + std::to_string(i);
    const std::string named = "token " + escape_for_log(token.name, kNameBytesMax);
    ingest = ingest || token.scope == TokenScope::ingest;
    if (!all_of_or_in(token.name, "._-"))
      findings.add(path + ".name", "a token's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!names.emplace(token.name, i).second)
      findings.add(path + ".name", named + ": this name is used twice");
    if (!token.source.empty() && !all_of_or_in(token.source, "._-"))
      findings.add(path + ".source", "a token's source is 1 to 64 of A-Z a-z 0-9 . _ -");
    if (!token.secret.given()) continue;
    const std::string at = path + (config.places.contains(path + ".file") ? ".file" : ".secret");
    const auto loaded = load_token(token);
    if (!loaded) {
      findings.add(at, loaded.error().message);
      continue;
    }
    const std::string& secret = loaded.value().secret;
    if (secret.size() < kTokenBytesMin)
      findings.add(at, named + " is shorter than 16 bytes; `openssl rand -hex 32` makes a good one");
    const auto [first, is_new] = secrets.emplace(secret, i);
    if (!is_new) findings.add(at, named + " is the same secret as token " + config.tokens[first->second].name);
  }
  if (!ingest) findings.add("token", "nobody could send: there must be a [[token]] with scope = \"ingest\"");
}

void check_webhooks(const Config& config, Findings& findings) {
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < config.webhooks.size(); ++i) {
    const WebhookConfig& webhook = config.webhooks[i];
    const std::string path = "webhook." + std::to_string(i);
    if (!names.emplace(webhook.route.name, i).second) {
      findings.add(path + ".name",
                   "webhook " + escape_for_log(webhook.route.name, kNameBytesMax) + ": this name is used twice");
    }
    std::vector<std::string> unread;
    const WebhookEndpoint endpoint = load_webhook(webhook, unread);
    for (const std::string& sentence : unread) findings.add(path, sentence);
    for (const std::string& sentence : webhook_endpoint_errors({endpoint})) {
      const bool of_url = sentence.find(" url ") != std::string::npos;
      // Of what could not be read nothing more is known.
      if (of_url && endpoint.url.empty() && webhook.url.source.given()) continue;
      if (!unread.empty() && sentence.find(" secret") != std::string::npos) continue;
      findings.add(of_url ? path + ".url" : path, sentence);
    }
  }
}

void check_networks(const Config& config, Findings& findings) {
  const NetworksConfig& networks = config.networks;
  if (const Status url = check_fetch_url(networks.aws_ranges_url); !url)
    findings.add("networks.aws_ranges_url", "networks.aws_ranges_url is refused: " + url.error().message);
  const bool is_file = networks.aws_ranges != "auto" && networks.aws_ranges != "builtin";
  if (is_file) findings.add("networks.aws_ranges", check_file("address file", networks.aws_ranges, false));
  for (const auto& file : networks.asn) findings.add("networks.asn", check_file("address file", file, false));
  for (const auto& file : networks.trusted.files)
    findings.add("networks.trusted", check_file("address file", file, false));
  for (const auto& file : networks.untrusted.files)
    findings.add("networks.untrusted", check_file("address file", file, false));
}

constexpr std::string_view kPlatformForm =
    "; it is macos, windows, wsl, kali, CloudShell or the environment that a user agent names (AWS_Lambda_..., "
    "AWS_ECS_...)";

void check_known(const Config& config, Findings& findings) {
  const std::vector<KnownThing>& known = config.detection.known;
  if (known.size() > kKnownThingsMax) findings.add("known", "there are more than 1,000 entries of [[known]]");
  const std::vector<std::string_view> tools = tool_names();
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const KnownThing& one = known[i];
    const std::string path = "known." + std::to_string(i);
    const std::string named = "known " + escape_for_log(one.name, kNameBytesMax);
    if (!all_of_or_in(one.name, "._-"))
      findings.add(path + ".name", "a name in [[known]] is 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!names.insert(one.name).second)
      findings.add(path + ".name", named + ": this name is used twice");
    if (const std::string objection = objection_to_known(one); !objection.empty())
      findings.add(one.network.empty() ? path : path + ".network", named + ": " + objection);
    if (!one.tool.empty() && std::ranges::find(tools, one.tool) == tools.end())
      findings.add(path + ".tool",
                   named + ": no tool is called " + in_quotes(one.tool) + did_you_mean(one.tool, tools));
    if (!one.platform.empty() && !platform_in_store(one.platform))
      findings.add(path + ".platform", named + ": no alert is of the platform " + in_quotes(one.platform) +
                                           did_you_mean(one.platform, platform_words()) + std::string(kPlatformForm));
    if (boost::istarts_with(one.identity, "arn:"))
      findings.add(path + ".identity", named + ": identity is no ARN: write it as alerts do, account/role, such as " +
                                           in_quotes("111122223333/deploy*"));
  }
}

void check_storage(const Config& config, Findings& findings) {
  const DataDirectorySettings& storage = config.storage;
  if (storage.bytes_max != UINT64_MAX && storage.bytes_max > storage.map_bytes) {
    findings.add("storage.bytes_max", "storage.bytes_max is more than storage.map_bytes");
  }
}

// All of IPv4 or all of IPv6.
bool is_everything(const Prefix& prefix) {
  return prefix.length == 0 || (prefix.first.is_v4() && prefix.length == 96);
}

}  // namespace

std::vector<ConfigError> validate(const Config& config, Seconds now) {
  Findings findings(config);
  check_data_dir(config, findings);
  check_ways_in(config, findings);
  check_ingest(config, now, findings);
  check_admin(config, now, findings);
  check_syslog(config, now, findings);
  for (const SettingError& error : s3_source_errors(config)) findings.add(error.path, error.message);
  for (const SettingError& error : standby_errors(config)) findings.add(error.path, error.message);
  for (const SettingError& error : kafka_source_errors(config)) findings.add(error.path, error.message);
  check_ports(config, findings);
  check_tokens(config, findings);
  check_webhooks(config, findings);
  check_networks(config, findings);
  check_known(config, findings);
  check_storage(config, findings);
  return std::move(findings).errors();
}

std::vector<ConfigError> known_errors(const Config& config) {
  Findings findings(config);
  check_known(config, findings);
  return std::move(findings).errors();
}

std::vector<std::string> known_warnings(const std::vector<KnownThing>& known, Seconds now) {
  std::vector<std::string> warnings;
  const Day today = day_of(now);
  for (const KnownThing& one : known) {
    const bool ended = has_ended(one, today);
    if (!ended && !ends_within(one, today, kKnownWarningDays)) continue;
    warnings.push_back("known " + one.name + " (" + known_text(one) + ") " + (ended ? "ended" : "ends") + " with " +
                       format_day(one.until) +
                       (ended ? ": what it covered raises alerts; take it out, or give it a later until"
                              : ": from then on what it covers raises alerts"));
  }
  return warnings;
}

std::vector<std::string> config_warnings(const Config& config, Seconds now) {
  std::vector<std::string> warnings = known_warnings(config.detection.known, now);
  std::error_code failed;
  const std::string ranges = automatic_aws_ranges_file(config);
  if (config.networks.aws_ranges == "auto" && !fs::exists(ranges, failed)) {
    warnings.push_back(
        "AWS's address ranges are those that were compiled in, which weakens verdicts as they grow old: name the file "
        "in networks.aws_ranges, or put it at " +
        ranges + " (mkdir -m 700 " + config.data_dir + ")");
  }
  if (config.networks.asn.empty()) {
    warnings.push_back("networks.asn names no file: networks are told apart by prefix, not by AS number");
  }
  for (const Prefix& prefix : config.networks.trusted.prefixes) {
    if (is_everything(prefix))
      warnings.push_back("networks.trusted holds " + prefix.text() +
                         ": every such address counts as yours, so nothing from there raises an alert");
  }
  if (config.ingest.http.on() && !config.ingest.http.loopback()) {
    warnings.push_back("ingest.http is open beyond loopback: tokens and records travel in the clear");
  }
  const auto is_admin = [](const TokenConfig& token) { return token.scope == TokenScope::admin; };
  if (config.admin.listen.on() && std::none_of(config.tokens.begin(), config.tokens.end(), is_admin)) {
    warnings.push_back("no [[token]] has scope = \"admin\": nobody can log in at the page and change anything there");
  }
  if (config.webhooks.empty()) warnings.push_back("there is no [[webhook]]: alerts are stored, and told to nobody");
  return warnings;
}

}  // namespace straykey
