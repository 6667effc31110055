// The second step of a configuration, secrets, the effective configuration, and the example that is shipped.
#include "tools/config/config_validate.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/tools/installation.h"
#include "tools/config/config_settings.h"
#include "tools/config/config_show.h"

namespace straykey {
namespace {

TEST_CASE("a good configuration has no errors") {
  const Installation here;
  CHECK_EQ(here.errors(Installation::good()), "");
}

TEST_CASE("an empty configuration lacks a certificate, a key and an ingest token") {
  const Installation here;
  const std::string errors = here.errors("data_dir = \"data\"");
  CHECK_EQ(errors,
           "1:1: ingest.https needs ingest.certificate\n"
           "1:1: ingest.https needs ingest.key\n"
           "1:1: nobody could send: there must be a [[token]] with scope = \"ingest\"\n");
}

TEST_CASE("syslog: plain needs networks, TLS a certificate and networks or client certificates, with RELP or without") {
  const Installation here;
  const std::string syslog = Installation::good() + "[log]\n[syslog]\n";
  CHECK_HOLDS(here.errors(syslog + "relp = \"127.0.0.1:2514\"\n"), "need syslog.allow_cidrs");
  CHECK_EQ(here.errors(syslog + "relp = \"127.0.0.1:2514\"\nallow_cidrs = [\"192.0.2.0/24\"]\n"), "");
  CHECK_HOLDS(here.errors(syslog + "relp_tls = \"127.0.0.1:2515\"\n"), "syslog.relp_tls needs syslog.certificate");
  CHECK_HOLDS(here.errors(syslog + "tcp = \"127.0.0.1:5514\"\n"), "need syslog.allow_cidrs");
  CHECK_EQ(
      here.errors(syslog + "tcp = \"127.0.0.1:5514\"\nudp = \"127.0.0.1:5514\"\nallow_cidrs = [\"192.0.2.0/24\"]\n"),
      "");
  CHECK_HOLDS(here.errors(syslog + "tls = \"127.0.0.1:6514\"\n"), "syslog.tls needs syslog.certificate");
  CHECK_HOLDS(here.errors(syslog + "tls = \"127.0.0.1:6514\"\n"),
              "syslog.tls needs syslog.client_ca or syslog.allow_cidrs");
  CHECK_HOLDS(here.errors(syslog + "client_names = [\"a.example.com\"]\n"),
              "syslog.client_names needs syslog.client_ca");
  CHECK_HOLDS(here.errors(syslog + "tcp = \"127.0.0.1:5514\"\ntls = \"127.0.0.1:5514\"\n"),
              "syslog.tls is the same address and port as syslog.tcp");
}

TEST_CASE("client certificates over HTTPS: names need an authority, and its file must be there") {
  const Installation here;
  const auto with = [](const std::string& more) {
    return Installation::top() + Installation::ingest() + more + Installation::token() + Installation::webhook();
  };
  CHECK_EQ(here.errors(with("client_ca = \"cert.pem\"\nclient_names = [\"localhost\"]\n")), "");
  CHECK_HOLDS(here.errors(with("client_names = [\"localhost\"]\n")), "ingest.client_names needs ingest.client_ca");
  CHECK_HOLDS(here.errors(with("client_ca = \"none.pem\"\n")), "none.pem does not exist");
  CHECK_HOLDS(here.errors(with("client_ca = \"token\"\n")), "holds no PEM certificate");
  const auto listeners = ingest_listeners(
      here.config(with("client_ca = \"cert.pem\"\nclient_certificate = \"optional\"\nclient_names = [\"a\"]\n")));
  REQUIRE(listeners.size() == 1);
  CHECK_EQ(listeners[0].tls->client_ca, here.path("cert.pem"));
  CHECK_FALSE(listeners[0].tls->client_required);
  CHECK(listeners[0].client_names == std::vector<std::string>{"a"});
}

TEST_CASE("what begins with a PROXY header needs proxies that are trusted, and each listener has its own word") {
  const Installation here;
  const auto with = [](const std::string& ingest, const std::string& syslog = "") {
    return Installation::top() + Installation::ingest() + ingest + Installation::token() + Installation::webhook() +
           "[syslog]\n" + syslog;
  };
  CHECK_HOLDS(here.errors(with("proxy_protocol = [\"https\"]\n")),
              "ingest.proxy_protocol needs ingest.trusted_proxies");
  CHECK_HOLDS(here.errors(with("", "proxy_protocol = [\"tcp\"]\n")),
              "syslog.proxy_protocol needs ingest.trusted_proxies");
  const std::string trusted = "trusted_proxies = [\"192.0.2.0/24\"]\n";
  const std::string text =
      with("http = \"127.0.0.1:8080\"\nproxy_protocol = [\"http\"]\n" + trusted,
           "tcp = \"127.0.0.1:5514\"\nrelp = \"127.0.0.1:2514\"\nallow_cidrs = [\"198.51.100.0/24\"]\n"
           "proxy_protocol = [\"relp\"]\n");
  CHECK_EQ(here.errors(text), "");
  const Config config = here.config(text);
  const auto http = ingest_listeners(config);
  REQUIRE(http.size() == 2);
  CHECK_FALSE(http[0].proxies.protocol);
  CHECK(http[1].proxies.protocol);
  CHECK(http[0].proxies.trusts(*parse_ip("192.0.2.7")));
  CHECK(http[0].timeouts.hold == std::chrono::milliseconds(4'000));
  const auto syslog = syslog_stream_listeners(config);
  REQUIRE(syslog.size() == 2);
  CHECK_FALSE(syslog[0].proxies.protocol);
  CHECK(syslog[1].proxies.protocol);
}

TEST_CASE("topics of SNS are ARNs") {
  const Installation here;
  const auto with = [](const std::string& topic) {
    return Installation::top() + Installation::ingest() + "sns_topics = [\"" + topic + "\"]\n" + Installation::token() +
           Installation::webhook();
  };
  CHECK_EQ(here.errors(with("arn:aws:sns:eu-central-1:111122223333:trail")), "");
  CHECK_EQ(here.errors(with("arn:aws-cn:sns:cn-north-1:111122223333:trail")), "");
  CHECK_HOLDS(here.errors(with("trail")), "is no ARN of a topic");
}

TEST_CASE("syslog alone needs no HTTP listener, no certificate and no token") {
  const Installation here;
  const std::string off = Installation::top() + "[ingest]\nhttps = \"\"\n";
  for (const char* listener : {"udp", "tcp", "relp"}) {
    CAPTURE(listener);
    const std::string on = std::string(listener) + " = \"127.0.0.1:5514\"\nallow_cidrs = [\"127.0.0.1/32\"]\n";
    CHECK_EQ(here.errors(off + "[syslog]\n" + on), "");
    CHECK_HOLDS(here.errors(off + "http = \"127.0.0.1:8080\"\n[syslog]\n" + on), "nobody could send");
  }
  CHECK_EQ(here.errors(off + "[syslog]\ntls = \"127.0.0.1:6514\"\nallow_cidrs = [\"127.0.0.1/32\"]\n"
                             "certificate = \"cert.pem\"\nkey = \"key.pem\"\n"),
           "");
}

TEST_CASE("listeners: one must be on, none may share a port") {
  const Installation here;
  CHECK_HOLDS(here.errors(Installation::good() + "[syslog]\nudp = \"127.0.0.1:5514\"\n"), "need syslog.allow_cidrs");
  CHECK_HOLDS(here.errors("[ingest]\nhttps = \"\"\n" + Installation::token()),
              "1:1: nothing can come in: turn on one of ingest.https, ingest.http, syslog.udp, syslog.tcp, syslog.tls");
  CHECK_HOLDS(
      here.errors(Installation::top() + "[ingest]\nhttps = \"\"\nhttp = \"127.0.0.1:9443\"\n" + Installation::token()),
      "admin.listen is the same address and port as ingest.http");
}

TEST_CASE("the admin listener is plain on loopback only, and elsewhere needs a certificate and its names") {
  const Installation here;
  const std::string admin = "[admin]\nlisten = \"0.0.0.0:9443\"\n";
  const std::string errors = here.errors(Installation::good() + admin);
  CHECK_HOLDS(errors, "needs admin.certificate");
  CHECK_HOLDS(errors, "needs admin.key");
  CHECK_HOLDS(errors, "needs admin.allowed_hosts");
  CHECK_EQ(here.errors(Installation::good() + admin +
                       "certificate = \"cert.pem\"\nkey = \"key.pem\"\nallowed_hosts = [\"straykey.example.com\"]\n"),
           "");
  CHECK_HOLDS(here.errors(Installation::good() + "[admin]\nallowed_hosts = [\"a:80\"]\n"),
              "is no host name without port");
}

TEST_CASE("files that are missing, readable by everyone, or no certificate are named at their place") {
  const Installation here;
  const std::string rest = Installation::token() + Installation::webhook();
  CHECK_HOLDS(here.errors("[ingest]\ncertificate = \"no.pem\"\nkey = \"none.pem\"\n" + rest), "2:15: certificate file");
  CHECK_HOLDS(here.errors("[ingest]\ncertificate = \"no.pem\"\nkey = \"none.pem\"\n" + rest), "3:7: key file");
  here.file("key.pem", "no key", 0644);
  CHECK_HOLDS(here.errors(Installation::good()), "can be read or written by everyone");
  here.file("key.pem", "no key", 0600);
  CHECK_HOLDS(here.errors(Installation::good()), "3:15: ");
  const std::string networks =
      "[networks]\naws_ranges = \"r.json\"\nasn = [\"a.csv\"]\ntrusted = [\"./t\"]\nuntrusted = [\"./u\"]\n";
  const std::string errors = here.errors(Installation::top() + networks + Installation::ingest() + rest);
  for (const char* place : {"3:14: address file", "4:7: address file", "5:11: address file", "6:13: address file"}) {
    CHECK_HOLDS(errors, place);
  }
}

TEST_CASE("tokens: long enough, each name and secret once, readable by few") {
  const Installation here;
  const std::string other = "[[token]]\nname = \"b\"\nfile = \"other\"\n";
  const auto errors = [&] { return here.errors(Installation::good() + other); };
  CHECK_HOLDS(errors(), "14:8: token b: the secret file that is named here does not exist");
  here.file("other", "CANARY-15-bytes");
  CHECK_HOLDS(errors(), "token b is shorter than 16 bytes");
  here.file("other", "CANARY-16-bytes.");
  CHECK_EQ(errors(), "");
  here.file("other", kCanary);
  CHECK_HOLDS(errors(), "token b is the same secret as token a");
  here.file("other", "CANARY two words in here");
  CHECK_HOLDS(errors(), "more than one word");
  here.file("other", " \n");
  CHECK_HOLDS(errors(), "is empty");
  here.file("other", std::string(kSecretBytesMax + 1, 'x'));
  CHECK_HOLDS(errors(), "more than 4,096 bytes");
  here.file("other", "CANARY-16-bytes.", 0604);
  CHECK_HOLDS(errors(), "can be read or written by everyone");
  CHECK_HOLDS(here.errors(Installation::good() + Installation::token()), "token a: this name is used twice");
  CHECK_HOLDS(here.errors(Installation::good() + "[[token]]\nname = \"a b\"\nfile = \"token\"\n"), "a token's name is");
  CHECK_HOLDS(here.errors(Installation::top() + Installation::ingest() + Installation::token() + "scope = \"admin\"\n"),
              "nobody could send");
}

TEST_CASE("a secret comes from a file, the environment or a systemd credential") {
  const Installation here;
  const auto secret_of = [](SecretSource::Kind kind, const std::string& name) {
    const auto secret = read_secret({kind, name});
    return secret ? secret.value() : "error: " + secret.error().message;
  };
  CHECK_EQ(secret_of(SecretSource::Kind::file, here.path("token")), kCanary);
  ::setenv("STRAYKEY_TEST_SECRET", "from-environment", 1);
  CHECK_EQ(secret_of(SecretSource::Kind::environment, "STRAYKEY_TEST_SECRET"), "from-environment");
  ::unsetenv("STRAYKEY_TEST_SECRET");
  CHECK_EQ(secret_of(SecretSource::Kind::environment, "STRAYKEY_TEST_SECRET"),
           "error: the environment variable that is named here is not set");
  CHECK(holds(secret_of(SecretSource::Kind::environment, "CANARY=x"), "error: an environment variable's name"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(holds(secret_of(SecretSource::Kind::credential, "token"), "CREDENTIALS_DIRECTORY is not set"));
  ::setenv("CREDENTIALS_DIRECTORY", here.path("").c_str(), 1);
  CHECK_EQ(secret_of(SecretSource::Kind::credential, "token"), kCanary);
  CHECK(holds(secret_of(SecretSource::Kind::credential, "../token"), "error: a credential's name"));
  CHECK(holds(secret_of(SecretSource::Kind::credential, ".."), "error: a credential's name"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("limits that contradict each other are refused") {
  const Installation here;
  const std::string rest = Installation::token() + Installation::webhook();
  const std::string start = Installation::top() + Installation::ingest();
  CHECK_HOLDS(here.errors(start + "body_bytes_max = \"200 MiB\"\n" + rest), "inflated_bytes_max is less than");
  CHECK_HOLDS(here.errors(start + "bytes_in_flight_max = \"16 MiB\"\n" + rest),
              "5:23: ingest.bytes_in_flight_max is less than");
  for (const char* name : {"X: y", "", "X_Api_Key"})
    CHECK_HOLDS(here.errors(start + "api_key_header = \"" + name + "\"\n" + rest), "must be the name of a header");
  for (const char* name : {"Authorization", "content-length", "Host", "Transfer-Encoding", "X-Forwarded-For"})
    CHECK_HOLDS(here.errors(start + "api_key_header = \"" + name + "\"\n" + rest), "has a meaning of its own");
  CHECK_EQ(here.errors(start + "api_key_header = \"X-Our-Key\"\n" + rest), "");
  CHECK_HOLDS(here.errors(Installation::good() + "[storage]\nmap_bytes = \"1 GiB\"\nbytes_max = \"2 GiB\"\n"),
              "storage.bytes_max is more than");
  CHECK_HOLDS(here.errors("data_dir = \"a/b/c\"\n" + Installation::ingest() + rest), "1:12: data_dir ");
}

TEST_CASE("the address of AWS's ranges must be one that can be fetched over TLS") {
  const Installation here;
  const std::string key = Installation::good() + "[networks]\naws_ranges_url = ";
  for (const char* url : {"http://ip-ranges.example.com/", "ftp://a.example.com/", "garbage", "", "https://",
                          "https://user:word@a.example.com/", "file:///etc/ip-ranges.json"}) {
    CHECK_HOLDS(here.errors(key + '"' + url + "\"\n"), "networks.aws_ranges_url is refused: ");
  }
  CHECK_EQ(here.errors(key + "\"https://mirror.example.com/ip-ranges.json\"\n"), "");
}

TEST_CASE("a data directory that a server would refuse, because others may look at its files, is an error here") {
  const Installation here;
  const std::string store = here.path("store");
  const std::string text = "data_dir = \"" + store + "\"\n" + Installation::ingest() + Installation::token();
  std::filesystem::create_directory(store);
  std::filesystem::permissions(store, static_cast<std::filesystem::perms>(0755));
  CHECK_EQ(here.errors(text), "");  // a server closes it to others
  here.file("store/ip-ranges.json", "{}");
  CHECK_HOLDS(here.errors(text),
              "1:12: data_dir " + store + " is open to other users (mode 755) and holds other files");
  std::filesystem::permissions(store, static_cast<std::filesystem::perms>(0700));
  CHECK_EQ(here.errors(text), "");
}

TEST_CASE("where AWS's ranges go is said with how to make the directory, and the setting that needs none") {
  const Installation here;
  const auto warnings = config_warnings(here.config(Installation::good() + "[networks]\naws_ranges = \"auto\"\n"), 0);
  REQUIRE_FALSE(warnings.empty());
  CHECK_HOLDS(warnings[0], "networks.aws_ranges");
  CHECK_HOLDS(warnings[0], "mkdir -m 700 ");
}

TEST_CASE("trusting every address is said") {
  const Installation here;
  const auto warnings = [&](const std::string& prefix) {
    std::string all;
    for (const std::string& one :
         config_warnings(here.config(Installation::good() + "[networks]\ntrusted = [\"" + prefix + "\"]\n"), 0))
      all += one + "\n";
    return all;
  };
  CHECK_HOLDS(warnings("0.0.0.0/0"), "networks.trusted holds 0.0.0.0/0: every such address counts as yours");
  CHECK_HOLDS(warnings("::/0"), "networks.trusted holds ::/0");
  CHECK_FALSE(holds(warnings("192.0.2.0/24"), "trusted"));
}

std::string known_entry(const std::string& name, const std::string& thing, const std::string& rest = "") {
  return "[[known]]\nname = \"" + name + "\"\nidentity = \"*\"\nreason = \"ours\"\n" + thing + "\n" + rest;
}

TEST_CASE("an entry of [[known]] has a name of its own, one thing, and a reason") {
  const Installation here;
  const auto errors = [&](const std::string& text) { return here.errors(Installation::good() + text); };
  CHECK_EQ(errors(known_entry("a", "network = \"AS64511\"") + known_entry("b", "tool = \"rclone\"") +
                  known_entry("c", "platform = \"macos\"", "until = 2026-12-31\n") +
                  known_entry("d", "tool = \"aws-cli\"", "until = \"2026-12-31\"\n")),
           "");
  CHECK_HOLDS(errors(known_entry("a", "")), "known a: it needs a network, a tool or a platform");
  CHECK_HOLDS(errors(known_entry("a", "network = \"AS64511\"\ntool = \"rclone\"")), "more than one thing");
  CHECK_HOLDS(errors(known_entry("a", "network = \"198.51.100.7\"")), "told apart by their /24");
  CHECK_HOLDS(errors(known_entry("a", "tool = \"rclon\"")), "no tool is called \"rclon\" - did you mean \"rclone\"?");
  for (const char* word : {"macOS", "Windows", "cloudshell", "AWS CloudShell", "AWS_Lambda_python3.12", "WSL"})
    CHECK_EQ(errors(known_entry("a", "platform = \"" + std::string(word) + "\"")), "");
  CHECK_HOLDS(errors(known_entry("a", "platform = \"macsos\"")), "did you mean \"macos\"?");
  CHECK_HOLDS(errors(known_entry("a", "platform = \"amiga\"")), "no alert is of the platform \"amiga\"; it is macos");
  CHECK_HOLDS(errors("[[known]]\nname = \"a\"\nidentity = \"arn:aws:iam::111122223333:role/deploy\"\n"
                     "reason = \"ours\"\ntool = \"curl\"\n"),
              "identity is no ARN: write it as alerts do, account/role");
  CHECK_HOLDS(errors(known_entry("a", "tool = \"curl\"") + known_entry("a", "tool = \"wget\"")), "used twice");
  CHECK_HOLDS(errors(known_entry("a b", "tool = \"curl\"")), "a name in [[known]] is");
  CHECK_HOLDS(errors(known_entry("a", "tool = \"curl\"", "until = \"soon\"\n")), "a day such as 2026-11-30");
  CHECK_HOLDS(errors(known_entry("a", "tool = \"curl\"", "until = 2026\n")), "a day such as 2026-11-30");
  CHECK_HOLDS(errors("[[known]]\nname = \"a\"\ntool = \"curl\"\n"), "a [[known]] needs a identity");
  CHECK_HOLDS(errors(known_entry("a", "colour = \"red\"")), "unknown key \"colour\"");
}

TEST_CASE("an entry of [[known]] is warned of for the seven days before its end, and from then on") {
  const Installation here;
  const Config config =
      here.config(Installation::good() + known_entry("move", "network = \"AS64511\"", "until = 2026-12-31\n") +
                  known_entry("ours", "tool = \"curl\""));
  const auto warned = [&](const char* day) {
    std::string all;
    for (const std::string& one : known_warnings(config.detection.known, *parse_time(std::string(day) + "T12:00:00Z")))
      all += one + "\n";
    return all;
  };
  CHECK_EQ(warned("2026-12-24"), "");
  CHECK_EQ(warned("2026-12-25"),
           "known move (* in AS64511) ends with 2026-12-31: from then on what it covers raises alerts\n");
  CHECK_EQ(warned("2026-12-31"), warned("2026-12-25"));
  CHECK_EQ(warned("2027-01-01"),
           "known move (* in AS64511) ended with 2026-12-31: what it covered raises alerts; take it out, or give it a "
           "later until\n");
}

TEST_CASE("check-config prints the errors of both steps at once, and returns 78") {
  const Installation here;
  here.file("c.toml", "[log]\nlevle = \"info\"\n" + Installation::ingest() +
                          "[storage]\nmap_bytes = \"1 MiB\"\nbytes_max = \"2 MiB\"\n");
  std::ostringstream out;
  CHECK_EQ(check_config(here.path("c.toml"), out), 78);
  CHECK_HOLDS(out.str(), here.path("c.toml") + ":2:1: unknown key \"levle\" in [log] - did you mean \"level\"?\n");
  CHECK_HOLDS(out.str(), here.path("c.toml") + ":8:13: storage.bytes_max is more than storage.map_bytes\n");
  CHECK_HOLDS(out.str(), "nobody could send");
}

TEST_CASE("a setting that was read well is checked, whatever else is wrong in its table") {
  const Installation here;
  const std::string errors = here.errors(
      Installation::top() + "[ingest]\ncertificate = \"none.pem\"\nkey = \"key.pem\"\nhttps = 5\nhtps = 1\n" +
      "[[token]]\nname = \"a b\"\nfile = \"token\"\nscop = \"admin\"\n[[token]]\nname = \"c\"\nfile = 7\n");
  CHECK_HOLDS(errors, "5:9: ingest.https must be");
  CHECK_HOLDS(errors, "6:1: unknown key \"htps\"");
  CHECK_HOLDS(errors, "3:15: ");  // the certificate is not there
  CHECK_HOLDS(errors, "10:1: unknown key \"scop\"");
  CHECK_HOLDS(errors, "8:8: a token's name is");
  CHECK_HOLDS(errors, "13:8: token.file must be");
  CHECK_EQ(std::count(errors.begin(), errors.end(), '\n'), 6);
}

TEST_CASE("data_dir below /proc is named for what that is") {
  const Installation here;
  const std::string rest = Installation::ingest() + Installation::token();
  CHECK_HOLDS(here.errors("data_dir = \"/proc/straykey/a\"\n" + rest), "1:12: data_dir cannot be below /proc, where");
  CHECK_EQ(here.errors("data_dir = \"new\"\n" + rest), "");
}

TEST_CASE("a table that was not read well gets no second errors out of that") {
  const Installation here;
  const std::string errors = here.errors(Installation::top() + Installation::ingest() + "[[tokens]]\nname = \"a\"\n");
  CHECK_EQ(errors, "5:3: unknown table \"tokens\" - did you mean \"token\"?\n");
}

TEST_CASE("check-config reads the address files, and warns of what is allowed and weak") {
  const Installation here;
  here.file("c.toml", Installation::good());
  std::ostringstream out;
  CHECK_EQ(check_config(here.path("c.toml"), out), 0);
  CHECK_HOLDS(out.str(), "warning: AWS's address ranges are those that were compiled in");
  CHECK_HOLDS(out.str(), "warning: no [[token]] has scope = \"admin\"");
  here.file("asn.csv", "nonsense\nnonsense\n");
  here.file("c.toml", Installation::good() + "[networks]\nasn = \"asn.csv\"\n");
  CHECK_EQ(check_config(here.path("c.toml"), out), 78);
  CHECK_HOLDS(out.str(), "asn.csv");
}

TEST_CASE("the effective configuration is TOML that reads back the same, and holds no secret and no URL") {
  const Installation here;
  const Config config = here.config(Installation::good() + "[detection.severities]\n\"serverless_cli\" = \"high\"\n");
  const std::string shown = show_config(config);
  INFO(shown);
  CHECK_FALSE(holds(shown, "CANARY"));
  CHECK_FALSE(holds(shown, "whsec"));
  CHECK(holds(shown, "url = \"<redacted>\""));
  CHECK(holds(shown, "secret = { file = \"" + here.path("token") + "\" }"));
  ConfigResult again = parse_config(shown, here.path("c.toml"));
  for (const ConfigError& error : again.errors) FAIL_CHECK(error.text());
  CHECK_EQ(show_config(again.config), shown);
  CHECK(again.config.detection.severities.at("serverless_cli") == Severity::high);
}

TEST_CASE("networks are the lists of the configuration and its files together") {
  const Installation here;
  here.file("trusted.txt", "198.51.100.0/24\n");
  here.file("asn.csv", "203.0.113.0,203.0.113.255,64511,Example\n");
  const std::string lists = "[networks]\ntrusted = [\"192.0.2.0/24\", \"./trusted.txt\"]\nasn = \"asn.csv\"\n";
  auto inputs = load_networks(here.config(Installation::top() + lists));
  REQUIRE(inputs.ok());
  CHECK_EQ(inputs->trusted.size(), 2);
  CHECK_EQ(inputs->asns.size(), 1);
  CHECK(inputs->aws_ranges.empty());
  std::filesystem::create_directory(here.path("data"));
  here.file(
      "data/ip-ranges.json",
      R"({"createDate": "2026-08-22-21-17-05", "prefixes": [{"ip_prefix": "192.0.2.0/24"}], "ipv6_prefixes": []})");
  inputs = load_networks(here.config(Installation::top() + lists));
  REQUIRE(inputs.ok());
  CHECK_EQ(inputs->aws_ranges.size(), 1);
  CHECK(inputs->aws_ranges_created.has_value());
  here.file("data/ip-ranges.json", "{");
  CHECK_FALSE(load_networks(here.config(Installation::top() + lists)).ok());
  CHECK(load_networks(here.config(Installation::top() + lists + "aws_ranges = \"builtin\"\n")).ok());
}

TEST_CASE("the components get what was set") {
  const Installation here;
  const Config config = here.config(
      Installation::top() +
      "[ingest]\nhttps = \"192.0.2.1:1\"\nhttp = \"127.0.0.1:2\"\nconnections_max = 3\nbody_bytes_max = 4096\n"
      "inflated_bytes_max = 8192\nio_threads = 5\nqueued_bytes_max = \"6 MiB\"\n"
      "[admin]\nallowed_hosts = [\"a.example\"]\n[storage]\nshards = 7\nmap_bytes = \"8 MiB\"\n" +
      Installation::token());
  const auto listeners = ingest_listeners(config);
  REQUIRE_EQ(listeners.size(), 2);
  CHECK(listeners[0].tls.has_value());
  CHECK_EQ(listeners[0].address, "192.0.2.1");
  CHECK_FALSE(listeners[1].tls.has_value());
  CHECK_EQ(listeners[1].port, 2);
  CHECK(listeners[0].name != listeners[1].name);
  CHECK_EQ(listeners[1].connections.connections_max, 3);
  CHECK_EQ(admin_listener(config).allowed_hosts.back(), "a.example");
  CHECK_EQ(admin_listener(config).allowed_hosts.front(), "localhost");
  CHECK_FALSE(admin_listener(config).tls.has_value());
  CHECK_EQ(ingest_settings(config).body_bytes_max, 4096);
  CHECK_EQ(ingest_settings(config).limits.inflated_bytes_max, 8192);
  CHECK_EQ(io_settings(config).threads, 5);
  CHECK_EQ(pipeline_settings(config, HashKey{}).shards, 7);
  CHECK_EQ(pipeline_settings(config, HashKey{}).queued_bytes_max, 6u << 20);
  CHECK_EQ(data_directory_settings(config, HashKey{}).map_bytes, 8u << 20);
  CHECK_EQ(data_directory_settings(config, HashKey{}).path, here.path("data"));
  const auto tokens = load_tokens(config);
  REQUIRE(tokens.ok());
  CHECK_EQ(tokens.value().at(0).secret, kCanary);
}

// The text of the shipped example, with its files in `here`.
std::string example(const Installation& here) {
  std::ifstream stream(STRAYKEY_EXAMPLE_CONFIG);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  };
  replace("/etc/straykey/tls/certificate.pem", here.path("cert.pem"));
  replace("/etc/straykey/tls/key.pem", here.path("key.pem"));
  replace("\"/etc/straykey/tokens/forwarder\"", "\"" + here.path("token") + "\"");
  replace("\"/etc/straykey/tokens/operator\"", "\"" + here.path("operator") + "\"");
  replace("/etc/straykey/webhooks/soc", here.path("hook"));
  replace("/var/lib/straykey", here.path("data"));
  return text;
}

TEST_CASE("the example is accepted once its files exist, and all it sets by default is the default") {
  const Installation here;
  here.file("operator", "another-token-of-16-bytes");
  const std::string text = example(here);
  REQUIRE(text.size() > 1'000);
  CHECK_EQ(here.errors(text), "");
  const std::string plain = Installation::top() + Installation::ingest() + Installation::token() +
                            "[[token]]\nname = \"operator\"\nfile = \"operator\"\nscope = \"admin\"\n" +
                            Installation::webhook();
  std::string shown = show_config(here.config(text));
  std::string expected = show_config(here.config(plain));
  const std::size_t name = shown.find("\"forwarder\"");
  REQUIRE(name != std::string::npos);
  CHECK_EQ(shown.replace(name, 11, "\"a\""), expected);
}

}  // namespace
}  // namespace straykey
