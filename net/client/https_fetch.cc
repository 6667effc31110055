#include "net/client/https_fetch.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <utility>

#include "net/client/outgoing_request.h"

namespace straykey {
namespace {

Result<std::shared_ptr<OutgoingTarget>> target_of(const FetchSettings& settings) {
  auto url = parse_url(settings.url);
  if (!url) return url.error();
  const auto target = std::make_shared<OutgoingTarget>();
  target->url = std::move(url).value();
  const bool names_loopback = target->url.literal && is_loopback(*target->url.literal);
  if (!target->url.https && !names_loopback) return Error{"the address must begin with https://"};
  if (target->url.https) {
    auto trust = TlsTrust::in_authorities(settings.ca_file);
    if (!trust) return trust.error();
    target->trust = std::move(trust).value();
  }
  target->policy.allow = private_networks();
  if (names_loopback || settings.loopback_allowed)
    for (const Prefix& loopback : loopback_networks()) target->policy.allow.push_back(loopback);
  return target;
}

}  // namespace

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
