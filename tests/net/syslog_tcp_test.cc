#include "net/ingest/syslog_tcp.h"

#include <thread>

#include "tests/net/http_fixture.h"
#include "tests/net/syslog_fixture.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/self_signed.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::string refused(const std::string& reason) {
  return "straykey_syslog_refused_total{listener=\"syslog_tcp\",reason=\"" + reason + "\"}";
}

TlsFiles new_certificate(const SyslogFixture& site) {
  TlsFiles files{site.directory.path() + "/server.pem", site.directory.path() + "/server.key"};
  const SelfSigned pair = make_self_signed(now_seconds() - 3'600, now_seconds() + 3'600);
  write_file(files.certificate, pair.certificate_pem, 0644);
  write_file(files.key, pair.key_pem, 0600);
  return files;
}

}  // namespace

TEST_CASE("a sender from elsewhere than allow_cidrs is closed unread and counted") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.allow_cidrs = {*parse_prefix("192.0.2.0/24")};
  const auto listener = site.listen(settings);
  RawHttpClient client(listener->port(), false);
  client.send(counted_message("a"));
  CHECK(client.ends());
  CHECK(site.counted(refused("network")) == 1);
  CHECK(site.pipeline.requests() == 0);
}

TEST_CASE("behind a PROXY header it is the client who must be in allow_cidrs, or the proxy if it names none") {
  const std::string local("\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00", 16);
  const std::string own[] = {"PROXY UNKNOWN\r\n", local};
  const std::string client = "PROXY TCP4 198.51.100.7 192.0.2.1 4711 514\r\n";
  const auto sends = [](const SyslogTcp& listener, SyslogFixture& site, const std::string& header, std::size_t stored) {
    RawHttpClient connection(listener.port(), false);
    connection.send(header + counted_message("a"));
    return site.pipeline.stored(stored);
  };
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.proxies = {{*parse_prefix("127.0.0.0/8")}, true};
  settings.allow_cidrs = {*parse_prefix("198.51.100.0/24")};
  const auto listener = site.listen(settings);
  for (const std::string& header : own) {
    RawHttpClient connection(listener->port(), false);
    connection.send(header + counted_message("a"));
    CHECK(connection.ends());
  }
  CHECK(site.counted(refused("network")) == 2);
  CHECK(sends(*listener, site, client, 1));

  SyslogFixture of_proxy;
  settings.allow_cidrs = {*parse_prefix("127.0.0.0/8")};
  const auto second = of_proxy.listen(settings);
  CHECK(sends(*second, of_proxy, own[0], 1));
  CHECK(sends(*second, of_proxy, own[1], 2));
}

TEST_CASE("connections over the limits are closed and counted, and there is room again after one ends") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.connections = {3, 2};
  const auto listener = site.listen(settings);
  RawHttpClient first(listener->port(), false);
  auto second = std::make_unique<RawHttpClient>(listener->port(), false);
  RawHttpClient third(listener->port(), false);
  CHECK(third.ends());
  CHECK(site.counted(refused("address")) == 1);
  second.reset();
  while (listener->connections() > 1) std::this_thread::yield();
  RawHttpClient fourth(listener->port(), false);
  fourth.send(counted_message("a"));
  CHECK(site.pipeline.stored(1));
}

TEST_CASE("connections that have sent nothing give way to new ones; a sender of messages stays") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.connections = {2, 10};
  const auto listener = site.listen(settings);
  RawHttpClient sender(listener->port(), false);
  sender.send(counted_message("a"));
  CHECK(site.pipeline.stored(1));
  auto silent = std::make_unique<RawHttpClient>(listener->port(), false);
  for (int i = 0; i < 10; ++i) {
    auto next = std::make_unique<RawHttpClient>(listener->port(), false);
    CHECK(silent->ends());
    silent = std::move(next);
  }
  CHECK(site.counted(refused("gave_way")) == 10);
  sender.send(counted_message("b"));
  CHECK(site.pipeline.stored(2));
}

