#include "net/io/tls.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/base/descriptor.h"

namespace straykey {
namespace {

constexpr std::size_t kPemBytesMax = 1 << 20;
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

// Symbolic links are followed: certificate tools keep the current file behind one.
Result<std::string> read_pem(std::string_view what, const std::string& path, bool secret) {
  const auto failed = [&](const std::string& why) { return Error{std::string(what) + " " + path + " " + why}; };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.is_open()) {
    return failed(errno == ENOENT ? "does not exist" : std::string("cannot be opened: ") + std::strerror(errno));
  }
  struct stat status {};
  if (fstat(file.number(), &status) != 0) return failed("cannot be examined");
  if (!S_ISREG(status.st_mode)) return failed("is not a regular file");
  if (secret && (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return failed("can be read or written by everyone on this machine: chmod 600 it");
  }
  if (static_cast<std::size_t>(status.st_size) > kPemBytesMax) return failed("is larger than 1 MiB");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  if (text.empty()) return failed("is empty");
  return text;
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never ask on a terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

Status use_certificate(SSL_CTX* context, const TlsFiles& files, Seconds now) {
  auto text = read_pem("certificate file", files.certificate, false);
  if (!text) return text.error();
  const Bio bio = bio_of(*text);
  const Certificate own(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
  if (!own) return Error{"certificate file " + files.certificate + " holds no PEM certificate"};
  std::time_t at = now;
  if (X509_cmp_time(X509_get0_notBefore(own.get()), &at) > 0)
    return Error{"the certificate in " + files.certificate + " is not valid yet"};
  if (X509_cmp_time(X509_get0_notAfter(own.get()), &at) < 0)
    return Error{"the certificate in " + files.certificate + " has expired"};
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return Error{"the certificate in " + files.certificate + " cannot be used for TLS"};
  for (;;) {
    const Certificate next(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!next) break;
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
      return Error{"the chain in " + files.certificate + " cannot be used"};
  }
  ERR_clear_error();  // the end of the file counts as an error
  return {};
}

Status use_key(SSL_CTX* context, const TlsFiles& files) {
  auto text = read_pem("key file", files.key, true);
  if (!text) return text.error();
  const Bio bio = bio_of(*text);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) return Error{"key file " + files.key + " holds no PEM private key without a password"};
  const X509* certificate = SSL_CTX_get0_certificate(context);
  if (X509_check_private_key(certificate, key.get()) != 1 || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Error{"the key in " + files.key + " does not belong to the certificate in " + files.certificate};
  }
  return {};
}

// The authorities go into the handshake too, so that a client can choose among its certificates.
Status use_client_ca(SSL_CTX* context, const TlsFiles& files) {
  auto text = read_pem("client authority file", files.client_ca, false);
  if (!text) return text.error();
  const Bio bio = bio_of(*text);
  std::size_t authorities = 0;
  for (;; ++authorities) {
    const Certificate authority(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!authority) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return Error{"a certificate in " + files.client_ca + " cannot be used as an authority"};
    }
  }
  ERR_clear_error();  // the end of the file counts as an error
  if (authorities == 0) return Error{"client authority file " + files.client_ca + " holds no PEM certificate"};
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (files.client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return {};
}

// Chooses http/1.1 if the client offers it. A client that offers only other protocols gets no answer, and may still
// speak http/1.1.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kHttp11.data(), kHttp11.size(), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

bool set_rules(SSL_CTX* context) {
  constexpr std::array<unsigned char, 8> kSessionContext{'s', 't', 'r', 'a', 'y', 'k', 'e', 'y'};
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_ECDH_USE);
  SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
  // Idle connections then give their buffers back, about 34 KB each (OpenSSL manual, SSL_CTX_set_mode).
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1 && SSL_CTX_set_ciphersuites(context, kCiphers13) == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
         SSL_CTX_set_session_id_context(context, kSessionContext.data(), kSessionContext.size()) == 1;
}

}  // namespace

// If one of these steps finds no memory, it fails quietly and later calls crash, so each is checked. The fetch loads
// the providers.
Status start_crypto() {
  EVP_MD* digest = nullptr;
  if (OSSL_LIB_CTX_get0_global_default() != nullptr && OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr) == 1)
    digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (digest == nullptr) return Error{"OpenSSL cannot be set up; is there memory?"};
  EVP_MD_free(digest);
  return {};
}

std::string crypto_version() {
  return OpenSSL_version(OPENSSL_VERSION_STRING);
}

Result<TlsContext> load_tls_context(const TlsFiles& files, Seconds now) {
  std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_server_method()));
  if (!context || !set_rules(context.get())) return Error{"OpenSSL on this machine cannot serve TLS 1.2 and 1.3"};
  if (!files.tickets) {
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  }
  if (auto status = use_certificate(context.get(), files, now); !status) return status.error();
  if (auto status = use_key(context.get(), files); !status) return status.error();
  if (!files.client_ca.empty()) {
    if (auto status = use_client_ca(context.get(), files); !status) return status.error();
  }
  return std::make_shared<boost::asio::ssl::context>(context.release());
}

Status TlsServer::reload(Seconds now) {
  auto loaded = load_tls_context(files_, now);
  if (!loaded) return loaded.error();
  const std::lock_guard lock(mutex_);
  context_ = std::move(*loaded);
  return {};
}

TlsContext TlsServer::current() const {
  const std::lock_guard lock(mutex_);
  INVARIANT(context_ != nullptr);
  return context_;
}

}  // namespace straykey
