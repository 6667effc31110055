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

struct Endpoint : std::enable_shared_from_this<Endpoint> {
  Endpoint(CheckedEndpoint checked, WebhookEndpoint as_given, const WebhookSettings& settings, const Strand& strand,
           Metrics& registry)
      : name(std::move(checked.name)),
        given(std::move(as_given)),
        target(std::move(checked.target)),
        keys(std::move(checked.keys)),
        queue({.retry = settings.retry,
               .rate_per_s = checked.rate_per_s,
               .concurrent_max = settings.concurrent_max,
               .failures_to_open = settings.failures_to_open}),
        lookup(lookup_of(settings, strand)),
        wake(strand),
        metrics(registry, name) {}

  [[nodiscard]] std::shared_ptr<NameLookup> lookup_of(const WebhookSettings& settings, const Strand& strand) const {
    return std::make_shared<NameLookup>(strand, target->url.host,
                                        settings.resolve ? settings.resolve : ResolveName(resolve_with_system));
  }

  std::string name;
  WebhookEndpoint given;  // to see what a change changes
  std::shared_ptr<OutgoingTarget> target;
  PostKeys keys;
  WebhookQueue queue;
  std::shared_ptr<NameLookup> lookup;
  asio::steady_timer wake;
  std::unordered_map<Hash128, std::shared_ptr<OutgoingRequest>> under_way;
  bool is_gone = false;  // no longer configured: what is under way is the last
  bool is_new = false;   // or another one than before, and not tried yet: when earlier attempts were due says nothing
  EndpointMetrics metrics;
};

std::string as_lines(const std::vector<std::string>& errors) {
  std::string all;
  for (const std::string& error : errors) all.append(all.empty() ? "" : "\n").append(error);
  return all;
}

}  // namespace

// Handlers hold it by shared_ptr, so that it outlives a sender that is destroyed before the event loop has run them.
struct WebhookSender::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, WebhookSettings chosen, Metrics& metrics, Log& chosen_log, OnOutcome report)
      : strand(asio::make_strand(io)),
        settings(std::move(chosen)),
        registry(metrics),
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

  void use(CheckedEndpoint checked, WebhookEndpoint given, bool starts);
  void let_go(std::shared_ptr<Endpoint> endpoint);
  void enqueue(Delivery delivery);
  void pump(Endpoint& endpoint);
  void launch(Endpoint& endpoint, const Delivery& delivery);
  void claim(Endpoint& endpoint, const Delivery& delivery);
  void claimed(Endpoint& endpoint, const Hash128& alert_id, ClaimAnswer answer, std::int64_t asked_ms);
  void finished(Endpoint& endpoint, const Hash128& alert_id, const OutgoingReply& reply, double seconds);
  void tell(Endpoint& endpoint, const DeliveryOutcome& outcome, bool was_open, bool was_paused);
  void arm(Endpoint& endpoint);

  Strand strand;
  WebhookSettings settings;
  Metrics& registry;
  Log& log;
  OnOutcome on_outcome;
  std::mt19937_64 random;
  std::map<std::string, std::shared_ptr<Endpoint>> endpoints;
  std::vector<std::shared_ptr<Endpoint>> gone;   // with attempts under way
  std::unordered_map<Hash128, OnOutcome> tests;  // who waits for the outcome of a test

  std::mutex gate;
  bool stopped = false;  // under gate
};

