#include "net/io/stream_acceptor.h"

#include <future>
#include <vector>

#include "tests/support/raw_http_client.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Site {
  Site()
      : log({LogLevel::error, false}),
        runtime({2}, log, metrics),
        acceptor(runtime, {"x", "127.0.0.1", 0}, metrics, log) {
    runtime.start();
  }
  ~Site() {
    acceptor.stop();
    runtime.stop();
  }
  Log log;
  Metrics metrics;
  IoRuntime runtime;
  StreamAcceptor acceptor;
};

}  // namespace

TEST_CASE("connections are dealt to the io threads in turn, and one that cannot be taken does not end accepting") {
  Site site;
  std::promise<std::vector<std::size_t>> dealt;
  std::vector<std::size_t> io_threads;
  const Status status = site.acceptor.start([&](const IoSocket&, std::size_t io_thread) {
    io_threads.push_back(io_thread);
    if (io_threads.size() == 2) throw std::bad_alloc();
    if (io_threads.size() == 4) dealt.set_value(io_threads);
  });
  REQUIRE(status.ok());
  std::vector<std::unique_ptr<RawHttpClient>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(std::make_unique<RawHttpClient>(site.acceptor.port(), false));
  auto future = dealt.get_future();
  REQUIRE(future.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(future.get() == std::vector<std::size_t>{0, 1, 0, 1});
}

TEST_CASE("after stop nothing is accepted") {
  Site site;
  REQUIRE(site.acceptor.start([](const IoSocket&, std::size_t) {}).ok());
  const std::uint16_t port = site.acceptor.port();
  site.acceptor.stop();
  RawHttpClient late(port, false);
  CHECK_FALSE(late.send("x"));
}

TEST_CASE("why it cannot listen is one sentence") {
  Site site;
  REQUIRE(site.acceptor.start([](const IoSocket&, std::size_t) {}).ok());
  StreamAcceptor second(site.runtime, {"x", "127.0.0.1", site.acceptor.port()}, site.metrics, site.log);
  const Status status = second.start([](const IoSocket&, std::size_t) {});
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message.find("listener x cannot listen on 127.0.0.1 port") == 0);
  StreamAcceptor nowhere(site.runtime, {"x", "localhost", 0}, site.metrics, site.log);
  const Status bad = nowhere.start([](const IoSocket&, std::size_t) {});
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().message == "listener x: localhost is no IP address");
}

}  // namespace straykey
