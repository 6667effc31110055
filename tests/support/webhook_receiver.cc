#include "tests/support/webhook_receiver.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <chrono>

namespace straykey {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kResume = asio::as_tuple(asio::use_awaitable);

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

struct WebhookReceiver::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Answer chosen)
      : strand(asio::make_strand(io)),
        acceptor(strand, {asio::ip::address_v4::loopback(), 0}),
        answer(std::move(chosen)) {}

  asio::awaitable<void> accept() {
    for (;;) {
      auto [failure, socket] = co_await acceptor.async_accept(kResume);
      if (failure) co_return;
      ++accepted;
      asio::co_spawn(
          strand,
          [self = shared_from_this(), peer = std::move(socket)]() mutable { return self->serve(std::move(peer)); },
          asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    ++open;
    if (tls) {
      asio::ssl::stream<tcp::socket> stream(std::move(socket), *tls);
      const auto [failure] = co_await stream.async_handshake(asio::ssl::stream_base::server, kResume);
      if (!failure) co_await converse(stream);
    } else {
      co_await converse(socket);
    }
    --open;
  }

  template <class Stream>
  asio::awaitable<void> converse(Stream& stream) {
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> message;
    const auto [failure, read] = co_await http::async_read(stream, buffer, message, kResume);
    if (failure) co_return;
    Request request{std::string(message.method_string()), std::string(message.target()), {}, message.body()};
    for (const auto& field : message)
      request.headers[lower(std::string(field.name_string()))] = std::string(field.value());
    requests.push_back(request);
    const Reply reply = answer(request);
    co_await send(stream, reply.bytes);
    const std::string more(4'096, 'x');
    for (bool open_still = reply.endless; open_still;) open_still = co_await send(stream, more);
    char nothing = 0;
    while (reply.hold) {
      const auto [closed, got] = co_await stream.async_read_some(asio::buffer(&nothing, 1), kResume);
      if (closed) co_return;
    }
  }

  template <class Stream>
  asio::awaitable<bool> send(Stream& stream, const std::string& bytes) {
    const auto [failure, count] = co_await asio::async_write(stream, asio::buffer(bytes), kResume);
    sent += count;
    co_return !failure;
  }

  asio::strand<asio::io_context::executor_type> strand;
  tcp::acceptor acceptor;
  Answer answer;
  std::optional<asio::ssl::context> tls;
  std::vector<Request> requests;
  std::size_t accepted = 0;
  std::size_t open = 0;
  std::size_t sent = 0;
};

WebhookReceiver::WebhookReceiver(asio::io_context& io, Answer answer, std::optional<SelfSigned> tls)
    : state_(std::make_shared<State>(io, std::move(answer))) {
  if (tls) {
    state_->tls.emplace(asio::ssl::context::tls_server);
    state_->tls->use_certificate_chain(asio::buffer(tls->certificate_pem));
    state_->tls->use_private_key(asio::buffer(tls->key_pem), asio::ssl::context::pem);
  }
  asio::co_spawn(
      state_->strand, [state = state_] { return state->accept(); }, asio::detached);
}

WebhookReceiver::~WebhookReceiver() {
  asio::post(state_->strand, [state = state_] { state->acceptor.close(); });
}

std::string WebhookReceiver::url(const std::string& host) const {
  return (state_->tls ? "https://" : "http://") + host + ":" + std::to_string(port()) + "/in";
}

std::uint16_t WebhookReceiver::port() const {
  return state_->acceptor.local_endpoint().port();
}
const std::vector<WebhookReceiver::Request>& WebhookReceiver::requests() const {
  return state_->requests;
}
std::size_t WebhookReceiver::connections() const {
  return state_->accepted;
}
std::size_t WebhookReceiver::connections_open() const {
  return state_->open;
}
std::size_t WebhookReceiver::bytes_sent() const {
  return state_->sent;
}

WebhookReceiver::Reply WebhookReceiver::status(int code, const std::string& headers) {
  return {.bytes = "HTTP/1.1 " + std::to_string(code) + " Said\r\n" + headers + "Content-Length: 0\r\n\r\n"};
}

bool run_until(asio::io_context& io, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done() && std::chrono::steady_clock::now() < deadline) {
    if (io.stopped()) io.restart();
    io.run_one_until(deadline);
  }
  return done();
}

}  // namespace straykey
