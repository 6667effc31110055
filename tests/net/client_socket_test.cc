// The tools' own connections: whom they believe, and what they say when nobody answers.
#include "net/client/client_socket.h"

#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "tests/support/localhost.h"

#include <doctest/doctest.h>

#include "net/client/address_policy.h"
#include "tests/net/http_fixture.h"
#include "tests/support/self_signed.h"

namespace straykey {
namespace {

// A server over TLS that sends a hundred bytes of one long record, each 10 ms behind the one before, and leaves.
class DrippingServer {
 public:
  DrippingServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    REQUIRE_EQ(::bind(listener_.number(), reinterpret_cast<sockaddr*>(&here), size), 0);
    REQUIRE_EQ(::listen(listener_.number(), 1), 0);
    REQUIRE_EQ(::getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&here), &size), 0);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~DrippingServer() { thread_.join(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve() {
    const Descriptor peer(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    const SelfSigned self = make_self_signed(now_seconds() - 60, now_seconds() + 60);
    BIO* const certificate =
        BIO_new_mem_buf(self.certificate_pem.data(), static_cast<int>(self.certificate_pem.size()));
    BIO* const key = BIO_new_mem_buf(self.key_pem.data(), static_cast<int>(self.key_pem.size()));
    X509* const read_certificate = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
    EVP_PKEY* const read_key = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context.get(), read_certificate);
    SSL_CTX_use_PrivateKey(context.get(), read_key);
    X509_free(read_certificate);
    EVP_PKEY_free(read_key);
    BIO_free(certificate);
    BIO_free(key);
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context.get()), SSL_free);
    SSL_set_fd(session.get(), peer.number());
    if (SSL_accept(session.get()) == 1) drip(session.get(), peer.number());
  }
  static void drip(SSL* session, int peer) {
    SSL_set0_wbio(session, BIO_new(BIO_s_mem()));
    const std::string text(4'000, 'x');
    SSL_write(session, text.data(), static_cast<int>(text.size()));
    char* record = nullptr;
    const long bytes = BIO_get_mem_data(SSL_get_wbio(session), &record);
    for (int i = 0; i < 100 && i < bytes; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      if (::send(peer, record + i, 1, MSG_NOSIGNAL) != 1) return;
    }
  }

  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a TLS client believes the authorities it was given and no others") {
  HttpFixture::Settings settings;
  settings.tls = true;
  HttpFixture fixture(settings);
  const auto believing = TlsTrust::in_authorities(fixture.files.certificate);
  const auto system = TlsTrust::in_authorities("");
  const auto credulous = TlsTrust::in_anyone();
  REQUIRE(believing.ok());
  REQUIRE(system.ok());
  REQUIRE(credulous.ok());
  for (const char* host : {"localhost", "127.0.0.1"}) {
    if (host == std::string("localhost") && !knows_localhost()) continue;
    ClientSocket good({}, believing.value()), bad({}, system.value()), blind({}, credulous.value());
    CHECK(good.connect(host, fixture.port()).ok());
    const Status refused = bad.connect(host, fixture.port());
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("certificate was not accepted") != std::string::npos);
    CHECK_FALSE(bad.is_open());
    CHECK(blind.connect(host, fixture.port()).ok());
  }
}

TEST_CASE("a port where nobody listens is an error in a sentence") {
  std::uint16_t port = 0;
  {
    HttpFixture fixture({});
    port = fixture.port();
  }
  ClientSocket socket({}, nullptr);
  const Status status = socket.connect("127.0.0.1", port);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message.starts_with("could not connect"));
}

TEST_CASE("a server that says nothing is given up after the time limit") {
  HttpFixture fixture({});
  ClientSocket socket({.connect_ms = 1'000, .io_ms = 50}, nullptr);
  REQUIRE(socket.connect("127.0.0.1", fixture.port()).ok());
  char byte = 0;
  const auto count = socket.read(&byte, 1);
  REQUIRE_FALSE(count.ok());
  CHECK(count.error().message == "no answer within the time limit");
  CHECK_FALSE(socket.is_open());
}

TEST_CASE("a read that waits ends when its owner stops, over TLS as well") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    HttpFixture fixture(settings);
    int looks = 0;
    ClientSocket socket({.stopped = [&looks] { return ++looks == 2; }},
                        tls ? TlsTrust::in_authorities(fixture.files.certificate).value() : nullptr);
    REQUIRE(socket.connect("127.0.0.1", fixture.port()).ok());
    char byte = 0;
    CHECK_FALSE(socket.read(&byte, 1).ok());
    CHECK_EQ(looks, 2);
  }
}

TEST_CASE("a reply that keeps coming is read no further when its owner stops, over TLS as well") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    HttpFixture fixture(settings);
    ClientSocket socket({.stopped = [] { return true; }},
                        tls ? TlsTrust::in_authorities(fixture.files.certificate).value() : nullptr);
    REQUIRE(socket.connect("127.0.0.1", fixture.port()).ok());
    REQUIRE(socket.write("GET /absent HTTP/1.1\r\nHost: x\r\n\r\n").ok());
    char byte = 0;
    CHECK(socket.read(&byte, 1).ok());  // what is there already is heard
    CHECK_FALSE(socket.read(&byte, 1).ok());
    CHECK_FALSE(socket.is_open());
  }
}

TEST_CASE(
    "a peer that sends a record over TLS byte by byte is given up after the time limit, or when its owner stops") {
  const auto anyone = TlsTrust::in_anyone();
  for (const bool stops : {false, true}) {
    const DrippingServer server;
    ClientSocket::Limits limits{.connect_ms = 60'000, .io_ms = stops ? 60'000 : 300};
    if (stops) limits.stopped = [] { return true; };
    ClientSocket socket(limits, anyone.value());
    REQUIRE(socket.connect("127.0.0.1", server.port()).ok());
    char byte = 0;
    CHECK_EQ(socket.read(&byte, 1).error().message, "no answer within the time limit");
    CHECK_FALSE(socket.is_open());
  }
}

TEST_CASE("an address that is not permitted is not connected to") {
  HttpFixture fixture({});
  ClientSocket socket({.permits = [](const IpAddress& address) { return !is_loopback(address); }}, nullptr);
  CHECK_EQ(socket.connect("127.0.0.1", fixture.port()).error().message,
           "the server's name leads to an address that is not allowed");
}

}  // namespace straykey
