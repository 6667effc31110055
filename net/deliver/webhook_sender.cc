#include "net/deliver/webhook_sender.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <unordered_map>
#include <utility>

#include "net/deliver/webhook_endpoint.h"
#include "net/deliver/webhook_post.h"
#include "net/deliver/webhook_queue.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using Strand = asio::strand<asio::io_context::executor_type>;
using SteadyClock = std::chrono::steady_clock;

Moment moment_now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto steady = SteadyClock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::seconds>(wall).count(),
          std::chrono::duration_cast<std::chrono::milliseconds>(steady).count()};
}

struct EndpointMetrics {
  EndpointMetrics(Metrics& metrics, const std::string& name)
      : delivered(counter(metrics, name, "delivered")),
        retry(counter(metrics, name, "retry")),
        dead(counter(metrics, name, "dead")),
        circuit_open(metrics.gauge("straykey_webhook_circuit_open",
                                   "1 while an endpoint that failed too often only gets one attempt at a time.",
                                   {{"endpoint", name}})),
        paused(metrics.gauge("straykey_webhook_paused", "1 while an endpoint that answered 410 Gone gets no attempt.",
                             {{"endpoint", name}})),
        queue(metrics.gauge("straykey_webhook_queue", "Deliveries that the sender holds, waiting or under way.",
                            {{"endpoint", name}})),
        attempt_seconds(metrics.histogram("straykey_webhook_attempt_seconds",
                                          "Time that a webhook attempt took, from the name lookup to the reply.")) {}

  Counter& delivered;
  Counter& retry;
  Counter& dead;
  Gauge& circuit_open;
  Gauge& paused;
  Gauge& queue;
  Histogram& attempt_seconds;

 private:
  static Counter& counter(Metrics& metrics, const std::string& name, std::string_view outcome) {
    return metrics.counter("straykey_webhook_deliveries_total", "Webhook attempts by how they ended.",
                           {{"endpoint", name}, {"outcome", outcome}});
  }
};

struct Endpoint {
  Endpoint(CheckedEndpoint checked, const WebhookSettings& settings, const Strand& strand, Metrics& registry)
      : name(std::move(checked.name)),
        target(std::move(checked.target)),
        keys(std::move(checked.keys)),
        queue({.retry = settings.retry,
               .rate_per_s = checked.rate_per_s,
               .concurrent_max = settings.concurrent_max,
               .failures_to_open = settings.failures_to_open}),
        lookup(std::make_shared<NameLookup>(strand, target->url.host,
                                            settings.resolve ? settings.resolve : ResolveName(resolve_with_system))),
        wake(strand),
        metrics(registry, name) {}

  std::string name;
  std::shared_ptr<OutgoingTarget> target;
  PostKeys keys;
  WebhookQueue queue;
  std::shared_ptr<NameLookup> lookup;
  asio::steady_timer wake;
  std::unordered_map<Hash128, std::shared_ptr<OutgoingRequest>> under_way;
  EndpointMetrics metrics;
};

}  // namespace

// Handlers hold it by shared_ptr, so that it outlives a sender that is destroyed before the event loop has run them.
struct WebhookSender::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, WebhookSettings chosen, Log& chosen_log, OnOutcome report)
      : strand(asio::make_strand(io)),
        settings(std::move(chosen)),
        log(chosen_log),
        on_outcome(std::move(report)),
        random(settings.jitter_seed) {}

  // Runs `work` on the strand unless stop() has been called. Because of the lock, stop() returns only when nothing more
  // will happen. Nobody else ever contends for it.
  template <class Work>
  void enter(Work work) {
    const std::lock_guard lock(gate);
    if (!stopped) work();
  }
  template <class Work>
  void post(Work work) {
    asio::post(strand,
               [self = shared_from_this(), work = std::move(work)]() mutable { self->enter([&] { work(*self); }); });
  }

  void enqueue(Delivery delivery);
  void pump(Endpoint& endpoint);
  void launch(Endpoint& endpoint, const Delivery& delivery);
  void finished(Endpoint& endpoint, const Hash128& alert_id, const OutgoingReply& reply, double seconds);
  void tell(Endpoint& endpoint, const DeliveryOutcome& outcome, bool was_open, bool was_paused);
  void arm(Endpoint& endpoint);

  Strand strand;
  WebhookSettings settings;
  Log& log;
  OnOutcome on_outcome;
  std::mt19937_64 random;
  std::map<std::string, std::unique_ptr<Endpoint>> endpoints;  // which there are does not change after start-up
  std::unordered_map<Hash128, OnOutcome> tests;                // who waits for the outcome of a test

  std::mutex gate;
  bool stopped = false;  // under gate
};

