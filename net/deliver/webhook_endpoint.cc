#include "net/deliver/webhook_endpoint.h"

#include <algorithm>
#include <functional>
#include <set>

namespace straykey {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kSecretsMax = 4;
constexpr std::size_t kKeyBytesMax = 256;
constexpr std::size_t kAuthorizationBytesMax = 4'096;

bool is_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), allowed);
}

using Report = std::function<void(const std::string&)>;

const BodyFormat& format_of(const WebhookEndpoint& endpoint) {
  return endpoint.format == nullptr ? body_formats().front() : *endpoint.format;
}

void check_url(const WebhookEndpoint& endpoint, OutgoingTarget& target, const Report& report) {
  auto url = format_of(endpoint).is_syslog ? parse_syslog_server(endpoint.url) : parse_url(endpoint.url);
  if (!url) return report("its url is refused: " + url.error().message);
  target.url = std::move(url).value();
  if (!target.url.https && !endpoint.allow_http)
    report(target.url.carrier == Url::Carrier::http ? "its url is http, which needs allow_http = true"
                                                    : "its url is not encrypted, which needs allow_http = true");
  if (!target.url.literal || target.policy.permits(*target.url.literal)) return;
  report(classify_address(*target.url.literal) == AddressClass::never
             ? "its url leads to an address that is never allowed (link-local, metadata, multicast or reserved)"
             : "its url leads to a loopback or private address that is not in its allow_cidrs");
}

void check_signing(const WebhookEndpoint& endpoint, PostKeys& keys, const Report& report) {
  if (endpoint.sign && endpoint.secrets.empty()) report("it has no secret to sign with, and sign is not false");
  if (!endpoint.sign && !endpoint.secrets.empty()) report("it has a secret, but sign = false");
  if (endpoint.secrets.size() > kSecretsMax) return report("it has more than 4 secrets");
  for (std::size_t i = 0; i < endpoint.secrets.size(); ++i) {
    auto secret = WebhookSecret::parse(endpoint.secrets[i]);
    if (secret)
      keys.signing.push_back(std::move(secret).value());
    else
      report("secret number " + std::to_string(i + 1) + " is refused: " + secret.error().message);
  }
}

// A routing key or token stands in a body or a header as it is.
bool is_key(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= kKeyBytesMax && std::all_of(text.begin(), text.end(), allowed);
}

void check_key(const WebhookEndpoint& endpoint, std::string_view what, PostKeys& keys, const Report& report) {
  const std::string needed = "its format needs one secret, the " + std::string(what);
  if (endpoint.secrets.size() != 1) return report(needed);
  if (!is_key(endpoint.secrets.front())) return report(needed + ", of letters, digits, - and _");
  keys.key = endpoint.secrets.front();
}

void check_authorization(const WebhookEndpoint& endpoint, PostKeys& keys, const Report& report) {
  const std::string& value = endpoint.authorization;
  if (value.empty()) return;
  const BodyFormat& format = format_of(endpoint);
  if (format.is_syslog || format.secret == FormatSecret::splunk_token)
    return report("its format leaves no room for authorization");
  const bool visible = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible || value.size() > kAuthorizationBytesMax)
    return report("its authorization must be up to 4,096 visible ASCII characters");
  if (!is_key(endpoint.authorization_scheme))
    return report("its authorization_scheme must be a word such as Bearer, Basic or ApiKey");
  keys.authorization = endpoint.authorization_scheme + " " + value;
}

void check_secrets(const WebhookEndpoint& endpoint, PostKeys& keys, const Report& report) {
  switch (format_of(endpoint).secret) {
    case FormatSecret::signature:
      check_signing(endpoint, keys, report);
      break;
    case FormatSecret::routing_key:
      check_key(endpoint, "routing key of the PagerDuty service", keys, report);
      break;
    case FormatSecret::splunk_token:
      check_key(endpoint, "token of Splunk's HTTP Event Collector", keys, report);
      break;
    case FormatSecret::none:
      if (!endpoint.secrets.empty()) report("it has a secret, and its format knows none");
      break;
  }
  check_authorization(endpoint, keys, report);
}

}  // namespace

CheckedEndpoint check_endpoint(const WebhookEndpoint& endpoint, std::vector<std::string>& errors) {
  const bool named = is_name(endpoint.name);
  const Report report = [&](const std::string& what) {
    errors.push_back((named ? "webhook " + endpoint.name : std::string("a webhook without a usable name")) + ": " +
                     what + ".");
  };
  CheckedEndpoint checked{endpoint.name, std::make_shared<OutgoingTarget>(), {}, endpoint.rate_per_s};
  checked.keys.format = endpoint.format;
  OutgoingTarget& target = *checked.target;
  target.policy.allow = endpoint.allow_cidrs;

  if (!named) report("a name is 1 to 64 of A-Z a-z 0-9 . _ -");
  check_url(endpoint, target, report);
  check_secrets(endpoint, checked.keys, report);
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
