// Reading a configuration: defaults, types, places, and the files beside the main one.
#include "tools/config/config.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

std::string errors_of(std::string_view text) {
  std::string errors;
  for (const ConfigError& error : parse_config(text, "/etc/c.toml").errors) errors += error.text() + "\n";
  return errors;
}

Config read_well(std::string_view text) {
  ConfigResult result = parse_config(text, "/etc/straykey/c.toml");
  for (const ConfigError& error : result.errors) FAIL_CHECK(error.text());
  return std::move(result.config);
}

TEST_CASE("an empty configuration has every default") {
  const Config config = read_well("");
  CHECK_EQ(config.data_dir, "/var/lib/straykey");
  CHECK_EQ(config.ingest.https.text(), "0.0.0.0:8443");
  CHECK_FALSE(config.ingest.http.on());
  CHECK_EQ(config.ingest.certificate, "");
  CHECK_EQ(config.ingest.key, "");
  CHECK_EQ(config.ingest.body_bytes_max, 32u << 20);
  CHECK_EQ(config.ingest.limits.inflated_bytes_max, 128u << 20);
  CHECK_EQ(config.ingest.limits.records_max, 1'000'000);
  CHECK_EQ(config.ingest.budget.bytes_in_flight_max, 256u << 20);
  CHECK_EQ(config.pipeline.queued_bytes_max, 256u << 20);
  CHECK_EQ(config.ingest.connections.connections_max, 4'096);
  CHECK_EQ(config.ingest.connections.per_address_max, 256);
  CHECK_EQ(config.ingest.auth.failures_per_second_max, 100);
  CHECK_EQ(config.ingest.io.threads, 2);
  CHECK_EQ(config.ingest.auth.api_key_header, "X-Api-Key");
  CHECK_EQ(config.admin.listen.text(), "127.0.0.1:9443");
  CHECK(config.admin.certificate.empty());
  CHECK(config.admin.allowed_hosts.empty());
  CHECK_FALSE(config.admin.open_metrics);
  CHECK_FALSE(config.syslog.udp.on());
  CHECK_FALSE(config.syslog.tcp.on());
  CHECK_FALSE(config.syslog.tls.on());
  CHECK_FALSE(config.syslog.relp.on());
  CHECK(config.tokens.empty());
  CHECK(config.webhooks.empty());
  CHECK_EQ(config.networks.aws_ranges, "auto");
  CHECK(config.networks.asn.empty());
  CHECK(config.networks.trusted == NetworkList{});
  CHECK(config.networks.untrusted == NetworkList{});
  CHECK(config.detection.accounts.empty());
  CHECK_EQ(config.detection.activation_days, 14);
  CHECK_EQ(config.detection.training_days, 30);
  CHECK_EQ(config.detection.dedup_days, 5);
  CHECK_EQ(config.detection.flood_max, 5'000);
  CHECK(config.detection.ec2);
  CHECK_FALSE(config.detection.kubernetes);
  CHECK(config.detection.severities.empty());
  CHECK_EQ(config.storage.shards, default_shards());
  CHECK(config.storage.shards <= 4);
  CHECK(config.pipeline.pin_workers);
  CHECK_EQ(config.storage.map_bytes, std::uint64_t{64} << 30);
  CHECK_EQ(config.storage.bytes_max, UINT64_MAX);
  CHECK_EQ(config.storage.disk_free_bytes_min, 64u << 20);
  CHECK(config.log.level == LogLevel::info);
  CHECK_FALSE(config.log.json);
}

constexpr std::string_view kEverythingSet = R"(
data_dir = "data"
[ingest]
http = "127.0.0.1:0"
body_bytes_max = "1 MiB"
records_max = 7
[admin]
open_metrics = true
allowed_hosts = ["straykey.example.com"]
[[token]]
name = "a"
file = "tokens/a"
[[token]]
name = "b"
secret = { env = "B" }
scope = "admin"
[[webhook]]
name = "soc"
url = "https://soc.example.com/x"
secrets = [{ credential = "one" }, { file = "/two" }]
severity_min = "high"
analytics = ["serverless_cli"]
accounts = ["111122223333"]
allow_cidrs = ["10.0.0.0/8"]
rate_per_s = 2.5
[networks]
aws_ranges = "ip-ranges.json"
asn = "asn.csv"
trusted = ["192.0.2.0/24", "./trusted.txt", "/etc/more.txt"]
accounts = ["012345678901"]
[detection]
activation_days = 0
families.ec2 = false
families.kubernetes = true
severities.serverless_cli.unusual = "high"
severities.remote_service_token = "medium"
[storage]
shards = 3
map_bytes = 1073741824
[log]
level = "error"
format = "json"
)";

TEST_CASE("what is set is taken, with its type") {
  const Config config = read_well(kEverythingSet);
  CHECK_EQ(config.data_dir, "/etc/straykey/data");
  CHECK_EQ(config.ingest.http, ListenAddress{"127.0.0.1", 0});
  CHECK_EQ(config.ingest.body_bytes_max, 1u << 20);
  CHECK_EQ(config.ingest.limits.records_max, 7);
  CHECK(config.admin.open_metrics);
  REQUIRE_EQ(config.tokens.size(), 2);
  CHECK(config.tokens[0].secret == SecretSource{SecretSource::Kind::file, "/etc/straykey/tokens/a"});
  CHECK(config.tokens[0].scope == TokenScope::ingest);
  CHECK(config.tokens[1].secret == SecretSource{SecretSource::Kind::environment, "B"});
  CHECK(config.tokens[1].scope == TokenScope::admin);
  REQUIRE_EQ(config.webhooks.size(), 1);
  const WebhookConfig& webhook = config.webhooks[0];
  CHECK_EQ(webhook.secrets.size(), 2);
  CHECK(webhook.secrets[0] == SecretSource{SecretSource::Kind::credential, "one"});
  CHECK(webhook.route.wants({{}, Severity::high, "serverless_cli", "111122223333", {}}));
  CHECK_FALSE(webhook.route.wants({{}, Severity::medium, "serverless_cli", "111122223333", {}}));
  CHECK_FALSE(webhook.route.wants({{}, Severity::high, "remote_service_token", "111122223333", {}}));
  CHECK_FALSE(webhook.route.wants({{}, Severity::high, "serverless_cli", "111122224444", {}}));
  CHECK_EQ(webhook.endpoint.allow_cidrs.size(), 1);
  CHECK_EQ(webhook.endpoint.rate_per_s, 2.5);
  CHECK_EQ(config.networks.aws_ranges, "/etc/straykey/ip-ranges.json");
  CHECK_EQ(config.networks.asn, std::vector<std::string>{"/etc/straykey/asn.csv"});
  CHECK_EQ(config.networks.trusted.prefixes.size(), 1);
  CHECK_EQ(config.networks.trusted.files, std::vector<std::string>{"/etc/straykey/trusted.txt", "/etc/more.txt"});
  CHECK(config.detection.accounts.contains("012345678901"));
  CHECK_EQ(config.detection.activation_days, 0);
  CHECK_FALSE(config.detection.ec2);
  CHECK(config.detection.kubernetes);
  CHECK(config.detection.severities.at("serverless_cli.unusual") == Severity::high);
  CHECK(config.detection.severities.at("remote_service_token") == Severity::medium);
  CHECK_EQ(config.storage.shards, 3);
  CHECK_EQ(config.storage.map_bytes, 1u << 30);
  CHECK(config.log.level == LogLevel::error);
  CHECK(config.log.json);
}

TEST_CASE("each mistake is named with its line, its column and what was probably meant") {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"data_dri = 'x'", "/etc/c.toml:1:1: unknown key \"data_dri\" - did you mean \"data_dir\"?\n"},
      {"[ingst]", "/etc/c.toml:1:2: unknown table \"ingst\" - did you mean \"ingest\"?\n"},
      {"[[tokens]]", "/etc/c.toml:1:3: unknown table \"tokens\" - did you mean \"token\"?\n"},
      {"\n[ingest]\n htps = ''", "/etc/c.toml:3:2: unknown key \"htps\" in [ingest] - did you mean \"https\"?\n"},
      {"[ingest]\nzebra = 1", "/etc/c.toml:2:1: unknown key \"zebra\" in [ingest]\n"},
      {"[detection.families]\nec3 = true",
       "/etc/c.toml:2:1: unknown key \"ec3\" in [detection.families] - did you mean \"ec2\"?\n"},
      {"[[ingest]]", "/etc/c.toml:1:1: ingest must be a table: write [ingest], once\n"},
      {"[token]", "/etc/c.toml:1:1: token comes once for each: write [[token]]\n"},
      {"data_dir = 5", "/etc/c.toml:1:12: data_dir must be a path in quotes, not an integer\n"},
      {"[ingest]\nrecords_max = \"5\"", "/etc/c.toml:2:15: ingest.records_max must be an integer, not a string\n"},
      {"[storage]\nshards = 65", "/etc/c.toml:2:10: storage.shards must be between 1 and 64\n"},
      {"[storage]\nshards = 0", "/etc/c.toml:2:10: storage.shards must be between 1 and 64\n"},
      {"[storage]\nmap_bytes = \"1 KiB\"", "/etc/c.toml:2:13: storage.map_bytes must be between 1 MiB and 1 TiB\n"},
      {"[storage]\npin_workers = 1", "/etc/c.toml:2:15: storage.pin_workers must be true or false, not an integer\n"},
      {"[detection]\ntraining_days = 31", "/etc/c.toml:2:17: detection.training_days must be between 1 and 30\n"},
      {"[log]\nlevel = \"warn\"",
       "/etc/c.toml:2:9: log.level must be one of \"debug\", \"info\", \"warning\", \"error\", not \"warn\"\n"},
      {"[log]\nformat = \"jsno\"",
       "/etc/c.toml:2:10: log.format must be one of \"logfmt\", \"json\", not \"jsno\" - did you mean \"json\"?\n"},
      {"[networks]\nhosting_asn = [\"64511\"]",
       "/etc/c.toml:2:16: \"64511\" in networks.hosting_asn is no AS number: write AS64511\n"},
      {"[networks]\naccounts = [123456789012]",
       "/etc/c.toml:2:13: an entry of networks.accounts must be a string in quotes, not an integer\n"},
      {"[detection]\nbrokers = [\"1234/vault\"]",
       "/etc/c.toml:2:12: \"1234/vault\" in detection.brokers is no role: write account/role, without the role's "
       "path\n"},
      {"[detection]\nbrokers = [\"111122223333/ops/vault\"]",
       "/etc/c.toml:2:12: \"111122223333/ops/vault\" in detection.brokers is no role: write account/role, without the "
       "role's path\n"},
      {"[networks]\naccounts = [\"1234\"]",
       "/etc/c.toml:2:13: \"1234\" in networks.accounts is no account id: it has 12 digits\n"},
      {"[detection.severities]\n\"serverless_cli.unusul\" = \"low\"",
       "/etc/c.toml:2:1: \"serverless_cli.unusul\" in detection.severities is no variation - did you mean "
       "\"serverless_cli.unusual\"?\n"},
      {"[[token]]\nfile = \"/x\"", "/etc/c.toml:1:1: a [[token]] needs a name\n"},
      {"[[token]]\nname = \"x\"", "/etc/c.toml:1:1: a [[token]] needs file or secret\n"},
  };
  for (const auto& [text, error] : kCases) {
    CAPTURE(text);
    CHECK_EQ(errors_of(text), error);
  }
}

