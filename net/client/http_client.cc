#include "net/client/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <optional>
#include <thread>

namespace straykey {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadBytes = 64 * 1024;

// What a reply of so many bytes has on top of limit_time().
std::chrono::milliseconds time_for(std::uint64_t bytes) {
  return std::chrono::milliseconds(bytes * 1'000 / HttpClient::kBytesPerSecondMin);
}

std::string render(std::string_view first_line, const Url& url, const std::vector<HttpClientHeader>& headers) {
  std::string head =
      fmt::format("{}\r\nHost: {}\r\nUser-Agent: straykey/" STRAYKEY_VERSION "\r\n", first_line, url.host_header);
  for (const HttpClientHeader& header : headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  return head;
}

}  // namespace

std::string render_post(const Url& url, const std::vector<HttpClientHeader>& headers, std::size_t body_bytes) {
  return render(fmt::format("POST {} HTTP/1.1", url.target), url, headers) +
         fmt::format("Content-Length: {}\r\n\r\n", body_bytes);
}

std::string render_get(const Url& url, const std::vector<HttpClientHeader>& headers) {
  return render(fmt::format("GET {} HTTP/1.1", url.target), url, headers) + "\r\n";
}

std::string render_put(const Url& url, const std::vector<HttpClientHeader>& headers, std::size_t body_bytes) {
  return render(fmt::format("PUT {} HTTP/1.1", url.target), url, headers) +
         fmt::format("Content-Length: {}\r\n\r\n", body_bytes);
}

struct HttpClient::Parser {
  std::optional<http::response_parser<http::string_body>> parser;
};

HttpClient::HttpClient(Url url, std::shared_ptr<const TlsTrust> tls, ClientSocket::Limits limits)
    : url_(std::move(url)), socket_(std::move(limits), url_.https ? tls : nullptr) {
  INVARIANT(!url_.https || tls != nullptr);
}

Status HttpClient::open() {
  ++connections_;
  received_.clear();
  return socket_.connect(url_.host, url_.port);
}

Result<HttpClientReply> HttpClient::exchange(std::string_view head, std::string_view body) {
  for (bool reused = socket_.is_open();; reused = false) {
    if (!socket_.is_open())
      if (Status status = open(); !status.ok()) return status.error();
    bool got_bytes = false;
    const Status written = socket_.write(head, body);
    Result<HttpClientReply> reply = written.ok() ? read_reply(got_bytes) : Result<HttpClientReply>(written.error());
    if (reply.ok() || !reused || got_bytes) return reply;
  }
}

Result<HttpClientReply> HttpClient::exchange_slowly(std::string_view head, std::string_view body, std::size_t pieces,
                                                    int pause_ms) {
  INVARIANT(pieces >= 1, pieces);
  socket_.close();  // an idle connection might be closed by the server in the middle of this
  if (Status status = open(); !status.ok()) return status.error();
  const std::string request = std::string(head).append(body);
  const std::size_t piece = request.size() / pieces + 1;
  for (std::size_t at = 0; at < request.size(); at += piece) {
    if (at > 0) std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
    if (Status status = socket_.write(std::string_view(request).substr(at, piece)); !status.ok()) return status.error();
  }
  bool got_bytes = false;
  return read_reply(got_bytes);
}

Status HttpClient::break_off(std::string_view head, std::string_view body, std::size_t bytes) {
  if (!socket_.is_open())
    if (Status status = open(); !status.ok()) return status;
  const std::size_t of_head = std::min(bytes, head.size());
  const Status status = socket_.write(head.substr(0, of_head), body.substr(0, bytes - of_head));
  socket_.close();
  return status;
}

HttpClientReply HttpClient::reply_of(Parser& parser) const {
  auto& message = parser.parser->get();
  HttpClientReply reply{message.result_int(), std::string(message[http::field::retry_after]),
                        std::move(message.body())};
  for (const std::string& name : kept_)
    if (const auto at = message.find(name); at != message.end())
      reply.headers.push_back({name, std::string(at->value())});
  return reply;
}

Result<HttpClientReply> HttpClient::read_reply(bool& got_bytes) {
  Parser parsed;
  auto& parser = parsed.parser;
  was_too_long_ = false;
  const auto begin = [&] {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(16 * 1024);
    parser->body_limit(reply_bytes_max_);
  };
  begin();
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t received = 0;
  std::array<char, kReadBytes> bytes;
  while (true) {
    boost::system::error_code error;
    if (!received_.empty()) {
      const std::size_t used = parser->put(boost::asio::buffer(received_), error);
      received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(used));
      if (error == http::error::body_limit) {
        was_too_long_ = true;
        socket_.close();
        return Error{fmt::format("the answer is longer than {} bytes", reply_bytes_max_)};
      }
      if (error && error != http::error::need_more) break;
    }
    if (parser->is_done()) {
      if (parser->get().result_int() >= 200) {
        if (!parser->keep_alive()) socket_.close();
        return reply_of(parsed);
      }
      begin();  // 1xx: the real reply follows
      if (!received_.empty()) continue;
    }
    Result<std::size_t> count = socket_.read(bytes.data(), bytes.size());
    if (!count) return count.error();
    if (*count == 0) {
      socket_.close();
      if (parser->got_some()) parser->put_eof(error);
      if (error || !parser->is_done()) return Error{"the server closed the connection without a whole answer"};
      return reply_of(parsed);
    }
    got_bytes = true;
    received += *count;
    if (reply_time_ && std::chrono::steady_clock::now() - began > *reply_time_ + time_for(received)) {
      socket_.close();
      return Error{fmt::format("the answer came too slowly: {} bytes within its time", received)};
    }
    received_.insert(received_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  socket_.close();
  return Error{"the answer was not usable HTTP"};
}

}  // namespace straykey
