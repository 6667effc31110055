#include "net/client/outgoing_request.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstring>

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
constexpr std::size_t kReplyBytesMax = 64 * 1024;  // of a body that is not kept
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kInterimRepliesMax = 8;

constexpr const char* kTimedOut = "no answer within the time limit";
constexpr const char* kNotHttp = "the answer was not usable HTTP";
constexpr const char* kBroken = "the connection broke before an answer came";

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) return {asio::ip::address_v4(address.v4()), port};
  return {asio::ip::address_v6(address.bytes), port};
}

http::request<http::string_body> request_of(const Url& url, OutgoingMessage message) {
  const bool posts = message.method == OutgoingMessage::Method::post;
  http::request<http::string_body> request(posts ? http::verb::post : http::verb::get, url.target, 11);
  request.set(http::field::host, url.host_header);
  request.set(http::field::user_agent, "straykey/" STRAYKEY_VERSION);
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : message.headers) request.set(name, value);
  request.body() = std::move(message.body);
  request.prepare_payload();
  return request;
}

using ReplyParser = http::response_parser<http::string_body>;

OutgoingReply failed(std::string error) {
  return {.http_status = 0, .retry_after = {}, .error = std::move(error), .body = {}, .written = false};
}

std::string too_long(std::size_t body_bytes_max) {
  return fmt::format("the answer is longer than {} bytes", body_bytes_max);
}

std::string reading_failed(beast::error_code failure) {
  if (failure == beast::error::timeout) return kTimedOut;
  const auto& http_errors = http::make_error_code(http::error::bad_version).category();
  const bool closed_early = failure == http::error::end_of_stream || failure == http::error::partial_message;
  return failure.category() == http_errors && !closed_early ? kNotHttp : kBroken;
}

// Some servers leave out the space behind the status that stands before an empty reason: `HTTP/1.1 200` CR LF. Beast
// takes that for no HTTP. True: a space was put there.
bool mend_status_line(beast::flat_buffer& buffer) {
  constexpr std::size_t kStatusEnd = std::string_view("HTTP/1.1 200").size();
  const auto text = [&buffer] { return static_cast<char*>(buffer.data().data()); };
  const std::string_view line(text(), buffer.size());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool spaceless = line.starts_with("HTTP/1.") && line.size() > kStatusEnd + 1 && line[8] == ' ' &&
                         std::all_of(line.begin() + 9, line.begin() + kStatusEnd, is_digit) &&
                         line.substr(kStatusEnd, 2) == "\r\n";
  if (!spaceless) return false;
  buffer.prepare(1);
  buffer.commit(1);
  std::memmove(text() + kStatusEnd + 1, text() + kStatusEnd, buffer.size() - kStatusEnd - 1);
  text()[kStatusEnd] = ' ';
  return true;
}

// Reads the header of the final reply; the parser that has read it stays in `parser`.
template <class Stream>
asio::awaitable<OutgoingReply> read_header(Stream& stream, beast::flat_buffer& buffer, std::size_t body_bytes_max,
                                           std::optional<ReplyParser>& parser) {
  for (int i = 0; i < kInterimRepliesMax; ++i) {
    parser.emplace();
    parser->header_limit(kReplyHeaderBytesMax);
    if (body_bytes_max > 0)
      parser->body_limit(body_bytes_max);
    else
      // A reply that claims a huge length still has a status, and we limit what we read ourselves
      parser->body_limit(boost::none);
    const auto [failure, bytes] = co_await http::async_read_header(stream, buffer, *parser, kResume);
    if (failure.category() == http::make_error_code(http::error::bad_version).category() && mend_status_line(buffer))
      continue;
    if (failure == http::error::body_limit) co_return failed(too_long(body_bytes_max));
    if (failure) co_return failed(reading_failed(failure));
    const auto status = static_cast<std::uint16_t>(parser->get().result_int());
    if (status >= 100 && status < 200 && status != 101) continue;
    if (status < 200 || status > 599) co_return failed(kNotHttp);
    co_return OutgoingReply{.http_status = status,
                            .retry_after = std::string(parser->get()[http::field::retry_after]),
                            .error = {},
                            .body = {},
                            .written = false};
  }
  co_return failed(kNotHttp);
}

