#include "net/client/https_fetch.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>

#include "net/client/outgoing_request.h"

namespace straykey {
namespace {

bool names_loopback(const Url& url) {
  return url.literal && is_loopback(*url.literal);
}

Status check_scheme(const Url& url) {
  return url.https || names_loopback(url) ? Status() : Status(Error{"the address must begin with https://"});
}

Result<std::shared_ptr<OutgoingTarget>> target_of(const FetchSettings& settings) {
  auto url = parse_url(settings.url);
  if (!url) return url.error();
  const auto target = std::make_shared<OutgoingTarget>();
  target->url = std::move(url).value();
  if (const Status scheme = check_scheme(target->url); !scheme.ok()) return scheme.error();
  if (target->url.https) {
    auto trust = TlsTrust::in_authorities(settings.ca_file);
    if (!trust) return trust.error();
    target->trust = std::move(trust).value();
  }
  target->policy.allow = private_networks();
  if (names_loopback(target->url) || settings.loopback_allowed)
    for (const Prefix& loopback : loopback_networks()) target->policy.allow.push_back(loopback);
  return target;
}

}  // namespace

Status check_fetch_url(std::string_view url) {
  const auto parsed = parse_url(url);
  return parsed.ok() ? check_scheme(parsed.value()) : Status(parsed.error());
}

Result<std::string> fetch_https(const FetchSettings& settings) {
  auto target = target_of(settings);
  if (!target) return target.error();
  boost::asio::io_context io{1};
  const auto lookup = std::make_shared<NameLookup>(
      io.get_executor(), (*target)->url.host, settings.resolve ? settings.resolve : ResolveName(resolve_with_system));
  const auto request = std::make_shared<OutgoingRequest>(
      io.get_executor(), *target, lookup,
      OutgoingLimits{
          .connect_ms = settings.total_ms, .total_ms = settings.total_ms, .body_bytes_max = settings.bytes_max});
  OutgoingReply reply;
  request->start({}, [&](OutgoingReply answered) { reply = std::move(answered); });
  io.run();
  lookup->close();
  if (reply.http_status != 0 && reply.http_status != 200)
    return Error{fmt::format("the server answered {}", reply.http_status)};
  if (!reply.error.empty()) return Error{std::move(reply.error)};
  return std::move(reply.body);
}

}  // namespace straykey
