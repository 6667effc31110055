#pragma once
// WebhookReceiver: a small HTTP or HTTPS server on 127.0.0.1. It keeps what it receives, and answers as the test says.
//
// Thread: a strand of the given event loop; requests() and the counters only while nobody runs it.
// Bounds: requests of up to 1 MiB.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/strand.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/self_signed.h"

namespace straykey {

class WebhookReceiver {
 public:
  struct Request {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Reply {
    std::string bytes;     // as they go onto the wire
    bool endless = false;  // then more bytes until the peer closes
    bool hold = false;     // then nothing until the peer closes
  };
  using Answer = std::function<Reply(const Request&)>;

  WebhookReceiver(boost::asio::io_context& io, Answer answer, std::optional<SelfSigned> tls = std::nullopt);
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;
  ~WebhookReceiver();

  // "http(s)://`host`:port/in".
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] const std::vector<Request>& requests() const;
  [[nodiscard]] std::size_t connections() const;  // accepted so far
  [[nodiscard]] std::size_t connections_open() const;
  [[nodiscard]] std::size_t bytes_sent() const;

  // A reply with a length and an empty body.
  [[nodiscard]] static Reply status(int code, const std::string& headers = {});

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Runs the event loop until `done`, for 10 s at most; whether it was.
[[nodiscard]] bool run_until(boost::asio::io_context& io, const std::function<bool()>& done);

}  // namespace straykey