TEST_CASE("all mistakes of a file come at once, in its order") {
  const std::string errors = errors_of("a = 1\n[log]\nlevel = 1\n[ingest]\nhttps = \"x\"\nhttp = 5\nb = 2\n");
  std::size_t at = 0;
  for (const char* place : {":1:1:", ":3:9:", ":5:9:", ":6:8:", ":7:1:"}) {
    const std::size_t found = errors.find(place);
    CAPTURE(errors);
    REQUIRE(found != std::string::npos);
    CHECK(found >= at);
    at = found;
  }
}

TEST_CASE("a file that is no TOML gives one error with its place, and no value of it") {
  CHECK_EQ(errors_of("[ingest\n"),
           "/etc/c.toml:1:8: no valid TOML: Error while parsing table header: expected ']', saw '\\\\n'\n");
  const std::string number = errors_of("secret = 99999999999999999999999999999999\n");
  CHECK(number.find("/etc/c.toml:1:") == 0);
  CHECK(number.find("9999") == std::string::npos);
}

TEST_CASE("no mistake around a secret or a URL shows what was written there") {
  for (const char* text : {
           "[[token]]\nname = \"x\"\nsecret = \"CANARY-5h1bd\"",
           "[[token]]\nname = \"x\"\nsecret = { flie = \"CANARY-5h1bd\" }",
           "[[token]]\nname = \"x\"\nsecret = { file = \"a\", env = \"CANARY-5h1bd\" }",
           "[[token]]\nname = \"x\"\nsecret = [\"CANARY-5h1bd\"]",
           "[[webhook]]\nname = \"x\"\nurl = [\"CANARY-5h1bd\"]",
           "[[webhook]]\nname = \"x\"\nurl = \"https://h/\"\nsecrets = [\"CANARY-5h1bd\"]",
           "[[webhook]]\nname = \"x\"\nurl = \"https://h/\"\nsecret = \"CANARY-5h1bd",
           "[[webhook]]\nname = \"x\"\nurl = \"https://h/\"\nsecret = CANARY-5h1bd",
       }) {
    CAPTURE(text);
    const std::string errors = errors_of(text);
    CHECK_FALSE(errors.empty());
    CHECK(errors.find("CANARY") == std::string::npos);
    CHECK(errors.find("5h1bd") == std::string::npos);
  }
}