TEST_CASE("over TLS, and with a new certificate after a reload") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.tls = new_certificate(site);
  const auto listener = site.listen(settings);
  RawHttpClient before(listener->port(), true);
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += counted_message(std::to_string(i));
  before.send(bytes);
  CHECK(site.pipeline.stored(1'000));
  new_certificate(site);
  CHECK(listener->reload(now_seconds()).ok());
  RawHttpClient after(listener->port(), true);
  CHECK(after.certificate_serial() != before.certificate_serial());
  before.send(counted_message("still"));
  after.send(counted_message("new"));
  CHECK(site.pipeline.stored(1'002));
  write_file(settings.tls->certificate, "nonsense", 0644);
  CHECK_FALSE(listener->reload(now_seconds()).ok());
  RawHttpClient kept(listener->port(), true);
  CHECK(kept.certificate_serial() == after.certificate_serial());
}

TEST_CASE("of messages that nothing parts, one that was cut costs itself alone, also where it is the last but one") {
  SyslogFixture site;
  const auto listener = site.listen();
  RawHttpClient client(listener->port(), false);
  const std::string b = message_of("b"), cut = b.substr(0, b.size() - 9);
  client.send(message_of("a") + cut + message_of("c") + message_of("d") + cut + message_of("e"));
  CHECK(site.pipeline.stored(4));
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "c", "d", "e"});
}

TEST_CASE("plain bytes on the TLS port and silence are closed") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.timeouts = SyslogFixture::short_timeouts();
  settings.tls = new_certificate(site);
  const auto listener = site.listen(settings);
  RawHttpClient plain(listener->port(), false);
  plain.send(counted_message("a"));
  RawHttpClient silent(listener->port(), false);
  CHECK(silent.ends());
  CHECK(site.counts_to("straykey_tls_handshakes_failed_total{listener=\"syslog_tcp\"}", 2));
  CHECK(site.pipeline.requests() == 0);
}

TEST_CASE("draining takes what a sender has sent, tells it to stop, and waits for the commit") {
  SyslogFixture site;
  const auto listener = site.listen();
  site.pipeline.set(FakePipeline::Mode::hold);
  RawHttpClient client(listener->port(), false);
  client.send(counted_message("a"));
  CHECK(site.pipeline.holds(1));
  bool stored = false;
  std::thread stopping([&] { stored = listener->drain(std::chrono::seconds(10)); });
  CHECK(client.ends());  // the FIN that tells it
  client.send(counted_message("b"));
  CHECK(site.pipeline.holds(2));
  client.half_close();
  site.pipeline.release(RequestOutcome::committed);
  stopping.join();
  CHECK(stored);
  CHECK(site.pipeline.stored(2));
  CHECK(listener->connections() == 0);
}

TEST_CASE("draining over TLS says close_notify, and what the sender sends behind that is taken") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.tls = new_certificate(site);
  const auto listener = site.listen(settings);
  RawHttpClient client(listener->port(), true);
  client.send(counted_message("a"));
  CHECK(site.pipeline.stored(1));
  std::thread stopping([&] { CHECK(listener->drain(std::chrono::seconds(10))); });
  CHECK(client.ends());
  CHECK(client.heard_close_notify());
  client.send(counted_message("b"));
  client.half_close();
  stopping.join();
  CHECK(site.pipeline.stored(2));
}

TEST_CASE("draining ends at its grace although the queues stay full, and says that something was lost") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.timeouts = SyslogFixture::short_timeouts();
  settings.timeouts.stall = settings.timeouts.idle = std::chrono::seconds(10);
  const auto listener = site.listen(settings);
  site.pipeline.set(FakePipeline::Mode::overloaded);
  RawHttpClient client(listener->port(), false);
  client.send(counted_message("a") + counted_message("b"));
  CHECK(site.pipeline.refused(3));
  CHECK_FALSE(listener->drain(std::chrono::milliseconds(100)));
  CHECK(listener->connections() == 0);
  CHECK(site.counted("straykey_events_refused_total") == 2);
}

TEST_CASE("draining ends at its grace although a commit never comes") {
  SyslogFixture site;
  const auto listener = site.listen();
  site.pipeline.set(FakePipeline::Mode::hold);
  RawHttpClient client(listener->port(), false);
  client.send(counted_message("a"));
  CHECK(site.pipeline.holds(1));
  CHECK_FALSE(listener->drain(std::chrono::milliseconds(100)));
  CHECK(listener->connections() == 0);
  site.pipeline.release(RequestOutcome::failed);
}

TEST_CASE("draining without connections is done at once, and may be done twice") {
  SyslogFixture site;
  const auto listener = site.listen();
  CHECK(listener->drain(std::chrono::seconds(10)));
  CHECK(listener->drain(std::chrono::seconds(10)));
}

TEST_CASE(
    "a sender that writes over TLS 1.3, closes and never reads loses nothing, and hears close_notify if it listens") {
  SyslogFixture site;
  SyslogListenerSettings settings;
  settings.tls = new_certificate(site);
  const auto listener = site.listen(settings);
  std::string bytes;
  for (int i = 0; i < 3'000; ++i) bytes += counted_message(std::to_string(i));
  {
    RawHttpClient client(listener->port(), true);
    client.send(bytes);
  }
  CHECK(site.pipeline.stored(3'000));
  RawHttpClient listening(listener->port(), true);
  CHECK_FALSE(listening.resumed());
  listening.send(counted_message("a"));
  listening.half_close();
  CHECK(listening.ends());
  CHECK(site.pipeline.stored(3'001));
}

}  // namespace straykey
