#include "net/deliver/webhook_connection.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace straykey {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr auto kResume = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kAddressesTriedMax = 4;
constexpr std::uint32_t kReplyHeaderBytesMax = 16 * 1024;
constexpr std::size_t kReplyBytesMax = 64 * 1024;
constexpr int kInterimRepliesMax = 8;

constexpr const char* kTimedOut = "no answer within the time limit";
constexpr const char* kNotHttp = "the answer was not usable HTTP";
constexpr const char* kBroken = "the connection broke before an answer came";

constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) return {asio::ip::address_v4(address.v4()), port};
  return {asio::ip::address_v6(address.bytes), port};
}

bool trust_system_authorities(SSL_CTX* context) {
  // Not SSL_CTX_set_default_verify_paths: that one follows SSL_CERT_FILE and SSL_CERT_DIR.
  const bool file = SSL_CTX_load_verify_file(context, X509_get_default_cert_file()) == 1;
  const bool folder = SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir()) == 1;
  return file || folder;
}

// Whom the certificate must name; SNI only for names (RFC 6066).
bool expect_peer(SSL* ssl, const WebhookUrl& url) {
  constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  if (SSL_set_alpn_protos(ssl, kHttp11.data(), kHttp11.size()) != 0) return false;
  if (url.literal) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), url.host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, url.host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, url.host.c_str()) == 1;
}

std::string handshake_error(SSL* ssl, beast::error_code failure) {
  if (failure == beast::error::timeout) return kTimedOut;
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict == X509_V_OK) return "the TLS handshake failed";
  return std::string("the certificate was not accepted: ") + X509_verify_cert_error_string(verdict);
}

http::request<http::string_body> request_of(const WebhookUrl& url, WebhookPost post) {
  http::request<http::string_body> request(http::verb::post, url.target, 11);
  request.set(http::field::host, url.host_header);
  request.set(http::field::user_agent, "straykey/" STRAYKEY_VERSION);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  request.set("webhook-id", post.id);
  request.set("webhook-timestamp", post.timestamp);
  if (!post.signature.empty()) request.set("webhook-signature", post.signature);
  request.body() = std::move(post.body);
  request.prepare_payload();
  return request;
}

struct ReplyHeader {
  AttemptReply reply;
  std::optional<std::uint64_t> body_bytes;  // unknown: until the peer closes
};

// The header of the final reply. Only headers are parsed: Beast's chunk parser never sees what an endpoint sends.
template <class Stream>
asio::awaitable<ReplyHeader> read_reply_header(Stream& stream, beast::flat_buffer& buffer) {
  const auto& http_errors = http::make_error_code(http::error::bad_version).category();
  for (int i = 0; i < kInterimRepliesMax; ++i) {
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kReplyHeaderBytesMax);
    parser.body_limit(boost::none);  // a length is no reason to doubt the status; we read what we read
    const auto [failure, bytes] = co_await http::async_read_header(stream, buffer, parser, kResume);
    if (failure == beast::error::timeout) co_return ReplyHeader{{0, {}, kTimedOut}, {}};
    const bool closed_early = failure == http::error::end_of_stream || failure == http::error::partial_message;
    if (failure.category() == http_errors && !closed_early) co_return ReplyHeader{{0, {}, kNotHttp}, {}};
    if (failure) co_return ReplyHeader{{0, {}, kBroken}, {}};

    const auto status = static_cast<std::uint16_t>(parser.get().result_int());
    if (status >= 100 && status < 200 && status != 101) continue;
    if (status < 200 || status > 599) co_return ReplyHeader{{0, {}, kNotHttp}, {}};
    ReplyHeader header{{status, std::string(parser.get()[http::field::retry_after]), {}}, {}};
    if (status == 204 || status == 304)
      header.body_bytes = 0;
    else if (const auto length = parser.content_length())
      header.body_bytes = *length;
    co_return header;
  }
  co_return ReplyHeader{{0, {}, kNotHttp}, {}};
}

// Reads some of what is left, so that closing does not reset a connection whose peer is still writing.
template <class Stream>
asio::awaitable<void> drain(Stream& stream, std::size_t read, std::optional<std::uint64_t> body_bytes) {
  std::array<char, 4096> scratch;
  while (read < kReplyBytesMax && (!body_bytes || read < *body_bytes)) {
    const auto [failure, bytes] = co_await stream.async_read_some(asio::buffer(scratch), kResume);
    if (failure) break;
    read += bytes;
  }
}

}  // namespace

Result<asio::ssl::context> webhook_tls_context(const std::string& ca_file) {
  try {
    asio::ssl::context context(asio::ssl::context::tls_client);
    SSL_CTX* native = context.native_handle();
    context.set_verify_mode(asio::ssl::verify_peer);
    if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(native, kCiphers) != 1)
      return Error{"TLS could not be set up"};
    if (ca_file.empty()) {
      if (!trust_system_authorities(native)) return Error{"the system's certificate authorities could not be read"};
    } else if (SSL_CTX_load_verify_file(native, ca_file.c_str()) != 1) {
      return Error{"its ca_file could not be read as PEM certificates"};
    }
    return context;
  } catch (const boost::system::system_error&) {
    return Error{"TLS could not be set up"};
  }
}