void WebhookSender::State::use(CheckedEndpoint checked, WebhookEndpoint given, bool starts) {
  auto& endpoint = endpoints[checked.name];
  if (endpoint == nullptr) {
    endpoint = std::make_shared<Endpoint>(std::move(checked), std::move(given), settings, strand, registry);
    endpoint->is_new = !starts;
    return;
  }
  const bool is_other = !(endpoint->given == given);
  endpoint->queue.use_rate(checked.rate_per_s);
  endpoint->target = std::move(checked.target);
  endpoint->keys = std::move(checked.keys);
  endpoint->given = std::move(given);
  if (!is_other) return;  // a file of its may be another all the same
  // The requests under way keep the former ones alive.
  endpoint->lookup->close();
  endpoint->lookup = endpoint->lookup_of(settings, strand);
  endpoint->is_new = true;
  endpoint->queue.begin_anew(moment_now());
  endpoint->metrics.circuit_open.set(0);
  endpoint->metrics.paused.set(endpoint->queue.paused() ? 1 : 0);
  pump(*endpoint);
}

void WebhookSender::State::let_go(std::shared_ptr<Endpoint> endpoint) {
  endpoint->is_gone = true;
  for (const Hash128& test : endpoint->queue.drop_waiting())
    tests.extract(test).mapped()({.endpoint = endpoint->name,
                                  .alert_id = test,
                                  .kind = DeliveryOutcome::Kind::dead,
                                  .error = "the endpoint is no longer configured"});
  endpoint->wake.cancel();
  endpoint->metrics.circuit_open.set(0);
  endpoint->metrics.paused.set(0);
  endpoint->metrics.queue.set(0);
  if (!endpoint->under_way.empty()) gone.push_back(std::move(endpoint));
}

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
  if (at->second->is_new) delivery.not_before = 0;
  at->second->queue.put(std::move(delivery), moment_now());
  pump(*at->second);
}

void WebhookSender::State::pump(Endpoint& endpoint) {
  while (const Delivery* delivery = endpoint.queue.start(moment_now())) {
    if (delivery->marked_test || fits(endpoint.keys, *delivery)) {
      settings.claim && !delivery->marked_test ? claim(endpoint, *delivery) : launch(endpoint, *delivery);
      continue;
    }
    const Hash128 id = delivery->alert_id;
    const std::uint32_t attempts = delivery->attempts;
    endpoint.queue.give_back(id);
    on_outcome({.endpoint = endpoint.name,
                .alert_id = id,
                .kind = DeliveryOutcome::Kind::reformat,
                .attempts = attempts,
                .error = {}});
  }
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
  // Weak, because an endpoint that is gone by then is not waited for.
  endpoint.wake.async_wait(
      [self = shared_from_this(), weak = endpoint.weak_from_this()](boost::system::error_code failure) {
        const auto there = weak.lock();
        if (!failure && there) self->enter([&] { self->pump(*there); });
      });
}

void WebhookSender::State::claim(Endpoint& endpoint, const Delivery& delivery) {
  settings.claim({endpoint.name, delivery.alert_id,
                  [weak = weak_from_this(), weak_endpoint = endpoint.weak_from_this(), id = delivery.alert_id,
                   asked_ms = moment_now().steady_ms](ClaimAnswer answer) {
                    const auto self = weak.lock();
                    if (!self) return;
                    self->post([weak_endpoint, id, asked_ms, answer](State& state) {
                      const auto there = weak_endpoint.lock();
                      if (there && !there->is_gone) state.claimed(*there, id, answer, asked_ms);
                    });
                  }});
}

