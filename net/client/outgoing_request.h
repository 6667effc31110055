#pragma once
// OutgoingRequest: one HTTP request, or one syslog message, to one server on the network, from the name to the reply.
//
// Shape:  it looks up the name, checks every address, connects to one of them, does the TLS handshake, writes the
//         request and reads the reply. A connection carries one request: requests are rare, so it is worth checking
//         name and certificate each time. A caller that only wants the status keeps no body. Then some of the body is
//         read and dropped, so that closing does not reset a connection whose peer is still writing. A syslog message
//         has no reply: over a stream it is sent with its length before it, and then the peer may say for linger_ms
//         that it did not take it, by breaking the connection.
// Thread: the strand it was given.
// Order:  done is called once, on the strand, never from inside start(); not at all after cancel().
// Bounds: connect_ms for name and TCP, total_ms for all of it; 4 addresses tried; 16 KiB of reply header; a kept body
//         of body_bytes_max. Without a kept body 64 KiB of the reply are read, for at most linger_ms once the status
//         is known. Redirects are not followed.
// Errors: OutgoingReply::error, from a fixed set of sentences. Only Retry-After and the body of the reply's own text
//         are kept. No environment variable and no proxy is looked at.
// Source: RFC 6587 and RFC 5425 (octet counting). Each phase has one deadline, set as a point in time, because the
//         timer of Beast 1.81's expires_after also counts for the next operation.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/client/address_policy.h"
#include "net/client/name_lookup.h"
#include "net/client/tls_trust.h"
#include "net/client/url.h"

namespace straykey {

// Where to send: fixed at start-up, shared by the requests to one server.
struct OutgoingTarget {
  Url url;
  AddressPolicy policy;
  std::shared_ptr<const TlsTrust> trust;  // for https
};

struct OutgoingMessage {
  enum class Method : std::uint8_t { get, post };
  Method method = Method::get;
  // Beside Host, User-Agent, Connection and Content-Length, in this order.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct OutgoingLimits {
  int connect_ms = 5'000;
  int total_ms = 15'000;
  int linger_ms = 500;
  std::size_t body_bytes_max = 0;  // 0: the reply's body is not kept
};

struct OutgoingReply {
  std::uint16_t http_status = 0;  // 0: none came
  std::string retry_after;
  std::string error;  // empty if there is a status and, where it is kept, a whole body; or if it is written
  std::string body;
  bool written = false;  // a syslog message was sent, and nobody said that it did not arrive
};

class OutgoingRequest : public std::enable_shared_from_this<OutgoingRequest> {
 public:
  using Done = std::function<void(OutgoingReply)>;

  // `lookup` answers on the same strand.
  OutgoingRequest(boost::asio::any_io_executor strand, std::shared_ptr<const OutgoingTarget> target,
                  std::shared_ptr<NameLookup> lookup, OutgoingLimits limits);
  OutgoingRequest(const OutgoingRequest&) = delete;
  OutgoingRequest& operator=(const OutgoingRequest&) = delete;

  // REQUIRES: called once, on an object that a shared_ptr holds.
  void start(OutgoingMessage message, Done done);
  void cancel();

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  // Each step returns what went wrong, or an empty text.
  using Step = boost::asio::awaitable<std::string>;

  boost::asio::awaitable<OutgoingReply> run();
  Step find_addresses(Deadline deadline);
  Step connect(Deadline deadline);
  boost::asio::awaitable<OutgoingReply> exchange_over_tls(Deadline deadline);
  boost::asio::awaitable<OutgoingReply> write_message();
  boost::asio::awaitable<OutgoingReply> send_datagram();
  template <class Stream>
  boost::asio::awaitable<OutgoingReply> exchange(Stream& stream);
  void finish(OutgoingReply reply);

  boost::asio::any_io_executor strand_;
  std::shared_ptr<const OutgoingTarget> target_;
  std::shared_ptr<NameLookup> lookup_;
  OutgoingLimits limits_;
  OutgoingMessage message_;
  Done done_;
  boost::asio::steady_timer answered_timer_;  // cancelled when the lookup answers
  bool answered_ = false;
  bool cancelled_ = false;
  std::vector<IpAddress> addresses_;
  std::optional<boost::beast::tcp_stream> tcp_;
};

}  // namespace straykey