void WebhookSender::State::enqueue(Delivery delivery) {
  const auto at = endpoints.find(delivery.endpoint);
  if (at == endpoints.end()) {
    on_outcome({.endpoint = std::move(delivery.endpoint),
                .alert_id = delivery.alert_id,
                .kind = DeliveryOutcome::Kind::dead,
                .attempts = delivery.attempts,
                .error = "no endpoint of this name is configured"});
    return;
  }
  at->second->queue.put(std::move(delivery), moment_now());
  pump(*at->second);
}

void WebhookSender::State::pump(Endpoint& endpoint) {
  while (const Delivery* delivery = endpoint.queue.start(moment_now())) launch(endpoint, *delivery);
  endpoint.metrics.queue.set(static_cast<double>(endpoint.queue.held()));
  arm(endpoint);
}

void WebhookSender::State::arm(Endpoint& endpoint) {
  const auto wake_at = endpoint.queue.wake_at(moment_now());
  if (!wake_at) {
    endpoint.wake.cancel();
    return;
  }
  endpoint.wake.expires_at(SteadyClock::time_point(std::chrono::milliseconds(*wake_at)));
  endpoint.wake.async_wait([self = shared_from_this(), &endpoint](boost::system::error_code failure) {
    if (!failure) self->enter([&] { self->pump(endpoint); });
  });
}

void WebhookSender::State::launch(Endpoint& endpoint, const Delivery& delivery) {
  const auto request = std::make_shared<OutgoingRequest>(
      strand, endpoint.target, endpoint.lookup,
      OutgoingLimits{.connect_ms = settings.connect_ms, .total_ms = settings.total_ms});
  endpoint.under_way[delivery.alert_id] = request;
  const auto began = SteadyClock::now();
  // The state is captured weakly, because it holds the request, which holds this lambda until it is done or cancelled.
  request->start(post_of(endpoint.keys, delivery, moment_now().wall),
                 [weak = weak_from_this(), &endpoint, alert_id = delivery.alert_id, began](const OutgoingReply& reply) {
                   const auto self = weak.lock();
                   const std::chrono::duration<double> took = SteadyClock::now() - began;
                   if (self) self->enter([&] { self->finished(endpoint, alert_id, reply, took.count()); });
                 });
}

void WebhookSender::State::finished(Endpoint& endpoint, const Hash128& alert_id, const OutgoingReply& reply,
                                    double seconds) {
  endpoint.under_way.erase(alert_id);
  endpoint.metrics.attempt_seconds.observe(seconds);
  const Moment now = moment_now();
  AttemptResult result{reply.http_status, parse_retry_after(reply.retry_after, now.wall), reply.error, reply.written};
  if (reply.http_status >= 300 && reply.http_status < 400)
    result.error = "it answered with a redirect, which is not followed";
  else if (reply.http_status >= 400)
    result.error = "it answered with an error status";

  const bool was_open = endpoint.queue.circuit_open(), was_paused = endpoint.queue.paused();
  const double jitter = std::uniform_real_distribution<double>(0.0, 1.0)(random);
  DeliveryOutcome outcome = endpoint.queue.finish(alert_id, result, now, jitter);
  tell(endpoint, outcome, was_open, was_paused);
  const auto test = tests.extract(alert_id);
  (test.empty() ? on_outcome : test.mapped())(std::move(outcome));
  pump(endpoint);
}

