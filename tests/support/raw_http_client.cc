#include "tests/support/raw_http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>

#include "core/base/invariant.h"

namespace straykey {
namespace {

// Sessions survive their connections, so that tickets can be tested.
struct SavedSession {
  SSL_SESSION* session = nullptr;
  ~SavedSession() { SSL_SESSION_free(session); }
};
thread_local SavedSession saved;

int save_session(SSL*, SSL_SESSION* session) {
  SSL_SESSION_free(saved.session);
  saved.session = session;
  return 1;
}

std::size_t length_in(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  std::size_t length = 0;
  if (at != std::string::npos) std::from_chars(head.data() + at + 16, head.data() + head.size(), length);
  return length;
}

void show_certificate(SSL_CTX* context, const SelfSigned& own) {
  const std::unique_ptr<BIO, int (*)(BIO*)> certificate(BIO_new_mem_buf(own.certificate_pem.data(), -1), BIO_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> key(BIO_new_mem_buf(own.key_pem.data(), -1), BIO_free);
  const std::unique_ptr<X509, void (*)(X509*)> x509(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr),
                                                    X509_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pkey(
      PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  INVARIANT(SSL_CTX_use_certificate(context, x509.get()) == 1);
  INVARIANT(SSL_CTX_use_PrivateKey(context, pkey.get()) == 1);
}

}  // namespace

struct RawHttpClient::Tls {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

RawHttpClient::RawHttpClient(std::uint16_t port, bool tls) {
  open(port);
  if (tls && socket_ >= 0) shake_hands(nullptr);
}

RawHttpClient::RawHttpClient(std::uint16_t port, const SelfSigned& own) {
  open(port);
  if (socket_ >= 0) shake_hands(&own);
}

void RawHttpClient::open(std::uint16_t port) {
  std::signal(SIGPIPE, SIG_IGN);
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  INVARIANT(socket_ >= 0);
  const timeval limit{10, 0};
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  close(socket_);
  socket_ = -1;
}

void RawHttpClient::shake_hands(const SelfSigned* own) {
  tls_ = std::make_unique<Tls>();
  tls_->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_session_cache_mode(tls_->context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(tls_->context, save_session);
  if (own != nullptr) show_certificate(tls_->context, *own);
  tls_->ssl = SSL_new(tls_->context);
  if (saved.session != nullptr) SSL_set_session(tls_->ssl, saved.session);
  SSL_set_fd(tls_->ssl, socket_);
  if (SSL_connect(tls_->ssl) == 1) return;
  tls_.reset();
  close(socket_);
  socket_ = -1;
}

RawHttpClient::~RawHttpClient() {
  if (tls_) SSL_shutdown(tls_->ssl);
  tls_.reset();
  if (socket_ >= 0) close(socket_);
}

bool RawHttpClient::send(std::string_view bytes) {
  if (socket_ < 0) return false;
  while (!bytes.empty()) {
    const long sent =
        tls_ ? SSL_write(tls_->ssl, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20)))
             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawHttpClient::send_byte_by_byte(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (!send(bytes.substr(i, 1))) return false;
  return true;
}

long RawHttpClient::receive(char* bytes, std::size_t size) {
  if (socket_ < 0) return -1;
  if (!tls_) return recv(socket_, bytes, size, 0);
  const int got = SSL_read(tls_->ssl, bytes, static_cast<int>(size));
  if (got > 0) return got;
  const int error = SSL_get_error(tls_->ssl, got);
  return error == SSL_ERROR_WANT_READ ? -1 : 0;
}

RawHttpClient::Reply RawHttpClient::read_reply(bool without_body) {
  std::array<char, 16 * 1024> bytes{};
  Reply reply;
  for (;;) {
    const std::size_t end = received_.find("\r\n\r\n");
    if (end != std::string::npos) {
      reply.head = received_.substr(0, end + 4);
      const std::size_t body_size = without_body ? 0 : length_in(reply.head);
      if (received_.size() >= end + 4 + body_size) {
        reply.body = received_.substr(end + 4, body_size);
        received_.erase(0, end + 4 + body_size);
        std::from_chars(reply.head.data() + 9, reply.head.data() + 12, reply.status);
        return reply;
      }
    }
    const long got = receive(bytes.data(), bytes.size());
    if (got <= 0) return {};
    received_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

std::string RawHttpClient::read_text(std::size_t size) {
  std::string text = received_.substr(0, size);
  received_.erase(0, text.size());
  while (text.size() < size) {
    std::array<char, 4096> bytes;
    const long got = receive(bytes.data(), std::min(bytes.size(), size - text.size()));
    if (got <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return text;
}

bool RawHttpClient::ends() {
  if (!received_.empty()) return false;
  char byte = 0;
  errno = 0;
  const long got = receive(&byte, 1);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

bool RawHttpClient::heard_close_notify() const {
  return tls_ && (SSL_get_shutdown(tls_->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void RawHttpClient::half_close() {
  if (tls_) SSL_shutdown(tls_->ssl);
  shutdown(socket_, SHUT_WR);
}

void RawHttpClient::reset() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  tls_.reset();
  close(socket_);
  socket_ = -1;
}

bool RawHttpClient::resumed() const {
  return tls_ && SSL_session_reused(tls_->ssl) == 1;
}

long RawHttpClient::certificate_serial() const {
  if (!tls_) return 0;
  X509* certificate = SSL_get0_peer_certificate(tls_->ssl);
  return certificate == nullptr ? 0 : ASN1_INTEGER_get(X509_get_serialNumber(certificate));
}

}  // namespace straykey