// A node that was stopped for a while may find here that it was granted something long ago.
void WebhookSender::State::claimed(Endpoint& endpoint, const Hash128& alert_id, ClaimAnswer answer,
                                   std::int64_t asked_ms) {
  const Moment now = moment_now();
  if (answer == ClaimAnswer::not_ours) {
    endpoint.queue.give_back(alert_id);
  } else if (answer == ClaimAnswer::granted && now.steady_ms - asked_ms <= kClaimMs) {
    launch(endpoint, endpoint.queue.under_way(alert_id));
  } else {
    endpoint.queue.postpone(alert_id, kClaimMs, now);
  }
  pump(endpoint);
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
  endpoint.is_new = false;
  endpoint.metrics.attempt_seconds.observe(seconds);
  const Moment now = moment_now();
  AttemptResult result{reply.http_status, parse_retry_after(reply.retry_after, now.wall), reply.error, reply.written};
  if (reply.http_status >= 300 && reply.http_status < 400)
    result.error = "it answered with a redirect, which is not followed";
  else if (reply.http_status >= 400)
    result.error = "it answered with status " + std::to_string(reply.http_status);

  const bool was_open = endpoint.queue.circuit_open(), was_paused = endpoint.queue.paused();
  const double jitter = std::uniform_real_distribution<double>(0.0, 1.0)(random);
  DeliveryOutcome outcome = endpoint.queue.finish(alert_id, result, now, jitter);
  tell(endpoint, outcome, was_open, was_paused);
  const auto test = tests.extract(alert_id);
  (test.empty() ? on_outcome : test.mapped())(std::move(outcome));
  if (!endpoint.is_gone) return pump(endpoint);
  (void)endpoint.queue.drop_waiting();
  if (endpoint.under_way.empty()) std::erase_if(gone, [&](const auto& one) { return one.get() == &endpoint; });
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
  if (!errors.empty()) return Error{as_lines(errors)};
  const auto state = std::make_shared<State>(io, std::move(settings), metrics, log, std::move(on_outcome));
  for (std::size_t i = 0; i < checked.size(); ++i) state->use(std::move(checked[i]), endpoints[i], true);
  return std::unique_ptr<WebhookSender>(new WebhookSender(state));
}

WebhookSender::WebhookSender(std::shared_ptr<State> state) : state_(std::move(state)) {}

WebhookSender::~WebhookSender() {
  stop();
}

void WebhookSender::deliver(Delivery delivery) {
  state_->post([delivery = std::move(delivery)](State& state) mutable { state.enqueue(std::move(delivery)); });
}

void WebhookSender::drop_deliveries() {
  state_->post([](State& state) {
    for (const auto& [name, endpoint] : state.endpoints) {
      endpoint->queue.drop_deliveries();
      state.pump(*endpoint);
    }
  });
}

void WebhookSender::ask_states(OnStates on_states) {
  state_->post([on_states = std::move(on_states)](State& state) {
    std::vector<EndpointState> states;
    for (const auto& [name, endpoint] : state.endpoints)
      states.push_back({name, endpoint->queue.paused(), endpoint->queue.circuit_open(), endpoint->queue.held(),
                        endpoint->queue.oldest_ms(moment_now())});
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

Status WebhookSender::use(const std::vector<WebhookEndpoint>& endpoints) {
  std::vector<std::string> errors;
  std::vector<CheckedEndpoint> checked = check_endpoints(endpoints, errors);
  if (!errors.empty()) return Error{as_lines(errors)};
  state_->post([checked = std::move(checked), endpoints](State& state) mutable {
    for (std::size_t i = 0; i < checked.size(); ++i) state.use(std::move(checked[i]), std::move(endpoints[i]), false);
  });
  return {};
}

void WebhookSender::keep_only(std::set<std::string> names) {
  state_->post([names = std::move(names)](State& state) {
    for (auto at = state.endpoints.begin(); at != state.endpoints.end();) {
      std::shared_ptr<Endpoint> other = names.contains(at->first) ? nullptr : std::move(at->second);
      at = other == nullptr ? std::next(at) : state.endpoints.erase(at);
      if (other != nullptr) state.let_go(std::move(other));
    }
  });
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
  for (const auto& endpoint : state_->gone) endpoint->lookup->close();
  asio::post(state_->strand, [state = state_] {
    const auto end = [](Endpoint& endpoint) {
      endpoint.wake.cancel();
      for (const auto& [alert_id, request] : endpoint.under_way) request->cancel();
      endpoint.under_way.clear();
    };
    for (const auto& [name, endpoint] : state->endpoints) end(*endpoint);
    for (const auto& endpoint : state->gone) end(*endpoint);
  });
}

}  // namespace straykey
