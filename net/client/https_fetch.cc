#include "net/client/https_fetch.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

#include "net/client/webhook_url.h"
#include "net/deliver/webhook_connection.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

struct Fetch {
  const FetchSettings& settings;
  WebhookUrl url;
  std::string body;
  std::string failure = "no answer within the time limit";
};

bool is_loopback(const WebhookUrl& url) {
  return url.literal && ((url.literal->is_v4() && url.literal->v4() >> 24 == 127) || url.literal->text() == "::1");
}

// Writes the request, reads the reply; what went wrong or is right goes into `fetch`.
template <class Stream>
asio::awaitable<void> exchange(Stream& stream, Fetch& fetch) {
  boost::system::error_code error;
  http::request<http::empty_body> request{http::verb::get, fetch.url.target, 11};
  request.set(http::field::host, fetch.url.host_header);
  request.set(http::field::user_agent, "straykey/" STRAYKEY_VERSION);
  request.set(http::field::connection, "close");
  co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    fetch.failure = "the request could not be sent: " + error.message();
    co_return;
  }
  boost::beast::flat_buffer buffer{64 * 1024};
  http::response_parser<http::string_body> parser;
  parser.body_limit(fetch.settings.bytes_max);
  co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error == http::error::body_limit) {
    fetch.failure = fmt::format("the answer is longer than {} bytes", fetch.settings.bytes_max);
  } else if (error) {
    fetch.failure = "the answer could not be read whole: " + error.message();
  } else if (parser.get().result_int() != 200) {
    fetch.failure = fmt::format("the server answered {}", parser.get().result_int());
  } else {
    fetch.body = std::move(parser.get().body());
    fetch.failure.clear();
  }
}

asio::awaitable<void> run(asio::io_context& io, std::optional<asio::ssl::context>& tls, Fetch& fetch) {
  boost::system::error_code error;
  tcp::resolver resolver(io);
  const auto found = co_await resolver.async_resolve(fetch.url.host, std::to_string(fetch.url.port),
                                                     asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    fetch.failure = "the name cannot be resolved: " + error.message();
    co_return;
  }
  tcp::socket socket(io);
  co_await asio::async_connect(socket, found, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    fetch.failure = "no connection: " + error.message();
    co_return;
  }
  if (!tls) {
    co_await exchange(socket, fetch);
    co_return;
  }
  asio::ssl::stream<tcp::socket&> stream(socket, *tls);
  if (!fetch.url.literal) SSL_set_tlsext_host_name(stream.native_handle(), fetch.url.host.c_str());
  stream.set_verify_callback(asio::ssl::host_name_verification(fetch.url.host), error);
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    fetch.failure = "the certificate cannot be trusted or TLS failed: " + error.message();
    co_return;
  }
  co_await exchange(stream, fetch);
}

}  // namespace

Result<std::string> fetch_https(const FetchSettings& settings) {
  auto url = parse_webhook_url(settings.url);
  if (!url) return url.error();
  Fetch fetch{settings, std::move(url).value(), {}};
  if (!fetch.url.https && !is_loopback(fetch.url)) return Error{"the address must begin with https://"};
  std::optional<asio::ssl::context> tls;
  if (fetch.url.https) {
    auto context = webhook_tls_context(settings.ca_file);
    if (!context) return context.error();
    tls.emplace(std::move(context).value());
  }
  asio::io_context io{1};
  asio::co_spawn(io, run(io, tls, fetch), asio::detached);
  io.run_for(std::chrono::milliseconds(settings.total_ms));
  if (!fetch.failure.empty()) return Error{fetch.failure};
  return std::move(fetch.body);
}

}  // namespace straykey
