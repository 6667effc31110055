#include "net/client/url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>

namespace straykey {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kHostBytesMax = 253;

bool is_host_name(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  };
  return !host.empty() && host.size() <= kHostBytesMax && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), allowed);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Zero if it is not a port. We check ourselves, because Boost.URL 1.81 accepts 99999 and takes it modulo 65,536.
std::uint16_t port_of(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return failure == std::errc{} && end == digits.data() + digits.size() ? port : std::uint16_t{0};
}

Status read_host(const boost::urls::url_view& parts, Url& url) {
  const boost::core::string_view encoded = parts.encoded_host();
  std::string host = lower({encoded.data(), encoded.size()});
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  url.literal = parse_ip(host);
  if (bracketed ? !url.literal : !is_host_name(host))
    return Error{"its host must be a plain DNS name or an IP address"};
  url.host = host;
  url.host_header = bracketed ? "[" + host + "]" : host;
  return {};
}

}  // namespace

Result<Url> parse_syslog_server(std::string_view text) {
  constexpr const char* kForm = "it must be tls://host:port, tcp://host:port or udp://host:port";
  if (text.size() > kUrlBytesMax) return Error{"it is longer than 2,048 bytes"};
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (parsed.has_error()) return Error{kForm};
  const boost::urls::url_view parts = parsed.value();
  const std::string scheme = lower({parts.scheme().data(), parts.scheme().size()});
  const std::string_view target{parts.encoded_target().data(), parts.encoded_target().size()};
  const bool known = scheme == "tls" || scheme == "tcp" || scheme == "udp";
  if (!known || !parts.has_authority() || parts.has_userinfo() || parts.has_fragment() ||
      !(target.empty() || target == "/"))
    return Error{kForm};
  Url url;
  url.carrier = scheme == "udp" ? Url::Carrier::datagrams : Url::Carrier::stream;
  url.https = scheme == "tls";
  if (const Status host = read_host(parts, url); !host) return host.error();
  url.port = port_of({parts.port().data(), parts.port().size()});
  if (url.port == 0) return Error{"its port must be 1 to 65535"};
  return url;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return Error{"it is longer than 2,048 bytes"};
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (parsed.has_error()) return Error{"it is not a valid absolute URL"};
  const boost::urls::url_view parts = parsed.value();

  Url url;
  const std::string scheme = lower({parts.scheme().data(), parts.scheme().size()});
  if (scheme != "https" && scheme != "http") return Error{"its scheme must be https or http"};
  url.https = scheme == "https";
  if (!parts.has_authority()) return Error{"it has no host"};
  if (parts.has_userinfo()) return Error{"it must not contain a user or a password"};
  if (parts.has_fragment()) return Error{"it must not contain a fragment"};
  if (const Status host = read_host(parts, url); !host) return host.error();

  const std::uint16_t usual_port = url.https ? 443 : 80;
  const std::string_view digits{parts.port().data(), parts.port().size()};
  url.port = digits.empty() ? usual_port : port_of(digits);
  if (url.port == 0) return Error{"its port must be 1 to 65535"};
  if (url.port != usual_port) url.host_header += ":" + std::to_string(url.port);
  const boost::core::string_view target = parts.encoded_target();
  url.target = std::string(target.data(), target.size());
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
  return url;
}

}  // namespace straykey
