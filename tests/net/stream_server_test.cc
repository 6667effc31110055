#include "net/io/stream_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "net/io/peer_stream.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// Sends back what it receives; ends when the sender does, when it is told to at a tick, or by an exception.
class EchoSession final : public StreamSession {
 public:
  EchoSession(IoSocket socket, const TlsContext& tls, std::shared_ptr<StreamDraining> draining)
      : draining_(std::move(draining)), stream_(std::move(socket), tls) {}

  IoAwait<void> run() override {
    std::string room(100, '\0');
    for (;;) {
      const auto [error, size] = co_await stream_.read_some(boost::asio::buffer(room));
      if (error) co_return;
      if (room.starts_with("throw")) throw std::runtime_error("asked to");
      co_await stream_.write(std::string_view(room).substr(0, size));
    }
  }
  void sweep(TimePoint now) override {
    if (!draining_->begun.load()) return;
    if (draining_->out_of_grace(now)) draining_->cut_short.fetch_add(1);
    stream_.close();
  }
  void give_way() override { stream_.close(); }

 private:
  const std::shared_ptr<StreamDraining> draining_;
  PeerStream stream_;
};

struct Site {
  explicit Site(StreamServer::Settings settings = {}, StreamServer::Callbacks callbacks = {}) {
    if (settings.listen.path.empty()) settings.listen = {"echo", "127.0.0.1", 0};
    settings.tick = std::chrono::milliseconds(5);
    if (!callbacks.open) {
      callbacks.open = [this](IoSocket socket, const TlsContext& tls, StreamPeer peer) {
        last_peer = peer;
        return std::make_shared<EchoSession>(std::move(socket), tls, draining);
      };
    }
    server = std::make_unique<StreamServer>(settings, StreamServer::Dependencies{runtime, draining, metrics, log},
                                            std::move(callbacks));
    runtime.start();
  }
  ~Site() {
    server.reset();
    runtime.stop();
  }
  Log log{{LogLevel::error, false}};
  Metrics metrics;
  IoRuntime runtime{{2}, log, metrics};
  std::shared_ptr<StreamDraining> draining = std::make_shared<StreamDraining>();
  StreamPeer last_peer;
  std::unique_ptr<StreamServer> server;
};

int connect_to(const std::string& path) {
  const int client = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int failed = connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (failed == 0) return client;
  close(client);
  return -1;
}

std::string echo(int client, const std::string& text) {
  std::string reply(text.size(), '\0');
  REQUIRE(write(client, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  REQUIRE(read(client, reply.data(), reply.size()) == static_cast<ssize_t>(text.size()));
  return reply;
}

}  // namespace

TEST_CASE("a local socket is served to its owner alone, as a peer from loopback, and is gone after draining") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/admin.sock";
  StreamServer::Settings settings;
  settings.listen = {.name = "admin", .address = {}, .port = 0, .path = path};
  Site site(settings);
  REQUIRE(site.server->start(0).ok());
  struct stat there {};
  REQUIRE(lstat(path.c_str(), &there) == 0);
  CHECK(S_ISSOCK(there.st_mode));
  CHECK((there.st_mode & 0777) == 0600);
  const int client = connect_to(path);
  REQUIRE(client >= 0);
  CHECK(echo(client, "hello") == "hello");
  CHECK(site.last_peer.address == *parse_ip("127.0.0.1"));
  close(client);
  CHECK(site.server->drain(std::chrono::seconds(10)));
  CHECK(lstat(path.c_str(), &there) != 0);
}

TEST_CASE("a local socket that an earlier process left is replaced; any other file there is kept and named") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/admin.sock";
  StreamServer::Settings settings;
  settings.listen = {.name = "admin", .address = {}, .port = 0, .path = path};
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  close(left);
  {
    Site site(settings);
    REQUIRE(site.server->start(0).ok());
    const int client = connect_to(path);
    CHECK(echo(client, "new") == "new");
    close(client);
  }
  std::ofstream(path) << "precious";
  Site second(settings);
  const Status status = second.server->start(0);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message == "listener admin cannot listen on " + path + ": something that is no socket is there");
  settings.listen.path = std::string(200, 'x');
  Site long_path(settings);
  CHECK_FALSE(long_path.server->start(0).ok());
}