// nullopt: until the peer closes.
std::optional<std::uint64_t> body_bytes_of(const ReplyParser& parser) {
  const unsigned status = parser.get().result_int();
  if (status == 204 || status == 304) return 0;
  const auto length = parser.content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
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

OutgoingReply written() {
  return {.http_status = 0, .retry_after = {}, .error = {}, .body = {}, .written = true};
}

constexpr const char* kNotTaken = "the connection broke before the message was taken";

// The end of a connection on which a message was written. A peer that is still there, or that closes, took it.
bool means_taken(beast::error_code ended) {
  return !ended || ended == asio::error::eof || ended == asio::ssl::error::stream_truncated ||
         ended == beast::error::timeout;
}

}  // namespace

OutgoingRequest::OutgoingRequest(asio::any_io_executor strand, std::shared_ptr<const OutgoingTarget> target,
                                 std::shared_ptr<NameLookup> lookup, OutgoingLimits limits)
    : strand_(std::move(strand)),
      target_(std::move(target)),
      lookup_(std::move(lookup)),
      limits_(limits),
      answered_timer_(strand_) {}

void OutgoingRequest::start(OutgoingMessage message, Done done) {
  message_ = std::move(message);
  done_ = std::move(done);
  const auto self = shared_from_this();
  asio::co_spawn(
      strand_, [self] { return self->run(); },
      asio::bind_executor(strand_, [self](std::exception_ptr thrown, OutgoingReply reply) {
        if (thrown) reply = failed("the attempt failed inside straykey");
        self->finish(std::move(reply));
      }));
}

void OutgoingRequest::finish(OutgoingReply reply) {
  tcp_.reset();
  const Done done = std::exchange(done_, nullptr);
  if (!cancelled_) done(std::move(reply));
}

void OutgoingRequest::cancel() {
  cancelled_ = true;
  answered_timer_.cancel();
  if (tcp_) tcp_->close();
}

asio::awaitable<OutgoingReply> OutgoingRequest::run() {
  co_await asio::post(strand_, asio::use_awaitable);  // so that done is never called from inside start()
  const Deadline began = std::chrono::steady_clock::now();
  const Deadline connect_deadline = began + std::chrono::milliseconds(limits_.connect_ms);
  const Deadline deadline = began + std::chrono::milliseconds(limits_.total_ms);

  std::string error = co_await find_addresses(connect_deadline);
  const bool connects = target_->url.carrier != Url::Carrier::datagrams;
  if (error.empty() && connects) error = co_await connect(connect_deadline);
  if (!error.empty()) co_return failed(std::move(error));
  if (!connects) co_return co_await send_datagram();

  tcp_->expires_at(deadline);
  if (target_->url.https) co_return co_await exchange_over_tls(deadline);
  if (target_->url.carrier == Url::Carrier::stream) co_return co_await write_message();
  co_return co_await exchange(*tcp_);
}

OutgoingRequest::Step OutgoingRequest::find_addresses(Deadline deadline) {
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
  if (!target_->policy.permits_all(addresses_)) co_return "the name leads to an address that is not allowed";
  co_return "";
}

