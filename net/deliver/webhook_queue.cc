#include "net/deliver/webhook_queue.h"

#include <algorithm>
#include <cmath>

#include "core/base/invariant.h"

namespace straykey {
namespace {

// No due time is stored that is further away than the longest wait with its jitter. If one is, the wall clock was set
// back.
constexpr Seconds kWaitMax = kSecondsPerDay * 6 / 5;

double burst_of(double rate_per_s) {
  return std::max(1.0, rate_per_s);
}

}  // namespace

WebhookQueue::WebhookQueue(Settings settings) : settings_(std::move(settings)) {
  INVARIANT(settings_.rate_per_s > 0, settings_.rate_per_s);
  INVARIANT(settings_.concurrent_max > 0, settings_.concurrent_max);
  INVARIANT(settings_.failures_to_open > 0, settings_.failures_to_open);
}

void WebhookQueue::put(Delivery delivery, Moment now) {
  const auto [at, added] = held_.try_emplace(delivery.alert_id);
  INVARIANT(held_.size() <= kDeliveriesHeldMax);
  Held& held = at->second;
  if (held.under_way) return;
  if (added) {
    held.sequence = next_sequence_++;
    held.since_ms = now.steady_ms;
  } else {
    waiting_for(held).erase({held.due_ms, held.sequence, held.delivery.alert_id});
  }

  const Seconds wait_s = std::clamp<Seconds>(delivery.not_before - now.wall, 0, kWaitMax);
  held.delivery = std::move(delivery);
  held.refusals = 0;
  wait_until(held, now.steady_ms + wait_s * 1'000);
}

void WebhookQueue::wait_until(Held& held, std::int64_t due_ms) {
  held.due_ms = due_ms;
  waiting_for(held).insert({due_ms, held.sequence, held.delivery.alert_id});
}

const Delivery* WebhookQueue::start(Moment now) {
  refill(now);
  if (under_way_ >= settings_.concurrent_max || tokens_ < 1.0) return nullptr;

  const bool test_due = !tests_.empty() && std::get<0>(*tests_.begin()) <= now.steady_ms;
  if (!test_due) {
    const auto ready_at = ordinary_ready_at();
    if (!ready_at || *ready_at > now.steady_ms) return nullptr;
  }
  Waiting& from = test_due ? tests_ : waiting_;
  Held& held = held_.at(std::get<2>(*from.begin()));
  from.erase(from.begin());
  held.under_way = true;
  held.probe = circuit_open_ && !test_due;
  tokens_ -= 1.0;
  ++under_way_;
  if (!test_due) ++ordinary_under_way_;
  return &held.delivery;
}

std::optional<std::int64_t> WebhookQueue::wake_at(Moment now) const {
  if (under_way_ >= settings_.concurrent_max) return std::nullopt;
  std::optional<std::int64_t> ready_at = ordinary_ready_at();
  if (!tests_.empty()) {
    const std::int64_t test_at = std::get<0>(*tests_.begin());
    ready_at = ready_at ? std::min(*ready_at, test_at) : test_at;
  }
  if (!ready_at) return std::nullopt;
  return std::max({*ready_at, rate_ready_at(), now.steady_ms});
}

// The earliest moment at which circuit, pause and due time allow an ordinary delivery.
std::optional<std::int64_t> WebhookQueue::ordinary_ready_at() const {
  if (paused() || waiting_.empty()) return std::nullopt;
  const std::int64_t due_ms = std::max(std::get<0>(*waiting_.begin()), hold_until_ms_);
  if (!circuit_open_) return due_ms;
  if (ordinary_under_way_ > 0) return std::nullopt;
  return std::max(due_ms, probe_at_ms_);
}

void WebhookQueue::refill(Moment now) {
  const double burst = burst_of(settings_.rate_per_s);
  const double elapsed_s = refilled_ ? static_cast<double>(now.steady_ms - refilled_ms_) / 1'000.0 : 0.0;
  tokens_ = refilled_ ? std::min(burst, tokens_ + elapsed_s * settings_.rate_per_s) : burst;
  refilled_ms_ = now.steady_ms;
  refilled_ = true;
}

std::int64_t WebhookQueue::rate_ready_at() const {
  if (!refilled_ || tokens_ >= 1.0) return refilled_ms_;
  return refilled_ms_ + static_cast<std::int64_t>(std::ceil((1.0 - tokens_) / settings_.rate_per_s * 1'000.0));
}

DeliveryOutcome WebhookQueue::finish(const Hash128& alert_id, const AttemptResult& result, Moment now, double jitter) {
  const auto at = held_.find(alert_id);
  INVARIANT(at != held_.end() && at->second.under_way);
  Held& held = at->second;
  held.under_way = false;
  --under_way_;
  if (!held.delivery.marked_test) --ordinary_under_way_;
  ++held.delivery.attempts;

  DeliveryOutcome outcome{.endpoint = held.delivery.endpoint,
                          .alert_id = alert_id,
                          .kind = DeliveryOutcome::Kind::delivered,
                          .attempts = held.delivery.attempts,
                          .http_status = result.http_status,
                          .error = {}};
  if (result.written || answer_of(result.http_status) == Answer::success) {
    failures_in_row_ = 0;
    const bool was_held_up = circuit_open_ || paused_;
    circuit_open_ = paused_ = false;
    held_.erase(at);
    if (was_held_up) make_all_due(now);
    return outcome;
  }

  outcome.error = result.error;
  note_failure(held, result, now, jitter);
  const RetryDecision decision = decide(held, result, jitter);
  if (decision.kind == RetryDecision::Kind::dead) {
    outcome.kind = DeliveryOutcome::Kind::dead;
    held_.erase(at);
    return outcome;
  }
  outcome.kind = DeliveryOutcome::Kind::retry;
  outcome.next_attempt = now.wall + decision.wait_s;
  wait_until(held, now.steady_ms + decision.wait_s * 1'000);
  return outcome;
}

void WebhookQueue::give_back(const Hash128& alert_id) {
  const auto at = held_.find(alert_id);
  INVARIANT(at != held_.end() && at->second.under_way && !at->second.delivery.marked_test);
  held_.erase(at);
  --under_way_;
  --ordinary_under_way_;
}

void WebhookQueue::postpone(const Hash128& alert_id, std::int64_t wait_ms, Moment now) {
  const auto at = held_.find(alert_id);
  INVARIANT(at != held_.end() && at->second.under_way && !at->second.delivery.marked_test);
  at->second.under_way = false;
  --under_way_;
  --ordinary_under_way_;
  wait_until(at->second, now.steady_ms + wait_ms);
}

const Delivery& WebhookQueue::under_way(const Hash128& alert_id) const {
  const auto at = held_.find(alert_id);
  INVARIANT(at != held_.end() && at->second.under_way);
  return at->second.delivery;
}

RetryDecision WebhookQueue::decide(Held& held, const AttemptResult& result, double jitter) const {
  if (held.delivery.marked_test) return {RetryDecision::Kind::dead, 0};
  held.refusals = answer_of(result.http_status) == Answer::refused ? held.refusals + 1 : 0;
  return decide_retry(settings_.retry, {.attempts = held.delivery.attempts,
                                        .refusals = held.refusals,
                                        .http_status = result.http_status,
                                        .retry_after_s = result.retry_after_s,
                                        .jitter = jitter});
}

// A refusal counts as a failure, too, because an endpoint that refuses everything should see one attempt at a time and
// not four.
void WebhookQueue::note_failure(const Held& held, const AttemptResult& result, Moment now, double jitter) {
  if (held.delivery.marked_test) return;
  if (answer_of(result.http_status) == Answer::gone) paused_ = true;
  if (result.retry_after_s && (result.http_status == 429 || result.http_status == 503)) {
    const Seconds hold_s = std::clamp<Seconds>(*result.retry_after_s, 0, settings_.retry.retry_after_s_max);
    hold_until_ms_ = std::max(hold_until_ms_, now.steady_ms + hold_s * 1'000);
  }
  ++failures_in_row_;
  if (circuit_open_ && !held.probe) return;  // the attempt began before the circuit opened
  if (!circuit_open_ && failures_in_row_ < settings_.failures_to_open) return;
  probes_failed_ = circuit_open_ ? probes_failed_ + 1 : 0;
  circuit_open_ = true;
  const RetryDecision next = decide_retry(settings_.retry, {.attempts = probes_failed_ + 1,
                                                            .refusals = 0,
                                                            .http_status = 0,
                                                            .retry_after_s = result.retry_after_s,
                                                            .jitter = jitter});
  // The circuit is tried at least hourly. Otherwise one delivery that waits a day would keep the others from an
  // endpoint that works again.
  probe_at_ms_ = now.steady_ms + std::min(next.wait_s, settings_.retry.probe_wait_s) * 1'000;
}

void WebhookQueue::resume(Moment now) {
  if (!paused()) return;
  paused_ = paused_by_hand_ = false;
  hold_until_ms_ = now.steady_ms;
  make_all_due(now);
}

std::int64_t WebhookQueue::oldest_ms(Moment now) const noexcept {
  std::int64_t oldest = now.steady_ms;
  for (const auto& [id, held] : held_) oldest = std::min(oldest, held.since_ms);
  return now.steady_ms - oldest;
}

void WebhookQueue::use_rate(double rate_per_s) {
  INVARIANT(rate_per_s > 0, rate_per_s);
  settings_.rate_per_s = rate_per_s;
  tokens_ = std::min(tokens_, burst_of(rate_per_s));
}

void WebhookQueue::begin_anew(Moment now) {
  paused_ = circuit_open_ = false;
  failures_in_row_ = probes_failed_ = 0;
  hold_until_ms_ = now.steady_ms;
  for (auto& [id, held] : held_) held.refusals = 0;
  make_all_due(now);
}

void WebhookQueue::drop_deliveries() {
  std::erase_if(held_, [](const auto& entry) { return !entry.second.under_way && !entry.second.delivery.marked_test; });
  waiting_.clear();
}

std::vector<Hash128> WebhookQueue::drop_waiting() {
  std::vector<Hash128> tests;
  for (const auto& [due_ms, sequence, id] : tests_) tests.push_back(id);
  std::erase_if(held_, [](const auto& entry) { return !entry.second.under_way; });
  waiting_.clear();
  tests_.clear();
  return tests;
}

void WebhookQueue::make_all_due(Moment now) {
  Waiting due;
  for (const auto& [due_ms, sequence, alert_id] : waiting_) {
    held_.at(alert_id).due_ms = std::min(due_ms, now.steady_ms);
    due.insert({held_.at(alert_id).due_ms, sequence, alert_id});
  }
  waiting_.swap(due);
}

}  // namespace straykey
