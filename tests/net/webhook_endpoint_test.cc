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
  CHECK_EQ(error_after([](E& e) { e.secrets.push_back("canary"); }),
           "webhook soc: secret number 2 is refused: a webhook secret must begin with whsec_.");
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