WebhookConnection::WebhookConnection(asio::any_io_executor strand, std::shared_ptr<WebhookTarget> target,
                                     std::shared_ptr<NameLookup> lookup, WebhookTimeLimits limits)
    : strand_(std::move(strand)),
      target_(std::move(target)),
      lookup_(std::move(lookup)),
      limits_(limits),
      answered_timer_(strand_) {}

void WebhookConnection::start(WebhookPost post, Done done) {
  post_ = std::move(post);
  done_ = std::move(done);
  const auto self = shared_from_this();
  asio::co_spawn(
      strand_, [self] { return self->run(); },
      asio::bind_executor(strand_, [self](std::exception_ptr thrown, AttemptReply reply) {
        if (thrown) reply = {0, {}, "the attempt failed inside straykey"};
        self->finish(std::move(reply));
      }));
}

void WebhookConnection::finish(AttemptReply reply) {
  tcp_.reset();
  const Done done = std::exchange(done_, nullptr);
  if (!cancelled_) done(reply);
}

void WebhookConnection::cancel() {
  cancelled_ = true;
  answered_timer_.cancel();
  if (tcp_) tcp_->close();
}

asio::awaitable<AttemptReply> WebhookConnection::run() {
  co_await asio::post(strand_, asio::use_awaitable);  // so that done is never called from inside start()
  const Deadline began = std::chrono::steady_clock::now();
  const Deadline connect_deadline = began + std::chrono::milliseconds(limits_.connect_ms);
  const Deadline deadline = began + std::chrono::milliseconds(limits_.total_ms);

  std::string error = co_await find_addresses(connect_deadline);
  if (error.empty()) error = co_await connect(connect_deadline);
  if (!error.empty()) co_return AttemptReply{0, {}, std::move(error)};

  tcp_->expires_at(deadline);
  if (target_->url.https) co_return co_await exchange_over_tls(deadline);
  co_return co_await exchange(*tcp_);
}

WebhookConnection::Step WebhookConnection::find_addresses(Deadline deadline) {
  if (target_->url.literal) {
    addresses_ = {*target_->url.literal};
  } else {
    lookup_->ask([weak = weak_from_this()](const std::vector<IpAddress>& found) {
      const auto self = weak.lock();
      if (!self) return;
      self->addresses_ = found;
      self->answered_ = true;
      self->answered_timer_.cancel();
    });
    answered_timer_.expires_at(deadline);
    if (!cancelled_) co_await answered_timer_.async_wait(kResume);
    if (!answered_) co_return "the name lookup took too long";
  }
  if (addresses_.empty()) co_return "the name has no address";
  const auto permitted = [&](const IpAddress& address) { return target_->policy.permits(address); };
  // One bad address among good ones is how a rebinding name server would look.
  if (!std::all_of(addresses_.begin(), addresses_.end(), permitted))
    co_return "the name leads to an address that is not allowed";
  co_return "";
}

WebhookConnection::Step WebhookConnection::connect(Deadline deadline) {
  const std::size_t count = std::min(addresses_.size(), kAddressesTriedMax);
  for (std::size_t i = 0; i < count && !cancelled_; ++i) {
    const Deadline now = std::chrono::steady_clock::now();
    tcp_.emplace(strand_);
    tcp_->expires_at(now + (deadline - now) / static_cast<int>(count - i));
    const auto [failure] = co_await tcp_->async_connect(endpoint_of(addresses_[i], target_->url.port), kResume);
    if (!failure) co_return cancelled_ ? kBroken : "";
    if (i + 1 == count) co_return failure == beast::error::timeout ? "connecting took too long" : "could not connect";
  }
  co_return kBroken;  // cancelled
}

asio::awaitable<AttemptReply> WebhookConnection::exchange_over_tls(Deadline deadline) {
  asio::ssl::stream<beast::tcp_stream&> stream(*tcp_, *target_->tls);
  if (!expect_peer(stream.native_handle(), target_->url)) co_return AttemptReply{0, {}, "TLS could not be set up"};
  const auto [failure] = co_await stream.async_handshake(asio::ssl::stream_base::client, kResume);
  if (failure) co_return AttemptReply{0, {}, handshake_error(stream.native_handle(), failure)};
  tcp_->expires_at(deadline);
  AttemptReply reply = co_await exchange(stream);
  if (reply.http_status != 0) co_await stream.async_shutdown(kResume);  // still within the linger time
  co_return reply;
}

template <class Stream>
asio::awaitable<AttemptReply> WebhookConnection::exchange(Stream& stream) {
  const http::request<http::string_body> request = request_of(target_->url, std::move(post_));
  const auto [failure, bytes] = co_await http::async_write(stream, request, kResume);
  if (failure == beast::error::timeout) co_return AttemptReply{0, {}, kTimedOut};
  // Any other failure is left to the read: an endpoint may answer and close before it has read everything.
  beast::flat_buffer buffer(kReplyHeaderBytesMax);
  ReplyHeader header = co_await read_reply_header(stream, buffer);
  if (header.reply.http_status != 0) {
    tcp_->expires_after(std::chrono::milliseconds(limits_.linger_ms));
    co_await drain(stream, buffer.size(), header.body_bytes);
  }
  co_return std::move(header.reply);
}

}  // namespace straykey
