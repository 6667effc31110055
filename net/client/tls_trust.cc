#include "net/client/tls_trust.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "core/location/ip_address.h"
#include "net/io/tls.h"

namespace straykey {
namespace {

bool load_system_authorities(SSL_CTX* context) {
  // SSL_CTX_set_default_verify_paths is not used, because it follows SSL_CERT_FILE and SSL_CERT_DIR.
  const bool file = SSL_CTX_load_verify_file(context, X509_get_default_cert_file()) == 1;
  const bool folder = SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir()) == 1;
  return file || folder;
}

bool set_rules(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1;
}

}  // namespace

void FreeTlsSession::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

TlsTrust::TlsTrust(bool verifies) : context_(SSL_CTX_new(TLS_client_method())), verifies_(verifies) {}

TlsTrust::~TlsTrust() {
  SSL_CTX_free(context_);
}

Result<std::shared_ptr<const TlsTrust>> TlsTrust::in_authorities(const std::string& ca_file) {
  std::shared_ptr<const TlsTrust> trust(new TlsTrust(true));
  SSL_CTX* const context = trust->context_;
  if (context == nullptr || !set_rules(context)) return Error{"TLS could not be set up"};
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (ca_file.empty()) {
    if (!load_system_authorities(context)) return Error{"the system's certificate authorities could not be read"};
  } else if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    return Error{"its ca_file could not be read as PEM certificates"};
  }
  return trust;
}

Result<std::shared_ptr<const TlsTrust>> TlsTrust::in_anyone() {
  std::shared_ptr<const TlsTrust> trust(new TlsTrust(false));
  if (trust->context_ == nullptr || !set_rules(trust->context_)) return Error{"TLS could not be set up"};
  SSL_CTX_set_verify(trust->context_, SSL_VERIFY_NONE, nullptr);
  return trust;
}

TlsSession TlsTrust::session_with(const std::string& host) const {
  TlsSession session(SSL_new(context_));
  if (session == nullptr) return nullptr;
  bool named = true;
  if (parse_ip(host)) {
    if (verifies_) named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), host.c_str()) == 1;
  } else {
    SSL_set_hostflags(session.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (verifies_) named = SSL_set1_host(session.get(), host.c_str()) == 1;
    named = named && SSL_set_tlsext_host_name(session.get(), host.c_str()) == 1;
  }
  return named ? std::move(session) : nullptr;
}

bool offer_http11(ssl_st* session) noexcept {
  constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  return SSL_set_alpn_protos(session, kHttp11.data(), kHttp11.size()) == 0;
}

std::string handshake_failure(ssl_st* session) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict == X509_V_OK) return "the TLS handshake failed";
  return std::string("the certificate was not accepted: ") + X509_verify_cert_error_string(verdict);
}

}  // namespace straykey
