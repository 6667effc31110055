// The tools' own connections: whom they believe, and what they say when nobody answers.
#include "net/client/client_socket.h"

#include "tests/support/localhost.h"

#include <doctest/doctest.h>

#include "net/client/address_policy.h"
#include "tests/net/http_fixture.h"

namespace straykey {

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

TEST_CASE("an address that is not permitted is not connected to") {
  HttpFixture fixture({});
  ClientSocket socket({.permits = [](const IpAddress& address) { return !is_loopback(address); }}, nullptr);
  CHECK_EQ(socket.connect("127.0.0.1", fixture.port()).error().message,
           "the server's name leads to an address that is not allowed");
}

}  // namespace straykey
