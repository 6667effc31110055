#include "net/ingest/syslog_udp.h"

#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <thread>

#include "tests/net/syslog_fixture.h"
#include "tests/support/udp_client.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Udp {
  explicit Udp(SyslogListenerSettings settings = {}) {
    settings.name = "syslog_udp";
    settings.address = "127.0.0.1";
    settings.receive_buffer_bytes = 100'000;
    if (settings.allow_cidrs.empty()) settings.allow_cidrs = {*parse_prefix("127.0.0.1/32")};
    listener = std::make_unique<SyslogUdp>(*site.runtime, settings, site.dependencies());
    const Status started = listener->start(0);
    REQUIRE(started.ok());
  }
  void send(const std::string& bytes) const { CHECK(send_datagram(listener->port(), bytes)); }

  SyslogFixture site;
  std::unique_ptr<SyslogUdp> listener;
};

}  // namespace

TEST_CASE("each datagram is a message, with or without LF") {
  Udp udp;
  udp.send(message_of("a"));
  udp.send(message_of("b") + "\n");
  udp.send(record_json("c") + std::string(1, '\0'));
  CHECK(udp.site.pipeline.stored(3));
  CHECK(udp.site.pipeline.ids() == std::vector<std::string>{"a", "b", "c"});
  CHECK(udp.site.counted("straykey_syslog_messages_total{listener=\"syslog_udp\"}") == 3);
}

TEST_CASE("a datagram may hold many messages, with and without line feeds between them (pino-socket's bursts)") {
  Udp udp;
  udp.send(message_of("a") + message_of("b") + message_of("c"));
  udp.send(message_of("d") + "\n" + message_of("e") + "\n");
  udp.send(record_json("f") + "\n" + record_json("g") + "\n");
  CHECK(udp.site.pipeline.stored(7));
  CHECK(udp.site.pipeline.ids() == std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g"});
  CHECK(udp.site.counted("straykey_syslog_messages_total{listener=\"syslog_udp\"}") == 6);
}

TEST_CASE("L: of a datagram 511 messages are told apart; what follows counts as one") {
  Udp udp;
  std::string many;
  for (int i = 0; i < 600; ++i) many += "<14>{}";
  udp.send(many);
  udp.send(message_of("a"));
  CHECK(udp.site.pipeline.stored(1));
  CHECK(udp.site.counted("straykey_syslog_messages_total{listener=\"syslog_udp\"}") == 513);
}

TEST_CASE("L: a datagram of 65,507 bytes is taken; one that is empty or no syslog does no harm") {
  Udp udp;
  std::string large = record_json(std::string("large"));
  large.insert(1, "\"x\":\"" + std::string(65'507 - large.size() - 7, 'y') + "\",");
  REQUIRE(large.size() == 65'507);
  udp.send("");
  udp.send(std::string(65'507, '\xff'));
  udp.send("<14>1 - - - - - [");
  udp.send(large);
  CHECK(udp.site.pipeline.stored(1));
  CHECK(udp.site.pipeline.ids() == std::vector<std::string>{"large"});
  CHECK(udp.site.counted("straykey_events_rejected_total{reason=\"bad_json\"}") == 3);
}

TEST_CASE("datagrams from elsewhere are dropped unread and counted") {
  SyslogListenerSettings settings;
  settings.allow_cidrs = {*parse_prefix("192.0.2.0/24")};
  Udp udp(settings);
  udp.send(message_of("a"));
  CHECK(udp.site.counts_to("straykey_syslog_refused_total{listener=\"syslog_udp\",reason=\"network\"}", 1));
  CHECK(udp.site.counted("straykey_syslog_messages_total{listener=\"syslog_udp\"}") == 0);
  CHECK(udp.site.pipeline.requests() == 0);
}

TEST_CASE("while the queues are full datagrams are dropped and counted, and later ones are taken") {
  Udp udp;
  udp.site.pipeline.set(FakePipeline::Mode::overloaded);
  udp.send(message_of("a"));
  CHECK(udp.site.counts_to("straykey_syslog_dropped_total{listener=\"syslog_udp\",reason=\"overloaded\"}", 1));
  udp.site.pipeline.set(FakePipeline::Mode::commit);
  udp.send(message_of("b"));
  CHECK(udp.site.pipeline.stored(1));
  CHECK(udp.site.pipeline.ids() == std::vector<std::string>{"b"});
}

TEST_CASE("datagrams whose commit failed are counted as lost") {
  Udp udp;
  udp.site.pipeline.set(FakePipeline::Mode::fail);
  udp.send(message_of("a"));
  CHECK(udp.site.counts_to("straykey_events_refused_total", 1));
}

TEST_CASE("what the kernel drops is counted when the next datagram comes") {
  Udp udp;
  const auto run_on_io_thread = [&](std::function<void()> work) {
    std::promise<void> done;
    boost::asio::post(udp.site.runtime->context(0), [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  };
  run_on_io_thread([&] {  // while nobody reads
    for (int i = 0; i < 20; ++i) udp.send(std::string(60'000, 'x'));
  });
  const std::string messages = "straykey_syslog_messages_total{listener=\"syslog_udp\"}";
  while (udp.site.counted(messages) == 0) std::this_thread::yield();
  run_on_io_thread([] {});  // it has read all that there was
  udp.send(message_of("a"));
  CHECK(udp.site.pipeline.stored(1));
  const std::uint64_t dropped =
      udp.site.counted("straykey_syslog_dropped_total{listener=\"syslog_udp\",reason=\"kernel\"}");
  CHECK(dropped > 0);
  CHECK(dropped + udp.site.counted(messages) == 21);
}

TEST_CASE("draining takes what the kernel holds") {
  Udp udp;
  for (int i = 0; i < 50; ++i) udp.send(message_of(std::to_string(i)));
  udp.listener->drain(std::chrono::seconds(10));
  CHECK(udp.site.pipeline.stored(50));
}

TEST_CASE("a port in use is one clear sentence") {
  Udp udp;
  SyslogListenerSettings settings;
  settings.name = "syslog_udp";
  settings.address = "127.0.0.1";
  settings.port = udp.listener->port();
  SyslogUdp second(*udp.site.runtime, settings, udp.site.dependencies());
  const Status status = second.start(0);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message == "listener syslog_udp cannot listen on 127.0.0.1 port " +
                                      std::to_string(settings.port) + ": Address already in use");
}

}  // namespace straykey
