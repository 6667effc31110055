#include "net/ingest/syslog_listener.h"

#include "tests/net/syslog_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

IpAddress ip(std::string_view text) {
  return *parse_ip(text);
}

}  // namespace

TEST_CASE("only the networks listed may send; without any, nobody") {
  const SyslogFixture site;
  SyslogListenerSettings settings;
  settings.allow_cidrs = {*parse_prefix("192.0.2.0/25"), *parse_prefix("2001:db8::/32")};
  Metrics metrics;
  Log log({LogLevel::error, false});
  const SyslogListener listener(settings, site.budget, metrics, log);
  CHECK(listener.admits(ip("192.0.2.127")));
  CHECK_FALSE(listener.admits(ip("192.0.2.128")));
  CHECK(listener.admits(ip("2001:db8:ffff::1")));
  CHECK_FALSE(listener.admits(ip("::1")));
  settings.allow_cidrs.clear();
  settings.tls = TlsFiles{"c", "k"};
  const SyslogListener closed(settings, site.budget, metrics, log);
  CHECK_FALSE(closed.admits(ip("192.0.2.1")));
}

TEST_CASE("with a client authority, the certificate decides instead of the network") {
  SyslogListenerSettings settings;
  settings.tls = TlsFiles{"c", "k", "ca"};
  Metrics metrics;
  Log log({LogLevel::error, false});
  const SyslogListener listener(settings, std::make_shared<ByteBudget>(1), metrics, log);
  CHECK(listener.admits(ip("203.0.113.1")));
}

TEST_CASE("the age of the last message is shown, counted from the start before there is one") {
  Metrics metrics;
  Log log({LogLevel::error, false});
  SyslogListener listener({}, std::make_shared<ByteBudget>(1), metrics, log);
  const auto start = listener.last_message.load();
  listener.show_state(start + std::chrono::seconds(90));
  CHECK(listener.counts.message_age_seconds.value() == doctest::Approx(90));
  listener.last_message.store(start + std::chrono::seconds(60));
  listener.show_state(start + std::chrono::seconds(90));
  CHECK(listener.counts.message_age_seconds.value() == doctest::Approx(30));
}

}  // namespace straykey
