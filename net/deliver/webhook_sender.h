#pragma once
// WebhookSender: posts what the merger hands over to the configured endpoints, and says how each attempt went.
//
// Shape:  for each endpoint a queue (webhook_queue), a name lookup and up to 4 attempts under way; one dead endpoint
//         slows no other.
// Thread: the functions of the class any; everything else happens on a strand of the given event loop, whatever
//         threads run it.
// Order:  every attempt ends in one outcome. After `retry` the sender keeps the delivery and repeats it itself. An
//         outcome is reported after the attempt, so a crash between the two repeats the attempt, and each alert is
//         delivered at least once.
// Bounds: kDeliveriesHeldMax deliveries an endpoint; the time limits of OutgoingLimits; the rate of the endpoint.
// Errors: at start-up, one sentence for each mistake; later, DeliveryOutcome::error. Neither they nor the log hold a
//         URL or a secret. A delivery for an endpoint that is not configured is dead. A delivery marked as a test is
//         tried once.
// Source: Standard Webhooks 1.0.0.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "core/engine/delivery.h"
#include "core/location/ip_address.h"
#include "net/deliver/retry_schedule.h"

namespace boost::asio {
class io_context;
}

namespace straykey {

struct BodyFormat;

inline constexpr std::int64_t kClaimMs = 1'000;
inline constexpr double kRatePerSecondMin = 0.001;
inline constexpr double kRatePerSecondMax = 1'000;

struct WebhookEndpoint {
  std::string name;  // A-Z a-z 0-9 . _ -, up to 64; the only thing that log and metrics show
  std::string url;
  const BodyFormat* format = nullptr;  // null: the first of body_formats()
  std::vector<std::string> secrets;    // what the format wants: whsec_..., several while rotating, or one key, or none
  bool sign = true;                    // false for receivers that know no signature, where the format would have one
  // Of the header Authorization, for receivers behind such a door; empty: none.
  std::string authorization_scheme = "Bearer", authorization;
  bool allow_http = false;
  std::vector<Prefix> allow_cidrs;  // `inside` ranges (address_policy.h) that this endpoint may lead to
  std::string ca_file;              // empty: the system's authorities
  double rate_per_s = 10;

  bool operator==(const WebhookEndpoint&) const = default;
};

struct WebhookSettings {
  RetryPolicy retry;
  int connect_ms = 5'000;
  int total_ms = 15'000;
  std::size_t concurrent_max = 4;
  std::uint32_t failures_to_open = 5;
  std::uint64_t jitter_seed = 0;  // from the system's random source, so that many installations do not retry in step
  // With a second node: asked before each attempt but those of marked tests. An answer that takes longer than
  // kClaimMs counts for nothing, because another node may have taken over since.
  std::function<void(DeliveryClaim)> claim;
  // Replaces the system's resolver, for tests of what a name server might answer.
  std::function<std::vector<IpAddress>(const std::string& host)> resolve;
};

// Everything that is wrong with the endpoints, a sentence each; empty if they can be used. Reads each ca_file.
[[nodiscard]] std::vector<std::string> webhook_endpoint_errors(const std::vector<WebhookEndpoint>& endpoints);

class WebhookSender {
 public:
  // Called on the strand, one at a time, for every attempt; must not block and must not call stop().
  using OnOutcome = std::function<void(DeliveryOutcome)>;

  // The error holds all of webhook_endpoint_errors(), a line each. `io`, `metrics` and `log` outlive the sender.
  [[nodiscard]] static Result<std::unique_ptr<WebhookSender>> create(boost::asio::io_context& io,
                                                                     const std::vector<WebhookEndpoint>& endpoints,
                                                                     WebhookSettings settings, Metrics& metrics,
                                                                     Log& log, OnOutcome on_outcome);
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;
  ~WebhookSender();

  void deliver(Delivery delivery);

  struct EndpointState {
    std::string name;
    bool paused = false, circuit_open = false;
    std::size_t queue = 0;       // deliveries that the sender holds
    std::int64_t oldest_ms = 0;  // for how long the oldest of them
  };
  using OnStates = std::function<void(std::vector<EndpointState>)>;
  // Calls it on the strand with the state of every endpoint, in the order of their names.
  void ask_states(OnStates on_states);

  // Sends a delivery marked as a test, once, past pause and circuit. Its outcome goes to `on_end`, on the strand, and
  // to nobody else. REQUIRES: marked_test, and an id of its own.
  void test(Delivery delivery, OnOutcome on_end);

  // Adds endpoints, and changes those of their names: from the next attempt on they are as given. An endpoint that is
  // really another one than before is tried at once, whatever failed so far. The error is as of create(), and then
  // nothing has changed.
  [[nodiscard]] Status use(const std::vector<WebhookEndpoint>& endpoints);
  // Forgets all other endpoints and what waits for them, which nobody hears of: the outbox has it. What is under way to
  // them ends in its outcome. First let the merger hand over nothing more for them.
  void keep_only(std::set<std::string> names);

  // Forgets what waits: another node delivers it. What is under way ends in its outcome.
  void drop_deliveries();

  // pause(): the endpoint gets nothing until resume(); what waits is kept. resume() ends that, and the pause that a 410
  // began. An unknown name has no effect.
  void pause(std::string endpoint);
  void resume(std::string endpoint);

  // After it has returned, no outcome is reported and neither log nor metrics are touched. Attempts under way are
  // abandoned. They may have reached their endpoint, and are repeated after the next start.
  void stop();

 private:
  struct State;
  explicit WebhookSender(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace straykey
