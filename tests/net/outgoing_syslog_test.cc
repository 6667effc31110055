// Syslog messages as an endpoint's deliveries: what goes over the wire, and when one counts as delivered.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include "core/detect/formats/body_format.h"
#include "net/deliver/webhook_sender.h"
#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/webhook_receiver.h"

using namespace straykey;

namespace {

namespace asio = boost::asio;
using Kind = DeliveryOutcome::Kind;
using asio::ip::tcp;

const std::string kMessage = "<161>1 2024-03-21T09:05:00Z straykey straykey - alert - CEF:0|straykey|straykey|1|x|y|8|";
const std::string kFrame = std::to_string(kMessage.size()) + " " + kMessage;

const BodyFormat& syslog_format() {
  const auto all = body_formats();
  return *std::find_if(all.begin(), all.end(), [](const BodyFormat& format) { return format.is_syslog; });
}

struct Sending {
  asio::io_context io;
  Metrics metrics;
  Log log{{.level = LogLevel::error}};
  std::vector<DeliveryOutcome> outcomes;
  std::unique_ptr<WebhookSender> sender;

  explicit Sending(const std::string& url, const std::string& ca_file = {}) {
    WebhookEndpoint endpoint;
    endpoint.name = "siem";
    endpoint.url = url;
    endpoint.format = &syslog_format();
    endpoint.allow_http = true;
    endpoint.allow_cidrs = {*parse_prefix("127.0.0.0/8")};
    endpoint.ca_file = ca_file;
    auto created = WebhookSender::create(io, {endpoint}, {}, metrics, log,
                                         [this](DeliveryOutcome outcome) { outcomes.push_back(std::move(outcome)); });
    REQUIRE_MESSAGE(created.ok(), (created.ok() ? "" : created.error().message));
    sender = std::move(created).value();
  }
  DeliveryOutcome send() {
    sender->deliver({.endpoint = "siem", .alert_id = {1, 7}, .body = kMessage});
    REQUIRE(run_until(io, [&] { return !outcomes.empty(); }));
    return outcomes.front();
  }
};

// Takes one connection on a thread of its own and gives it to `serve`.
struct Server {
  asio::io_context io;
  tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), 0}};
  std::string read;
  std::thread thread;

  template <class Serve>
  explicit Server(Serve serve) {
    thread = std::thread([this, serve] {
      tcp::socket socket(io);
      boost::system::error_code failure;
      acceptor.accept(socket, failure);
      if (!failure) serve(*this, std::move(socket));
    });
  }
  ~Server() { join(); }
  void join() {
    if (thread.joinable()) thread.join();
  }
  std::string at(const std::string& scheme, const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(acceptor.local_endpoint().port());
  }
};

template <class Stream>
void read_to_the_end(Stream& stream, std::string& into) {
  boost::system::error_code end;
  asio::read(stream, asio::dynamic_buffer(into), end);
}

}  // namespace

TEST_CASE("over TCP a message has its length before it, and is delivered when the server has read it to the end") {
  Server server([](Server& self, tcp::socket socket) { read_to_the_end(socket, self.read); });
  Sending sending(server.at("tcp"));
  const DeliveryOutcome outcome = sending.send();
  CHECK(outcome.kind == Kind::delivered);
  CHECK_EQ(outcome.http_status, 0);
  CHECK(outcome.error.empty());
  server.join();
  CHECK_EQ(server.read, kFrame);
}

TEST_CASE("a body of another format than the endpoint's is not sent, but given back to be made anew") {
  Server server([](Server& self, tcp::socket socket) { read_to_the_end(socket, self.read); });
  Sending sending(server.at("tcp"));
  const Hash128 id{1, 7};
  sending.sender->deliver(
      {.endpoint = "siem", .alert_id = id, .body = "{\"blocks\":[]}", .attempts = 4, .format = "slack"});
  REQUIRE(run_until(sending.io, [&] { return !sending.outcomes.empty(); }));
  CHECK(sending.outcomes[0].kind == Kind::reformat);
  CHECK_EQ(sending.outcomes[0].attempts, 4);
  sending.sender->deliver({.endpoint = "siem", .alert_id = id, .body = kMessage, .format = "syslog"});
  REQUIRE(run_until(sending.io, [&] { return sending.outcomes.size() == 2; }));
  CHECK(sending.outcomes[1].kind == Kind::delivered);
  server.join();
  CHECK_EQ(server.read, kFrame);
}