TEST_CASE("files of conf.d replace single keys in name order, and add tokens") {
  const TemporaryDirectory directory;
  const std::string main = directory.path() + "/straykey.toml";
  std::filesystem::create_directory(directory.path() + "/conf.d");
  write_file(main, "[log]\nlevel = \"error\"\nformat = \"json\"\n[[token]]\nname = \"a\"\nfile = \"a\"\n", 0600);
  write_file(directory.path() + "/conf.d/20.toml", "[log]\nlevel = \"debug\"\n", 0600);
  write_file(directory.path() + "/conf.d/10.toml",
             "[log]\nlevel = \"info\"\n[storage]\nshards = 2\n[[token]]\nname = \"b\"\nfile = \"b\"\n", 0600);
  write_file(directory.path() + "/conf.d/30.txt", "nonsense", 0600);
  write_file(directory.path() + "/conf.d/.40.toml", "nonsense", 0600);
  const ConfigResult result = read_config(main);
  for (const ConfigError& error : result.errors) FAIL_CHECK(error.text());
  CHECK(result.config.log.level == LogLevel::debug);
  CHECK(result.config.log.json);
  CHECK_EQ(result.config.storage.shards, 2);
  REQUIRE_EQ(result.config.tokens.size(), 2);
  CHECK_EQ(result.config.tokens[1].name, "b");
  CHECK_EQ(result.config.tokens[1].secret.name, directory.path() + "/b");
  CHECK_EQ(result.config.place_of("log.level").file, directory.path() + "/conf.d/20.toml");
  CHECK_EQ(result.config.place_of("log.format").file, main);
  CHECK_EQ(result.config.place_of("token.1.name").line, 6);
  CHECK_EQ(result.config.place_of("ingest.https").line, 1);
}