OutgoingRequest::Step OutgoingRequest::connect(Deadline deadline) {
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

asio::awaitable<OutgoingReply> OutgoingRequest::exchange_over_tls(Deadline deadline) {
  TlsSession session = target_->trust->session_with(target_->url.host);
  const bool is_http = target_->url.carrier == Url::Carrier::http;
  if (session == nullptr || (is_http && !offer_http11(session.get()))) co_return failed("TLS could not be set up");
  asio::ssl::stream<beast::tcp_stream&> stream(*tcp_, session.release());
  const auto [failure] = co_await stream.async_handshake(asio::ssl::stream_base::client, kResume);
  if (failure == beast::error::timeout) co_return failed(kTimedOut);
  if (failure) co_return failed(handshake_failure(stream.native_handle()));
  tcp_->expires_at(deadline);
  if (!is_http) {
    const std::string frame = fmt::format("{} {}", message_.body.size(), message_.body);
    const auto [unsent, sent] = co_await asio::async_write(stream, asio::buffer(frame), kResume);
    if (unsent) co_return failed(unsent == beast::error::timeout ? kTimedOut : kNotTaken);
    // A server that refuses us at the end of TLS 1.3's handshake says so only here.
    tcp_->expires_after(std::chrono::milliseconds(limits_.linger_ms));
    const auto [ended] = co_await stream.async_shutdown(kResume);
    co_return means_taken(ended) ? written() : failed(kNotTaken);
  }
  OutgoingReply reply = co_await exchange(stream);
  if (reply.http_status != 0) co_await stream.async_shutdown(kResume);  // still within the linger time
  co_return reply;
}

asio::awaitable<OutgoingReply> OutgoingRequest::write_message() {
  const std::string frame = fmt::format("{} {}", message_.body.size(), message_.body);
  const auto [unsent, sent] = co_await asio::async_write(*tcp_, asio::buffer(frame), kResume);
  if (unsent) co_return failed(unsent == beast::error::timeout ? kTimedOut : kNotTaken);
  beast::error_code ignored;
  tcp_->socket().shutdown(tcp::socket::shutdown_send, ignored);
  tcp_->expires_after(std::chrono::milliseconds(limits_.linger_ms));
  std::array<char, 512> scratch;
  beast::error_code ended;
  while (!ended) {
    const auto [failure, bytes] = co_await tcp_->async_read_some(asio::buffer(scratch), kResume);
    ended = failure;
  }
  co_return means_taken(ended) ? written() : failed(kNotTaken);
}

asio::awaitable<OutgoingReply> OutgoingRequest::send_datagram() {
  using asio::ip::udp;
  const tcp::endpoint to = endpoint_of(addresses_.front(), target_->url.port);
  udp::socket socket(strand_);
  beast::error_code failure;
  socket.connect({to.address(), to.port()}, failure);  // only sets the address; opens the socket
  if (failure) co_return failed("could not connect");
  const auto [unsent, bytes] = co_await socket.async_send(asio::buffer(message_.body), kResume);
  co_return unsent ? failed("the datagram could not be sent") : written();
}

template <class Stream>
asio::awaitable<OutgoingReply> OutgoingRequest::exchange(Stream& stream) {
  const http::request<http::string_body> request = request_of(target_->url, std::move(message_));
  const auto [unsent, bytes] = co_await http::async_write(stream, request, kResume);
  if (unsent == beast::error::timeout) co_return failed(kTimedOut);
  // Any other failure of the write is ignored here, because a server may answer and close before it has read
  // everything. The read finds out.
  beast::flat_buffer buffer(std::max<std::size_t>(kReplyHeaderBytesMax, limits_.body_bytes_max > 0 ? kReadBytes : 0));
  std::optional<ReplyParser> parser;
  OutgoingReply reply = co_await read_header(stream, buffer, limits_.body_bytes_max, parser);
  if (reply.http_status == 0) co_return reply;
  if (limits_.body_bytes_max > 0) {
    const auto [unread, count] = co_await http::async_read(stream, buffer, *parser, kResume);
    if (unread == http::error::body_limit)
      reply.error = too_long(limits_.body_bytes_max);
    else if (unread)
      reply.error = unread == beast::error::timeout ? kTimedOut : "the answer could not be read whole";
    else
      reply.body = std::move(parser->get().body());
  }
  tcp_->expires_after(std::chrono::milliseconds(limits_.linger_ms));
  // A body that is not kept is not parsed either, so Beast's chunk parser never sees what an endpoint sends.
  if (limits_.body_bytes_max == 0) co_await drain(stream, buffer.size(), body_bytes_of(*parser));
  co_return reply;
}

}  // namespace straykey