TEST_CASE("a server that resets the connection did not take the message, so it is sent again") {
  Server server([](Server&, tcp::socket socket) {
    socket.set_option(asio::socket_base::linger(true, 0));  // closing resets
    std::array<char, 1> first;
    asio::read(socket, asio::buffer(first));
    socket.close();
  });
  Sending sending(server.at("tcp"));
  const DeliveryOutcome outcome = sending.send();
  CHECK(outcome.kind == Kind::retry);
  CHECK_EQ(outcome.error, "the connection broke before the message was taken");
}

TEST_CASE("a server that keeps the connection open is given half a second to refuse, and then has taken the message") {
  std::promise<void> delivered;
  Server server([&](Server& self, tcp::socket socket) {
    self.read.resize(kFrame.size());
    asio::read(socket, asio::buffer(self.read));
    delivered.get_future().wait();
  });
  Sending sending(server.at("tcp"));
  CHECK(sending.send().kind == Kind::delivered);
  delivered.set_value();
  server.join();
  CHECK_EQ(server.read, kFrame);
}

TEST_CASE("over TLS the certificate is verified, and then the message goes as over TCP") {
  const Seconds now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const SelfSigned identity = make_self_signed(now - 10'000, now + 10'000);
  TemporaryDirectory directory;
  const std::string ca = directory.path() + "/ca.pem";
  std::ofstream(ca) << identity.certificate_pem;
  const auto serve = [&](Server& self, tcp::socket socket) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain(asio::buffer(identity.certificate_pem));
    context.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
    asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
    boost::system::error_code failure;
    stream.handshake(asio::ssl::stream_base::server, failure);
    if (failure) return;
    read_to_the_end(stream, self.read);
    stream.shutdown(failure);
  };
  {
    Server server(serve);
    Sending sending(server.at("tls", "localhost"), ca);
    CHECK(sending.send().kind == Kind::delivered);
    server.join();
    CHECK_EQ(server.read, kFrame);
  }
  {
    Server server(serve);
    Sending sending(server.at("tls", "localhost"));
    CHECK(sending.send().kind == Kind::retry);
    server.join();
    CHECK(server.read.empty());
  }
}

TEST_CASE("over UDP a datagram is the message, and sending it is all that can be known") {
  asio::io_context io;
  asio::ip::udp::socket server(io, {asio::ip::make_address("127.0.0.1"), 0});
  Sending sending("udp://127.0.0.1:" + std::to_string(server.local_endpoint().port()));
  CHECK(sending.send().kind == Kind::delivered);
  std::string datagram(2'000, '\0');
  datagram.resize(server.receive(asio::buffer(datagram)));
  CHECK_EQ(datagram, kMessage);
}

TEST_CASE("a name that leads to an address which is not allowed gets no message, whatever carries it") {
  for (const char* const scheme : {"tcp", "udp"}) {
    asio::io_context io;
    Metrics metrics;
    Log log{{.level = LogLevel::error}};
    WebhookEndpoint endpoint;
    endpoint.name = "siem";
    endpoint.url = std::string(scheme) + "://siem.example.com:9";
    endpoint.format = &syslog_format();
    endpoint.allow_http = true;
    WebhookSettings settings;
    settings.resolve = [](const std::string&) { return std::vector<IpAddress>{*parse_ip("127.0.0.1")}; };
    std::vector<DeliveryOutcome> outcomes;
    auto created = WebhookSender::create(io, {endpoint}, settings, metrics, log,
                                         [&](DeliveryOutcome outcome) { outcomes.push_back(std::move(outcome)); });
    REQUIRE(created.ok());
    (*created)->deliver({.endpoint = "siem", .alert_id = {1, 7}, .body = kMessage});
    REQUIRE(run_until(io, [&] { return !outcomes.empty(); }));
    CHECK_EQ(outcomes[0].error, "the name leads to an address that is not allowed");
  }
}
