#include "net/deliver/webhook_endpoint.h"

#include <algorithm>
#include <functional>
#include <set>

namespace straykey {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kSecretsMax = 4;

bool is_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), allowed);
}

using Report = std::function<void(const std::string&)>;

void check_url(const WebhookEndpoint& endpoint, OutgoingTarget& target, const Report& report) {
  auto url = parse_url(endpoint.url);
  if (!url) return report("its url is refused: " + url.error().message);
  target.url = std::move(url).value();
  if (!target.url.https && !endpoint.allow_http) report("its url is http, which needs allow_http = true");
  if (!target.url.literal || target.policy.permits(*target.url.literal)) return;
  report(classify_address(*target.url.literal) == AddressClass::never
             ? "its url leads to an address that is never allowed (link-local, metadata, multicast or reserved)"
             : "its url leads to a loopback or private address that is not in its allow_cidrs");
}

void check_secrets(const WebhookEndpoint& endpoint, CheckedEndpoint& checked, const Report& report) {
  if (endpoint.sign && endpoint.secrets.empty()) report("it has no secret to sign with, and sign is not false");
  if (!endpoint.sign && !endpoint.secrets.empty()) report("it has a secret, but sign = false");
  if (endpoint.secrets.size() > kSecretsMax) return report("it has more than 4 secrets");
  for (std::size_t i = 0; i < endpoint.secrets.size(); ++i) {
    auto secret = WebhookSecret::parse(endpoint.secrets[i]);
    if (secret)
      checked.secrets.push_back(std::move(secret).value());
    else
      report("secret number " + std::to_string(i + 1) + " is refused: " + secret.error().message);
  }
}

}  // namespace

CheckedEndpoint check_endpoint(const WebhookEndpoint& endpoint, std::vector<std::string>& errors) {
  const bool named = is_name(endpoint.name);
  const Report report = [&](const std::string& what) {
    errors.push_back((named ? "webhook " + endpoint.name : std::string("a webhook without a usable name")) + ": " +
                     what + ".");
  };
  CheckedEndpoint checked{endpoint.name, std::make_shared<OutgoingTarget>(), {}, endpoint.rate_per_s};
  OutgoingTarget& target = *checked.target;
  target.policy.allow = endpoint.allow_cidrs;

  if (!named) report("a name is 1 to 64 of A-Z a-z 0-9 . _ -");
  check_url(endpoint, target, report);
  check_secrets(endpoint, checked, report);
  for (const Prefix& prefix : endpoint.allow_cidrs)
    if (never_allowed(prefix)) report("its allow_cidrs entry " + prefix.text() + " can never be allowed");
  // A NaN is in no range.
  if (!(endpoint.rate_per_s >= kRatePerSecondMin && endpoint.rate_per_s <= kRatePerSecondMax))
    report("its rate_per_s must be between 0.001 and 1,000");
  if (target.url.https) {
    auto trust = TlsTrust::in_authorities(endpoint.ca_file);
    if (trust)
      target.trust = std::move(trust).value();
    else
      report(trust.error().message);
  }
  return checked;
}

std::vector<CheckedEndpoint> check_endpoints(const std::vector<WebhookEndpoint>& endpoints,
                                             std::vector<std::string>& errors) {
  std::vector<CheckedEndpoint> checked;
  std::set<std::string> names;
  for (const WebhookEndpoint& endpoint : endpoints) {
    checked.push_back(check_endpoint(endpoint, errors));
    if (!names.insert(endpoint.name).second && is_name(endpoint.name))
      errors.push_back("webhook " + endpoint.name + ": its name is used twice.");
  }
  return checked;
}

std::vector<std::string> webhook_endpoint_errors(const std::vector<WebhookEndpoint>& endpoints) {
  std::vector<std::string> errors;
  static_cast<void>(check_endpoints(endpoints, errors));
  return errors;
}

}  // namespace straykey
