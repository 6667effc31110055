#include "net/deliver/webhook_endpoint.h"

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace straykey;

namespace {

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

WebhookEndpoint good() {
  WebhookEndpoint endpoint;
  endpoint.name = "soc";
  endpoint.url = "https://hooks.example.com/in/canary";
  endpoint.secrets = {kSecret};
  return endpoint;
}

// The only error of an endpoint that differs from a good one by `change`.
template <class Change>
std::string error_after(Change change) {
  WebhookEndpoint endpoint = good();
  change(endpoint);
  const std::vector<std::string> errors = webhook_endpoint_errors({endpoint});
  REQUIRE_EQ(errors.size(), 1);
  CHECK(errors[0].find("canary") == std::string::npos);
  CHECK(errors[0].find("MfKQ") == std::string::npos);
  return errors[0];
}

}  // namespace

TEST_CASE("a good endpoint has no error") {
  CHECK(webhook_endpoint_errors({good()}).empty());
}

TEST_CASE("each mistake is one sentence that names the endpoint, and shows neither URL nor secret") {
  using E = WebhookEndpoint;
  CHECK_EQ(error_after([](E& e) { e.url = "http://hooks.example.com/canary"; }),
           "webhook soc: its url is http, which needs allow_http = true.");
  CHECK_EQ(error_after([](E& e) { e.url = "canary"; }),
           "webhook soc: its url is refused: it is not a valid absolute URL.");
  CHECK_EQ(error_after([](E& e) { e.url = "https://10.0.0.1/canary"; }),
           "webhook soc: its url leads to a loopback or private address that is not in its allow_cidrs.");
  CHECK_EQ(
      error_after([](E& e) { e.url = "https://169.254.169.254/canary"; }),
      "webhook soc: its url leads to an address that is never allowed (link-local, metadata, multicast or reserved).");
  CHECK_EQ(error_after([](E& e) { e.allow_cidrs = {*parse_prefix("169.254.0.0/16")}; }),
           "webhook soc: its allow_cidrs entry 169.254.0.0/16 can never be allowed.");
  CHECK_EQ(error_after([](E& e) { e.secrets.clear(); }),
           "webhook soc: it has no secret to sign with, and sign is not false.");
  CHECK_EQ(error_after([](E& e) { e.sign = false; }), "webhook soc: it has a secret, but sign = false.");
  CHECK_EQ(
      error_after([](E& e) { e.secrets.push_back("canary"); }),
      "webhook soc: secret number 2 is refused: a webhook secret is whsec_ and the padded standard base64 of 24 to 64 "
      "random bytes, as this makes one: echo \"whsec_$(openssl rand -base64 32)\".");
  CHECK_EQ(error_after([](E& e) { e.secrets.assign(5, kSecret); }), "webhook soc: it has more than 4 secrets.");
  CHECK_EQ(error_after([](E& e) { e.rate_per_s = 0; }), "webhook soc: its rate_per_s must be between 0.001 and 1,000.");
  CHECK_EQ(error_after([](E& e) { e.rate_per_s = 1e-300; }),
           "webhook soc: its rate_per_s must be between 0.001 and 1,000.");
  CHECK_EQ(error_after([](E& e) { e.rate_per_s = std::nan(""); }),
           "webhook soc: its rate_per_s must be between 0.001 and 1,000.");
  CHECK_EQ(error_after([](E& e) { e.ca_file = "/nonexistent/ca.pem"; }),
           "webhook soc: its ca_file could not be read as PEM certificates.");
  CHECK_EQ(error_after([](E& e) { e.name = "a\nb"; }),
           "a webhook without a usable name: a name is 1 to 64 of A-Z a-z 0-9 . _ -.");
}

