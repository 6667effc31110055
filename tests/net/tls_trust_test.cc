#include "net/client/tls_trust.h"

#include <openssl/ssl.h>

#include <ctime>

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

std::shared_ptr<const TlsTrust> trust_in(Result<std::shared_ptr<const TlsTrust>> made) {
  REQUIRE(made.ok());
  return std::move(made).value();
}

}  // namespace

TEST_CASE("a session names its peer: a name with SNI, an address without, and verifies either") {
  const auto trust = trust_in(TlsTrust::in_authorities({}));
  const TlsSession named = trust->session_with("hooks.example.com");
  REQUIRE(named != nullptr);
  CHECK_EQ(std::string(SSL_get_servername(named.get(), TLSEXT_NAMETYPE_host_name)), "hooks.example.com");
  CHECK_EQ(std::string(X509_VERIFY_PARAM_get0_host(SSL_get0_param(named.get()), 0)), "hooks.example.com");
  CHECK_EQ(SSL_get_verify_mode(named.get()), SSL_VERIFY_PEER);
  CHECK_EQ(SSL_get_min_proto_version(named.get()), TLS1_2_VERSION);

  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    const TlsSession literal = trust->session_with(address);
    REQUIRE(literal != nullptr);
    CHECK_EQ(SSL_get_servername(literal.get(), TLSEXT_NAMETYPE_host_name), nullptr);
    char* const expected = X509_VERIFY_PARAM_get1_ip_asc(SSL_get0_param(literal.get()));
    REQUIRE_NE(expected, nullptr);
    OPENSSL_free(expected);
  }
}

TEST_CASE("trust in anyone asks for no name and still tells the server which host is meant") {
  const auto trust = trust_in(TlsTrust::in_anyone());
  const TlsSession session = trust->session_with("localhost");
  REQUIRE(session != nullptr);
  CHECK_EQ(SSL_get_verify_mode(session.get()), SSL_VERIFY_NONE);
  CHECK_EQ(X509_VERIFY_PARAM_get0_host(SSL_get0_param(session.get()), 0), nullptr);
  CHECK_EQ(std::string(SSL_get_servername(session.get(), TLSEXT_NAMETYPE_host_name)), "localhost");
}

TEST_CASE("a file of authorities must hold a PEM certificate") {
  const TemporaryDirectory directory;
  CHECK_FALSE(TlsTrust::in_authorities(directory.path() + "/none.pem").ok());
  write_file(directory.path() + "/empty.pem", "no certificate", 0600);
  CHECK_FALSE(TlsTrust::in_authorities(directory.path() + "/empty.pem").ok());
  const Seconds now = std::time(nullptr);
  write_file(directory.path() + "/ca.pem", make_self_signed(now - 60, now + 3'600).certificate_pem, 0600);
  CHECK(TlsTrust::in_authorities(directory.path() + "/ca.pem").ok());
}

TEST_CASE("without a handshake there is a sentence all the same") {
  const auto trust = trust_in(TlsTrust::in_authorities({}));
  const TlsSession session = trust->session_with("localhost");
  CHECK(offer_http11(session.get()));
  CHECK_EQ(handshake_failure(session.get()), "the TLS handshake failed");
}