TEST_CASE("errors of all files come together, each under its own name") {
  const TemporaryDirectory directory;
  const std::string main = directory.path() + "/straykey.toml";
  std::filesystem::create_directory(directory.path() + "/conf.d");
  write_file(main, "a = 1\n", 0600);
  write_file(directory.path() + "/conf.d/1.toml", "= 1\n", 0600);
  write_file(directory.path() + "/conf.d/2.toml", "\nb = 1\n", 0600);
  const ConfigResult result = read_config(main);
  REQUIRE_EQ(result.errors.size(), 3);
  CHECK(result.errors[0].text().starts_with(main + ":1:1: "));
  CHECK(result.errors[1].text().starts_with(directory.path() + "/conf.d/1.toml:1:"));
  CHECK(result.errors[2].text().starts_with(directory.path() + "/conf.d/2.toml:2:1: "));
}

TEST_CASE("a file that is absent, a directory, or too large is an error") {
  const TemporaryDirectory directory;
  CHECK_EQ(read_config(directory.path() + "/none.toml").errors.at(0).message, "this file does not exist");
  CHECK_EQ(read_config(directory.path()).errors.at(0).message, "this is not a regular file");
  write_file(directory.path() + "/large.toml", std::string(kConfigFileBytesMax + 1, '#'), 0600);
  CHECK_EQ(read_config(directory.path() + "/large.toml").errors.at(0).message, "this file is larger than 1 MiB");
  std::string full;
  while (full.size() < kConfigFileBytesMax) full += std::string(1023, '#') + '\n';
  write_file(directory.path() + "/full.toml", full, 0600);
  CHECK(read_config(directory.path() + "/full.toml").ok());
}

TEST_CASE("nothing is interpolated") {
  CHECK_EQ(read_well("data_dir = \"/a/${HOME}\"").data_dir, "/a/${HOME}");
}

}  // namespace
}  // namespace straykey