// Writes metrics and log. Neither gets the URL, which may be a secret, or a byte of what the endpoint answered.
void WebhookSender::State::tell(Endpoint& endpoint, const DeliveryOutcome& outcome, bool was_open, bool was_paused) {
  using Kind = DeliveryOutcome::Kind;
  const EndpointMetrics& metrics = endpoint.metrics;
  (outcome.kind == Kind::delivered ? metrics.delivered
   : outcome.kind == Kind::retry   ? metrics.retry
                                   : metrics.dead)
      .add();
  metrics.circuit_open.set(endpoint.queue.circuit_open() ? 1 : 0);
  metrics.paused.set(endpoint.queue.paused() ? 1 : 0);

  const LogField name{"endpoint", endpoint.name};
  const LogField status{"status", std::to_string(outcome.http_status)};
  const LogField error{"error", outcome.error};
  const LogField attempts{"attempts", std::to_string(outcome.attempts)};
  const LogField alert{"alert", outcome.alert_id.hex()};
  if (outcome.kind == Kind::retry)
    log.warning("webhook attempt failed and will be repeated",
                {name, alert, attempts, status, error, {"next", format_time(outcome.next_attempt)}});
  if (outcome.kind == Kind::dead) log.error("webhook delivery given up", {name, alert, attempts, status, error});
  if (!was_paused && endpoint.queue.paused())
    log.error("webhook endpoint answered 410 Gone and is paused until it is resumed", {name});
  if (was_paused && !endpoint.queue.paused()) log.info("webhook endpoint is no longer paused", {name});
  if (!was_open && endpoint.queue.circuit_open())
    log.error("webhook endpoint keeps failing and gets one attempt at a time", {name, status, error});
  if (was_open && !endpoint.queue.circuit_open()) log.info("webhook endpoint is well again", {name});
}

Result<std::unique_ptr<WebhookSender>> WebhookSender::create(asio::io_context& io,
                                                             const std::vector<WebhookEndpoint>& endpoints,
                                                             WebhookSettings settings, Metrics& metrics, Log& log,
                                                             OnOutcome on_outcome) {
  std::vector<std::string> errors;
  std::vector<CheckedEndpoint> checked = check_endpoints(endpoints, errors);
  if (!errors.empty()) {
    std::string all;
    for (const std::string& error : errors) all.append(all.empty() ? "" : "\n").append(error);
    return Error{std::move(all)};
  }
  const auto state = std::make_shared<State>(io, std::move(settings), log, std::move(on_outcome));
  for (CheckedEndpoint& endpoint : checked) {
    const std::string name = endpoint.name;
    state->endpoints[name] = std::make_unique<Endpoint>(std::move(endpoint), state->settings, state->strand, metrics);
  }
  return std::unique_ptr<WebhookSender>(new WebhookSender(state));
}

WebhookSender::WebhookSender(std::shared_ptr<State> state) : state_(std::move(state)) {}

WebhookSender::~WebhookSender() {
  stop();
}

void WebhookSender::deliver(Delivery delivery) {
  state_->post([delivery = std::move(delivery)](State& state) mutable { state.enqueue(std::move(delivery)); });
}

void WebhookSender::ask_states(OnStates on_states) {
  state_->post([on_states = std::move(on_states)](State& state) {
    std::vector<EndpointState> states;
    for (const auto& [name, endpoint] : state.endpoints)
      states.push_back({name, endpoint->queue.paused(), endpoint->queue.circuit_open(), endpoint->queue.held()});
    on_states(std::move(states));
  });
}

void WebhookSender::test(Delivery delivery, OnOutcome on_end) {
  state_->post([delivery = std::move(delivery), on_end = std::move(on_end)](State& state) mutable {
    INVARIANT(delivery.marked_test);
    const Hash128 id = delivery.alert_id;
    state.tests.emplace(id, std::move(on_end));
    state.enqueue(std::move(delivery));
  });
}

bool WebhookSender::knows(const std::string& endpoint) const {
  return state_->endpoints.contains(endpoint);
}

void WebhookSender::pause(std::string endpoint) {
  state_->post([endpoint = std::move(endpoint)](State& state) {
    const auto at = state.endpoints.find(endpoint);
    if (at == state.endpoints.end()) return;
    at->second->queue.pause();
    at->second->metrics.paused.set(1);
    state.arm(*at->second);
  });
}

void WebhookSender::resume(std::string endpoint) {
  state_->post([endpoint = std::move(endpoint)](State& state) {
    const auto at = state.endpoints.find(endpoint);
    if (at == state.endpoints.end()) return;
    at->second->queue.resume(moment_now());
    at->second->metrics.paused.set(0);
    state.pump(*at->second);
  });
}

void WebhookSender::stop() {
  {
    const std::lock_guard lock(state_->gate);
    if (std::exchange(state_->stopped, true)) return;
  }
  // The set of endpoints does not change any more. Lookups may be closed on any thread, everything else only on the
  // strand.
  for (const auto& [name, endpoint] : state_->endpoints) endpoint->lookup->close();
  asio::post(state_->strand, [state = state_] {
    for (const auto& [name, endpoint] : state->endpoints) {
      endpoint->wake.cancel();
      for (const auto& [alert_id, request] : endpoint->under_way) request->cancel();
      endpoint->under_way.clear();
    }
  });
}

}  // namespace straykey
