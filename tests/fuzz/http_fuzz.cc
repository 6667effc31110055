// Any bytes as a whole HTTP connection, or as the body of a protocol, spoken to the real session over a socket pair.
// Whole and in pieces they must get the same answers, every byte that is answered must be of a reply of ours, and
// nothing of the byte budget may be held afterwards.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/invariant.h"
#include "net/http/http_session.h"
#include "net/ingest/http_ingest.h"
#include "net/ingest/http_protocols.h"
#include "tests/fuzz/socket_pair.h"
#include "tests/fuzz/targets.h"

namespace straykey {
namespace {

constexpr std::string_view kToken = "ingest-token-0123456789";

// What a connection came to: the statuses in their order, and how many events were stored.
struct Spoken {
  std::vector<std::string> statuses;
  std::size_t events = 0;
  bool operator==(const Spoken&) const = default;
};

// One listener with every protocol; a pipeline stands behind it that stores at once.
class Site {
 public:
  Site() {
    Intake::Callbacks reading;
    reading.now = [] { return Seconds{1'780'000'000}; };
    intake_ = std::make_unique<Intake>(PayloadLimits{}, 2, std::move(reading), metrics_);
    HttpIngest::Callbacks callbacks;
    callbacks.submit = [this](std::unique_ptr<Request>& request) {
      const std::unique_ptr<Request> taken = std::move(request);
      events_ += taken->events.size();
      taken->on_done(RequestOutcome::committed);
      return SubmitResult::accepted;
    };
    ingest_ = std::make_unique<HttpIngest>(HttpIngest::Dependencies{*intake_, 1}, std::move(callbacks), metrics_);
    HttpRouter router;
    IngestSettings settings;
    settings.body_bytes_max = 1 << 20;
    settings.limits.inflated_bytes_max = 1 << 20;  // fewer events than one Request holds: no thread has to help
    for (const AddHttpProtocol add : kHttpProtocols) add(router, *ingest_, settings);
    AuthSettings auth;
    auth.failures_per_second_max = std::numeric_limits<unsigned>::max();
    const auto tokens = std::make_shared<Authenticator>(auth);
    INVARIANT(tokens->replace({{"forwarder", std::string(kToken), TokenScope::ingest}}).ok());
    budget_ = std::make_shared<ByteBudget>(std::size_t{1} << 30);
    listener_ =
        std::make_shared<HttpListener>(HttpListenerSettings{}, std::move(router), tokens, budget_, nullptr, metrics_);
  }

  Spoken speak(std::string_view bytes, std::size_t piece) {
    events_ = 0;
    SocketPair pair;
    auto session = std::make_shared<HttpSession>(listener_, pair.take_socket(), nullptr, StreamPeer{});
    auto run = [session]() -> IoAwait<void> { co_await session->run(); };
    boost::asio::co_spawn(pair.context(), std::move(run), boost::asio::detached);
    session.reset();
    const std::string answers = pair.exchange(bytes, piece);
    INVARIANT(budget_->used() == 0);
    return {statuses_in(answers), events_};
  }

 private:
  // Bodies of ours never hold this text, and none of what was sent is in them.
  static std::vector<std::string> statuses_in(std::string_view answers) {
    constexpr std::string_view kBegin = "HTTP/1.1 ";
    INVARIANT(answers.empty() || answers.starts_with(kBegin));
    std::vector<std::string> statuses;
    for (std::size_t at = answers.find(kBegin); at != std::string_view::npos; at = answers.find(kBegin, at + 1)) {
      const std::string_view status = answers.substr(at + kBegin.size(), 3);
      // Whether somebody waits for it depends on what has come by then.
      if (status != "100") statuses.emplace_back(status);
    }
    return statuses;
  }

  Metrics metrics_;
  std::size_t events_ = 0;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<HttpIngest> ingest_;
  std::shared_ptr<ByteBudget> budget_;
  std::shared_ptr<HttpListener> listener_;
};

void compare(std::string_view bytes, std::size_t piece) {
  static Site site;
  const Spoken whole = site.speak(bytes, std::max<std::size_t>(bytes.size(), 1));
  INVARIANT(whole == site.speak(bytes, piece));
}

// `head` ends before Content-Length.
void send_body(std::string_view head, std::string_view body) {
  std::string bytes(head);
  bytes.append("Host: a\r\nAuthorization: Bearer ").append(kToken).append("\r\nContent-Length: ");
  bytes.append(std::to_string(body.size())).append("\r\nConnection: close\r\n\r\n").append(body);
  compare(bytes, bytes.size() / 3 + 1);
}

}  // namespace

// The first byte says how long the pieces are.
void fuzz_http(std::string_view input) {
  if (input.empty()) return;
  const std::size_t piece = static_cast<unsigned char>(input[0]) % 32 + 1u;
  compare(input.substr(1), std::max(piece, input.size() / 200));
}

void fuzz_firehose(std::string_view input) {
  send_body("POST /firehose HTTP/1.1\r\nX-Amz-Firehose-Request-Id: r-1\r\n", input);
}

// The first byte picks the address.
void fuzz_splunk(std::string_view input) {
  if (input.empty()) return;
  constexpr std::array<std::string_view, 3> kPaths{"/services/collector", "/services/collector/raw",
                                                   "/services/collector/ack"};
  const std::string_view path = kPaths[static_cast<unsigned char>(input[0]) % kPaths.size()];
  send_body("POST " + std::string(path) + " HTTP/1.1\r\nX-Splunk-Request-Channel: c-1\r\n", input.substr(1));
}

void fuzz_bulk(std::string_view input) {
  send_body("POST /trail/_bulk HTTP/1.1\r\n", input);
}

// The first byte picks JSON or protobuf.
void fuzz_otlp(std::string_view input) {
  if (input.empty()) return;
  const bool json = static_cast<unsigned char>(input[0]) % 2 == 0;
  send_body(
      std::string("POST /v1/logs HTTP/1.1\r\nContent-Type: application/") + (json ? "json" : "x-protobuf") + "\r\n",
      input.substr(1));
}

void fuzz_datadog(std::string_view input) {
  send_body("POST /api/v2/logs HTTP/1.1\r\n", input);
}

}  // namespace straykey