TEST_CASE("each format takes the secrets that its receivers know, and no others") {
  using E = WebhookEndpoint;
  const auto in = [](std::string_view name, std::vector<std::string> secrets) {
    return [name, secrets](E& e) {
      for (const BodyFormat& format : body_formats())
        if (format.name == name) e.format = &format;
      e.secrets = secrets;
      if (name == "syslog") e.url = "tls://siem.example.com:6514";
    };
  };
  for (const auto& [name, secrets] :
       std::vector<std::pair<const char*, std::vector<std::string>>>{{"slack", {}},
                                                                     {"teams", {}},
                                                                     {"alertmanager_api", {}},
                                                                     {"syslog", {}},
                                                                     {"pagerduty", {"0123abcdEF_-"}},
                                                                     {"splunk_hec", {"01234567-89ab-cdef"}},
                                                                     {"ocsf", {kSecret}},
                                                                     {"ecs", {kSecret}},
                                                                     {"alertmanager", {kSecret}}}) {
    CAPTURE(name);
    WebhookEndpoint endpoint = good();
    in(name, secrets)(endpoint);
    CHECK(webhook_endpoint_errors({endpoint}).empty());
    endpoint.sign = false;  // says nothing where no signature is known
    CHECK_EQ(webhook_endpoint_errors({endpoint}).empty(), secrets != std::vector<std::string>{kSecret});
  }
  CHECK_EQ(error_after(in("slack", {kSecret})), "webhook soc: it has a secret, and its format knows none.");
  CHECK_EQ(error_after(in("pagerduty", {})),
           "webhook soc: its format needs one secret, the routing key of the PagerDuty service.");
  CHECK_EQ(error_after(in("splunk_hec", {"a", "b"})),
           "webhook soc: its format needs one secret, the token of Splunk's HTTP Event Collector.");
  for (const char* const hostile : {"canary\r\nX: y", "canary\"", "", "canary\\"})
    CHECK_EQ(
        error_after(in("pagerduty", {hostile})),
        "webhook soc: its format needs one secret, the routing key of the PagerDuty service, of letters, digits, - "
        "and _.");
}

TEST_CASE("an authorization is one line of a header, and only where the format leaves room for one") {
  using E = WebhookEndpoint;
  WebhookEndpoint endpoint = good();
  endpoint.authorization = "canary";
  CHECK(webhook_endpoint_errors({endpoint}).empty());
  for (const std::string& hostile : {std::string("canary\r\nX: y"), std::string("canary b"), std::string(5'000, 'a')})
    CHECK_EQ(error_after([&](E& e) { e.authorization = hostile; }),
             "webhook soc: its authorization must be up to 4,096 visible ASCII characters.");
  for (const char* const scheme : {"", "a b", "a\r\n"})
    CHECK_EQ(error_after([&](E& e) {
               e.authorization = "canary";
               e.authorization_scheme = scheme;
             }),
             "webhook soc: its authorization_scheme must be a word such as Bearer, Basic or ApiKey.");
  CHECK_EQ(error_after([](E& e) {
             e.authorization = "canary";
             e.secrets = {"key"};
             for (const BodyFormat& format : body_formats())
               if (format.name == "splunk_hec") e.format = &format;
           }),
           "webhook soc: its format leaves no room for authorization.");
}

TEST_CASE("a syslog endpoint leads to a server, and in the clear only if that is allowed") {
  using E = WebhookEndpoint;
  const auto to = [](std::string url) {
    return [url](E& e) {
      e.format = &body_formats().back();
      e.secrets.clear();
      e.url = url;
    };
  };
  REQUIRE(body_formats().back().is_syslog);
  CHECK_EQ(error_after(to("https://siem.example.com/canary")),
           "webhook soc: its url is refused: it must be tls://host:port, tcp://host:port or udp://host:port.");
  CHECK_EQ(error_after(to("udp://siem.example.com:514")),
           "webhook soc: its url is not encrypted, which needs allow_http = true.");
  CHECK_EQ(error_after(to("tls://169.254.169.254:6514")),
           "webhook soc: its url leads to an address that is never allowed (link-local, metadata, multicast or "
           "reserved).");
}

TEST_CASE("all mistakes of all endpoints come at once") {
  WebhookEndpoint bad = good();
  bad.url = "http://hooks.example.com/";
  bad.rate_per_s = -1;
  const std::vector<std::string> errors = webhook_endpoint_errors({good(), bad});
  REQUIRE_EQ(errors.size(), 3);
  CHECK_EQ(errors[2], "webhook soc: its name is used twice.");
}

TEST_CASE("what a chat system needs passes: no secret with sign = false; loopback and http where they are opened") {
  WebhookEndpoint chat = good();
  chat.sign = false;
  chat.secrets.clear();
  WebhookEndpoint local = good();
  local.name = "local";
  local.url = "http://127.0.0.1:9000/";
  local.allow_http = true;
  local.allow_cidrs = {*parse_prefix("127.0.0.0/8")};
  CHECK(webhook_endpoint_errors({chat, local}).empty());
}
