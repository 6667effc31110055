#include "net/io/self_signed_certificate.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "core/location/ip_address.h"

namespace straykey {
namespace {

constexpr int kSerialBits = 127;  // RFC 5280: positive, and at most 20 bytes

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
using Memory = std::unique_ptr<BIO, int (*)(BIO*)>;

Error openssl_error(const char* what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return Error{std::string(what) + ": " + text.data()};
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (made == nullptr) return false;
  const bool added = X509_add_ext(certificate, made, -1) == 1;
  X509_EXTENSION_free(made);
  return added;
}

bool set_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(BN_new(), BN_free);
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// "DNS:localhost,IP:127.0.0.1".
std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    out.append(out.empty() ? "" : ",").append(parse_ip(name) ? "IP:" : "DNS:").append(name);
  return out;
}

bool fill(X509* certificate, EVP_PKEY* key, const CertificateOrder& order) {
  const std::string common = order.names.front().substr(0, 64);  // as long as a common name may be
  X509_NAME* const name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, 2) == 1 && set_serial(certificate) &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), order.from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), order.until) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.c_str()),
                                    -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         add_extension(certificate, NID_subject_alt_name, alternative_names(order.names)) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_key_identifier, "hash") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

std::string text_of(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

bool leads_elsewhere(const IpAddress& address) {
  static const std::array<Prefix, 2> kLinkLocal{*parse_prefix("169.254.0.0/16"), *parse_prefix("fe80::/10")};
  return std::none_of(kLinkLocal.begin(), kLinkLocal.end(), [&](const Prefix& one) { return one.contains(address); });
}

std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* const bytes = address->sa_family == AF_INET
                                ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                                : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

Result<CertificateAndKey> make_certificate(const CertificateOrder& order) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  if (!key || !certificate) return openssl_error("no key could be made");
  if (!fill(certificate.get(), key.get(), order)) return openssl_error("no certificate could be made");
  const Memory certificate_text(BIO_new(BIO_s_mem()), BIO_free), key_text(BIO_new(BIO_s_mem()), BIO_free);
  if (!certificate_text || !key_text || PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error("the certificate could not be written");
  return CertificateAndKey{text_of(certificate_text.get()), text_of(key_text.get())};
}

std::vector<std::string> host_names() {
  std::vector<std::string> names{"localhost"};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) add_once(names, host.data());
  for (const char* loopback : {"127.0.0.1", "::1"}) add_once(names, loopback);
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return names;
  for (const ifaddrs* one = interfaces; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    if (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6) continue;
    const std::string text = address_text(one->ifa_addr);
    if (const auto address = parse_ip(text); address && leads_elsewhere(*address)) add_once(names, text);
  }
  freeifaddrs(interfaces);
  return names;
}

}  // namespace straykey
