#pragma once
// The senders: each has one connection, pops requests from the queue and sends them as a forwarder would.
//
// Shape:  HttpSender posts. It sends again after 503, 429, another 5xx or a broken connection, waiting for Retry-After,
//         or for 0.1 s and twice as long each time up to 5 s. Any other 4xx is refused for good. SyslogSender writes,
//         and does not learn what became of it.
// Thread: each sender has a thread of its own; run() returns when the queue has nothing more.
// Bounds: a request is given up give_up_s after its first attempt, and that stops the queue.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/client/http_client.h"
#include "net/client/syslog_client.h"
#include "tools/replay/send_turn.h"

namespace straykey {

struct HttpSenderSettings {
  Url url;
  std::shared_ptr<const TlsTrust> tls;
  std::string token;
  bool gzip = false;
  double give_up_s = 120;
};

class HttpSender {
 public:
  HttpSender(const HttpSenderSettings& settings, RequestQueue& queue, SenderClock clock);

  void run();
  [[nodiscard]] const SendTally& tally() const noexcept { return tally_; }

 private:
  enum class Outcome : std::uint8_t { answered, refused, again };

  void send(const RequestQueue::Taken& taken, double free_s);
  void inject_faults(const OutgoingRequest& request);
  Outcome attempt(const OutgoingRequest& request, double& wait_s);
  void count_reply(const OutgoingRequest& request, const std::string& reply);
  [[nodiscard]] std::string head(const std::string& token, std::size_t body_bytes) const;

  const HttpSenderSettings& settings_;
  RequestQueue& queue_;
  SenderClock clock_;
  HttpClient client_;
  SendTally tally_;
  SendCounts counts_;   // of the request in hand
  std::string packed_;  // the body as it goes out, with gzip
};

struct SyslogSenderSettings {
  SyslogTarget target;
  std::shared_ptr<const TlsTrust> tls;
  double give_up_s = 120;
};

class SyslogSender {
 public:
  SyslogSender(const SyslogSenderSettings& settings, RequestQueue& queue, SenderClock clock);

  void run();
  [[nodiscard]] const SendTally& tally() const noexcept { return tally_; }

 private:
  void send(const RequestQueue::Taken& taken, double free_s);

  const SyslogSenderSettings& settings_;
  RequestQueue& queue_;
  SenderClock clock_;
  SyslogClient client_;
  SendTally tally_;
};

// Seconds to wait for Retry-After's value, `otherwise` if it says nothing usable; at most an hour.
[[nodiscard]] double retry_after_s(const std::string& value, double otherwise);

}  // namespace straykey
