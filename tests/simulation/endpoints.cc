#include "tests/simulation/endpoints.h"

#include <fmt/format.h>

#include <array>

namespace straykey {
namespace {

std::unique_ptr<WebhookQueue> new_queue() {
  WebhookQueue::Settings settings;
  settings.rate_per_s = 1'000;
  return std::make_unique<WebhookQueue>(settings);
}

}  // namespace

Endpoints::Endpoints(std::uint64_t seed, std::vector<std::string> names, Rates rates, Coverage& coverage)
    : random_(seed ^ 0xe0d), rates_(rates), coverage_(coverage) {
  for (const std::string& name : names) sinks_.emplace(name, name).first->second.queue = new_queue();
}

void Endpoints::deliver(Delivery delivery, Moment now) {
  const auto at = sinks_.find(delivery.endpoint);
  if (at == sinks_.end()) throw Violation{"a delivery for an endpoint that nobody configured"};
  at->second.queue->put(std::move(delivery), now);
}

std::uint16_t Endpoints::answer(Sink& sink) {
  if (calm_) return 204;
  constexpr auto kStep = Step::deliver;
  if (sink.down) {
    coverage_.note(Fault::webhook_down, kStep);
    return 0;
  }
  if (random_.chance(rates_.fail)) {
    coverage_.note(Fault::webhook_failed, kStep);
    constexpr std::array<std::uint16_t, 5> kStatus{0, 500, 429, 408, 302};
    return kStatus[random_.below(kStatus.size())];
  }
  if (random_.chance(rates_.refuse)) {
    coverage_.note(Fault::webhook_failed, kStep);
    return 400;
  }
  return 200;
}

void Endpoints::attempt(Sink& sink, const Delivery& delivery) {
  const Hash128 id = delivery.alert_id;
  if (sink.known_accepted.contains(id))
    throw Violation{fmt::format("P5: {} hears of {} again after its 2xx was got", sink.name, id.hex())};
  if (sink.kept.contains(id))
    throw Violation{fmt::format("P5: {} hears of {} again after its 2xx was kept", sink.name, id.hex())};
  const std::uint16_t status = answer(sink);
  if (!sink.down || calm_) {
    const auto [known, is_new] = sink.bodies.emplace(id, delivery.body);
    if (!is_new && known->second != delivery.body)
      throw Violation{fmt::format("P5: {} hears of {} with another body", sink.name, id.hex())};
    if (delivery.body.find(id.hex()) == std::string::npos)
      throw Violation{fmt::format("P5: the body of {} does not name it", id.hex())};
  }
  if (status >= 200 && status < 300) sink.accepted.insert(id);
  if (!calm_ && random_.chance(rates_.hang)) {  // the answer never comes: the sender's time limit ends it
    coverage_.note(Fault::webhook_hung, Step::deliver);
    sink.under_way.push_back({id, 0});
    return;
  }
  sink.under_way.push_back({id, status});
}

void Endpoints::step(Moment now, const std::function<void(DeliveryOutcome)>& report) {
  for (auto& [name, sink] : sinks_) {
    while (const Delivery* delivery = sink.queue->start(now)) {
      attempt(sink, *delivery);
      if (!calm_ && random_.chance(0.3)) break;
    }
    while (!sink.under_way.empty()) {
      if (!calm_ && random_.chance(rates_.late)) {
        coverage_.note(Fault::webhook_late, Step::deliver);
        break;
      }
      const std::size_t which = random_.below(sink.under_way.size());
      const Attempt done = sink.under_way[which];
      sink.under_way.erase(sink.under_way.begin() + static_cast<std::ptrdiff_t>(which));
      const AttemptResult result{done.status, std::nullopt, done.status < 300 && done.status >= 200 ? "" : "failed"};
      DeliveryOutcome outcome = sink.queue->finish(done.alert, result, now, random_.unit());
      if (outcome.kind == DeliveryOutcome::Kind::delivered) sink.known_accepted.insert(done.alert);
      if (outcome.kind == DeliveryOutcome::Kind::dead) sink.dead.insert(done.alert);
      report(std::move(outcome));
    }
  }
}

std::optional<std::int64_t> Endpoints::wake_at(Moment now) const {
  std::optional<std::int64_t> first;
  for (const auto& [name, sink] : sinks_) {
    if (!sink.under_way.empty()) return now.steady_ms;
    const auto at = sink.queue->wake_at(now);
    if (at && (!first || *at < *first)) first = at;
  }
  return first;
}

bool Endpoints::idle() const {
  for (const auto& [name, sink] : sinks_)
    if (sink.queue->held() != 0) return false;
  return true;
}

void Endpoints::kept(const DeliveryOutcome& outcome) {
  if (outcome.kind == DeliveryOutcome::Kind::delivered) sinks_.at(outcome.endpoint).kept.insert(outcome.alert_id);
}

void Endpoints::restart() {
  for (auto& [name, sink] : sinks_) {
    sink.queue = new_queue();
    sink.under_way.clear();
    sink.known_accepted.clear();
  }
}

bool Endpoints::received(const std::string& name, Hash128 alert) const {
  return sinks_.at(name).accepted.contains(alert);
}

bool Endpoints::dead(const std::string& name, Hash128 alert) const {
  return sinks_.at(name).dead.contains(alert);
}

}  // namespace straykey
