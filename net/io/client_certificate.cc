#include "net/io/client_certificate.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace straykey {

bool shows_certificate(const SSL* tls) noexcept {
  return SSL_get0_peer_certificate(tls) != nullptr;
}

bool client_name_allowed(const SSL* tls, std::span<const std::string> names) {
  if (names.empty()) return true;
  X509* certificate = SSL_get0_peer_certificate(tls);
  if (certificate == nullptr) return false;
  return std::any_of(names.begin(), names.end(), [certificate](const std::string& name) {
    return X509_check_host(certificate, name.data(), name.size(), X509_CHECK_FLAG_NO_WILDCARDS, nullptr) == 1;
  });
}

}  // namespace straykey