TEST_CASE("who is not admitted or over a limit is told why and closed") {
  std::promise<StreamServer::Refused> refused;
  bool admit = false;
  StreamServer::Settings settings;
  settings.connections = {10, 1};
  StreamServer::Callbacks callbacks;
  callbacks.admits = [&](const IpAddress&) { return admit; };
  callbacks.on_refused = [&](IoSocket&, const IpAddress& peer, StreamServer::Refused why) {
    CHECK(peer == *parse_ip("127.0.0.1"));
    refused.set_value(why);
    return false;
  };
  Site site(settings, callbacks);
  REQUIRE(site.server->start(0).ok());
  RawHttpClient stranger(site.server->port(), false);
  CHECK(stranger.ends());
  CHECK(refused.get_future().get() == StreamServer::Refused::not_admitted);
  CHECK(site.server->connections() == 0);
  refused = {};
  admit = true;
  RawHttpClient first(site.server->port(), false);
  RawHttpClient second(site.server->port(), false);
  CHECK(second.ends());
  CHECK(refused.get_future().get() == StreamServer::Refused::address);
  CHECK(site.server->connections() == 1);
}

TEST_CASE("a refused peer that still sends sees the reply, and then the end") {
  StreamServer::Settings settings;
  settings.connections = {10, 0};
  StreamServer::Callbacks callbacks;
  callbacks.on_refused = [](IoSocket& socket, const IpAddress&, StreamServer::Refused) {
    IoError ignored;
    socket.write_some(boost::asio::buffer(std::string("HTTP/1.1 503 Full\r\nContent-Length: 2\r\n\r\nno")), ignored);
    return true;
  };
  Site site(settings, callbacks);
  REQUIRE(site.server->start(0).ok());
  RawHttpClient client(site.server->port(), false);
  client.send(std::string(40'000, 'x'));
  CHECK(client.read_reply().body == "no");
  CHECK(client.ends());
  client.half_close();
  std::vector<std::unique_ptr<RawHttpClient>> silent;  // more than are read on: they end, none of them hangs
  for (int i = 0; i < 20; ++i) silent.push_back(std::make_unique<RawHttpClient>(site.server->port(), false));
  for (const auto& one : silent) CHECK(one->read_reply().status == 503);
}

TEST_CASE("at the limit the oldest connection gives way to a new one") {
  StreamServer::Settings settings;
  settings.connections = {2, 10};
  std::atomic<int> gave_way{0};
  StreamServer::Callbacks callbacks;
  const auto draining = std::make_shared<StreamDraining>();
  callbacks.open = [draining](IoSocket socket, const TlsContext& tls, StreamPeer) {
    return std::make_shared<EchoSession>(std::move(socket), tls, draining);
  };
  callbacks.on_gave_way = [&] { ++gave_way; };
  Site site(settings, callbacks);
  REQUIRE(site.server->start(0).ok());
  RawHttpClient first(site.server->port(), false), second(site.server->port(), false);
  second.send("x");
  RawHttpClient third(site.server->port(), false);
  CHECK(first.ends());
  CHECK(gave_way == 1);
  third.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(third.read_reply().status == 200);
}

TEST_CASE("a session that throws ends alone, and its place is free again") {
  StreamServer::Settings settings;
  settings.connections = {10, 1};
  Site site(settings);
  REQUIRE(site.server->start(0).ok());
  for (int i = 0; i < 3; ++i) {
    RawHttpClient client(site.server->port(), false);
    client.send("throw");
    CHECK(client.ends());
    while (site.server->connections() > 0) std::this_thread::yield();
  }
  CHECK(site.metrics.counter("straykey_io_exceptions_total", "").value() == 0);
}

TEST_CASE("a session that cannot be made gives its place back") {
  std::atomic<int> asked{0};
  StreamServer::Callbacks callbacks;
  callbacks.open = [&](const IoSocket&, const TlsContext&, StreamPeer) -> std::shared_ptr<StreamSession> {
    ++asked;
    throw std::bad_alloc();
  };
  Site site({}, callbacks);
  REQUIRE(site.server->start(0).ok());
  RawHttpClient client(site.server->port(), false);
  CHECK(client.ends());
  CHECK(asked == 1);
  while (site.server->connections() > 0) std::this_thread::yield();  // the socket goes first
}

TEST_CASE("draining waits for the sessions, and says if one had to be cut short") {
  for (const bool in_time : {true, false}) {
    Site site;
    REQUIRE(site.server->start(0).ok());
    RawHttpClient client(site.server->port(), false);
    while (site.server->connections() == 0) std::this_thread::yield();
    CHECK(site.server->drain(std::chrono::milliseconds(in_time ? 10'000 : 0)) == in_time);
    CHECK(site.server->connections() == 0);
    CHECK(client.ends());
    CHECK(site.server->drain(std::chrono::milliseconds(0)));  // again: nothing to do
  }
}

TEST_CASE("grace ends only while a server drains") {
  StreamDraining draining;
  const StreamDraining::TimePoint now{std::chrono::seconds(5)};
  CHECK_FALSE(draining.out_of_grace(now));
  draining.deadline.store(now);
  CHECK_FALSE(draining.out_of_grace(now));
  draining.begun.store(true);
  CHECK(draining.out_of_grace(now));
}

}  // namespace straykey
