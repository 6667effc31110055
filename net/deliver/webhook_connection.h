#pragma once
// WebhookConnection: one POST to one endpoint, from the name to the status line.
//
// Shape:  look up the name, check every address, connect to a checked one, TLS, write, read the header of the reply,
//         linger. A connection carries one request: alerts are few, and a fresh look at name and certificate each
//         time is worth it.
// Thread: the strand it was given.
// Order:  done is called once, on the strand, never from inside start(); not at all after cancel().
// Bounds: connect_ms for name and TCP, total_ms for all of it; 4 addresses tried; 16 KiB of reply header; 64 KiB of
//         reply read, for at most linger_ms once the status is known.
// Errors: AttemptReply::error, from a fixed set of sentences; of the reply's own text only Retry-After is kept.
// Source: one deadline a phase, set as a point in time, since Beast 1.81's expires_after runs on into the next
//         operation.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client/address_policy.h"
#include "net/client/name_lookup.h"
#include "net/client/webhook_url.h"

namespace straykey {

// Where to post: fixed at start-up, shared by an endpoint's attempts.
struct WebhookTarget {
  WebhookUrl url;
  AddressPolicy policy;
  std::optional<boost::asio::ssl::context> tls;  // for https
};

struct WebhookPost {
  std::string id;
  std::string timestamp;
  std::string signature;  // empty: not signed
  std::string body;
};

struct WebhookTimeLimits {
  int connect_ms = 5'000;
  int total_ms = 15'000;
  int linger_ms = 500;
};

struct AttemptReply {
  std::uint16_t http_status = 0;
  std::string retry_after;
  std::string error;  // empty with a status
};

// A client's TLS, 1.2 with forward secrecy and AEAD or 1.3. Peers are verified by the system's authorities, or by
// those in `ca_file` alone if it is not empty. Looks at no environment variable.
[[nodiscard]] Result<boost::asio::ssl::context> webhook_tls_context(const std::string& ca_file);

class WebhookConnection : public std::enable_shared_from_this<WebhookConnection> {
 public:
  using Done = std::function<void(const AttemptReply&)>;

  // `lookup` answers on the same strand.
  WebhookConnection(boost::asio::any_io_executor strand, std::shared_ptr<WebhookTarget> target,
                    std::shared_ptr<NameLookup> lookup, WebhookTimeLimits limits);
  WebhookConnection(const WebhookConnection&) = delete;
  WebhookConnection& operator=(const WebhookConnection&) = delete;

  // REQUIRES: called once, on an object that a shared_ptr holds.
  void start(WebhookPost post, Done done);
  void cancel();

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  // The steps give back what went wrong, or an empty text.
  using Step = boost::asio::awaitable<std::string>;

  boost::asio::awaitable<AttemptReply> run();
  Step find_addresses(Deadline deadline);
  Step connect(Deadline deadline);
  boost::asio::awaitable<AttemptReply> exchange_over_tls(Deadline deadline);
  template <class Stream>
  boost::asio::awaitable<AttemptReply> exchange(Stream& stream);
  void finish(AttemptReply reply);

  boost::asio::any_io_executor strand_;
  std::shared_ptr<WebhookTarget> target_;
  std::shared_ptr<NameLookup> lookup_;
  WebhookTimeLimits limits_;
  WebhookPost post_;
  Done done_;
  boost::asio::steady_timer answered_timer_;  // cancelled when the lookup answers
  bool answered_ = false;
  bool cancelled_ = false;
  std::vector<IpAddress> addresses_;
  std::optional<boost::beast::tcp_stream> tcp_;
};

}  // namespace straykey
