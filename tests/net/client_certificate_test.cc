// Client certificates over HTTPS; over syslog: syslog_tls_test.cc.
#include "net/io/client_certificate.h"

#include <functional>
#include <future>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// Its names are localhost and 127.0.0.1.
SelfSigned certificate() {
  return make_self_signed(now_seconds() - 60, now_seconds() + 60);
}

HttpFixture::Settings asking_for(const SelfSigned& authority, bool required, std::vector<std::string> names = {}) {
  HttpFixture::Settings settings;
  settings.tls = true;
  settings.client_ca_pem = authority.certificate_pem;
  settings.client_required = required;
  settings.listener.client_names = std::move(names);
  return settings;
}

// On a thread of its own, so that no session is resumed for which another certificate was shown.
unsigned on_new_thread(const std::function<unsigned()>& call) {
  return std::async(std::launch::async, call).get();
}

unsigned status_of(const HttpFixture& server, const SelfSigned& own, const std::string& text) {
  return on_new_thread([&] {
    RawHttpClient client(server.port(), own);
    client.send(text);
    return client.read_reply().status;
  });
}

unsigned without_certificate(const HttpFixture& server) {
  return on_new_thread([&server] { return server.normal_request(); });
}

}  // namespace

TEST_CASE("HTTPS takes a client with a certificate of the authority and a token, and needs both") {
  const SelfSigned own = certificate();
  const HttpFixture server(asking_for(own, true));
  CHECK(status_of(server, own, post_text("/echo", "12345")) == 200);
  CHECK(status_of(server, own, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n") == 401);
  CHECK(status_of(server, certificate(), post_text("/echo", "12345")) == 0);
  CHECK(without_certificate(server) == 0);  // which shows no certificate
  CHECK(server.counted("straykey_tls_handshakes_failed_total{listener=\"ingest\"}") == 2);
}

TEST_CASE("an optional certificate may be left out, but one that is shown must be of the authority") {
  const SelfSigned own = certificate();
  const HttpFixture server(asking_for(own, false, {"localhost"}));
  CHECK(without_certificate(server) == 200);
  CHECK(status_of(server, own, post_text("/echo", "12345")) == 200);
  CHECK(status_of(server, certificate(), post_text("/echo", "12345")) == 0);
}

TEST_CASE("a certificate without an allowed name is told so, at every address, before its token is looked at") {
  const SelfSigned own = certificate();
  const HttpFixture server(asking_for(own, false, {"a.example.com", ".localhost"}));
  for (const std::string& text : {post_text("/echo", "12345"), std::string("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")}) {
    RawHttpClient one(server.port(), own);
    one.send(text);
    const RawHttpClient::Reply reply = one.read_reply();
    CHECK(reply.status == 403);
    CHECK(reply.body.find("client_name_not_allowed") != std::string::npos);
  }
  CHECK(server.counted("straykey_client_names_refused_total{listener=\"ingest\"}") >= 2);
  CHECK(without_certificate(server) == 200);
}

TEST_CASE("a reload takes another authority for new connections, resumed sessions included") {
  const SelfSigned before = certificate(), after = certificate();
  const HttpFixture server(asking_for(before, true));
  CHECK(status_of(server, before, post_text("/echo", "12345")) == 200);
  write_file(server.files.client_ca, after.certificate_pem, 0644);
  REQUIRE(server.server->reload_tls(now_seconds()).ok());
  CHECK(status_of(server, before, post_text("/echo", "12345")) == 0);
  CHECK(status_of(server, after, post_text("/echo", "12345")) == 200);
}

}  // namespace straykey
