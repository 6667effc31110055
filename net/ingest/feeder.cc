#include "net/ingest/feeder.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/base/invariant.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
constexpr std::size_t kSmallTextBytesMax = 16 * 1024;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

// A text that cannot be read as a whole is one reject: nobody hears an error that could send it again.
RejectReason reason_of(PayloadError error) {
  switch (error) {
    case PayloadError::empty_body:
      return RejectReason::empty_value;
    case PayloadError::unreadable_body:
      return RejectReason::bad_json;
    case PayloadError::bad_compression:
      return RejectReason::bad_encoding;
    case PayloadError::inflated_too_large:
    case PayloadError::too_many_records:
      return RejectReason::inflated_too_large;
  }
  INVARIANT(false);
  return {};
}

}  // namespace

Feeder::Feeder(Settings settings, Dependencies dependencies, Callbacks callbacks)
    : settings_(std::move(settings)),
      dependencies_(dependencies),
      callbacks_(std::move(callbacks)),
      wake_(dependencies_.executor) {
  INVARIANT(callbacks_.gave_up && settings_.in_flight_max > 0);
}

IoAwait<void> Feeder::feed(SentText sent) {
  return feed(std::move(sent), BudgetShare(dependencies_.budget));
}

IoAwait<void> Feeder::feed(SentText sent, BudgetShare share) {
  auto fed = std::make_shared<Fed>(
      Fed{next_number_++, std::move(sent), std::move(share), BudgetShare(dependencies_.reserve), {}});
  unsettled_.push_back(fed->number);
  co_await make_room(*fed);
  std::unique_ptr<Request> request = read(fed);
  const ItemOutcomes& outcome = fed->outcome;
  dependencies_.intake.count_rejects(outcome);
  if (outcome.error && outcome.rejected == 0)
    dependencies_.intake.reject(reason_of(*outcome.error), {}, settings_.source, {});
  if (callbacks_.on_read) callbacks_.on_read(fed->sent, fed->outcome);
  if (request == nullptr) {
    settle(fed->number);
    stored(*fed);
    co_return;
  }
  co_await wait_until_in_flight_below(settings_.in_flight_max);
  ++in_flight_;
  co_await offer(std::move(fed), std::move(request));
}

IoAwait<void> Feeder::make_room(Fed& fed) {
  const std::size_t bytes = fed.sent.text.size() + fed.sent.items.size() * Request::event_bytes();
  const bool holds_some = fed.share.bytes() > 0;  // others may wait for that
  const bool is_small = dependencies_.reserve != nullptr && fed.sent.text.size() <= kSmallTextBytesMax;
  const auto has_room = [&] {
    if (fed.share.grow_to(bytes)) return true;
    if (is_small && in_flight_ == 0 && fed.of_reserve.grow_to(bytes)) return true;
    return holds_some && fed.share.grow_in_turn_to(bytes);
  };
  for (auto wait = settings_.retry_min; !has_room(); wait = std::min(2 * wait, settings_.retry_max)) {
    if (callbacks_.gave_up()) co_return fed.share.grow_anyway(bytes - fed.share.bytes());
    dependencies_.waits.add();
    co_await pause(wait);
  }
}

std::unique_ptr<Request> Feeder::read(const std::shared_ptr<Fed>& fed) {
  Intake::Reading reading =
      dependencies_.intake.read(fed->sent, settings_.limits, settings_.source, settings_.io_thread);
  if (!fed->sent.read_before) fed->outcome = std::move(reading.outcome);
  fed->sent.read_before = true;
  if (reading.request == nullptr) return nullptr;
  // What its messages unpacked to was not known before.
  const std::size_t held = reading.request->held_bytes();
  BudgetShare& share = fed->of_reserve.bytes() > 0 ? fed->of_reserve : fed->share;
  if (held > share.bytes()) share.grow_anyway(held - share.bytes());
  reading.request->is_reserved = true;
  // Every shard has finished when this runs, so nothing points into the body any more.
  reading.request->on_done = [weak = weak_from_this(), fed, body = &reading.request->body](RequestOutcome outcome) {
    if (outcome == RequestOutcome::failed) fed->sent.text = std::move(*body);
    std::shared_ptr<Feeder> feeder = weak.lock();
    if (feeder == nullptr) return;
    const IoExecutor executor = feeder->dependencies_.executor;
    // The feeder travels along: it must end on its own thread.
    asio::post(executor, [feeder = std::move(feeder), fed, outcome] { feeder->committed_or_failed(outcome, fed); });
  };
  return std::move(reading.request);
}

IoAwait<void> Feeder::offer(std::shared_ptr<Fed> fed, std::unique_ptr<Request> request) {
  const std::size_t events = request->events.size();
  for (auto wait = settings_.retry_min;; wait = std::min(2 * wait, settings_.retry_max)) {
    const SubmitResult result = dependencies_.submit(request);
    if (result == SubmitResult::accepted) co_return;
    if (callbacks_.gave_up()) break;
    dependencies_.waits.add();
    co_await pause(wait);
  }
  lose(*fed, events);
}

IoAwait<void> Feeder::offer_again(std::shared_ptr<Fed> fed) {
  co_await pause(settings_.retry_max);
  std::unique_ptr<Request> request = read(fed);
  if (request == nullptr) {  // the clock was set back, and its events are in the future now
    end_in_flight(fed->number);
    stored(*fed);
    co_return;
  }
  co_await offer(std::move(fed), std::move(request));
}

IoAwait<void> Feeder::pause(std::chrono::milliseconds wait) {
  Timer timer(dependencies_.executor);
  timer.expires_after(wait);
  co_await timer.async_wait(kAwait);
}

IoAwait<void> Feeder::wait_until_in_flight_below(std::size_t count) {
  while (in_flight_ >= count && !callbacks_.gave_up()) {
    wake_.expires_at(Timer::time_point::max());
    co_await wake_.async_wait(kAwait);
  }
}

void Feeder::wake() {
  if (callbacks_.gave_up()) wake_.cancel();
}

void Feeder::committed_or_failed(RequestOutcome outcome, const std::shared_ptr<Fed>& fed) {
  if (outcome == RequestOutcome::committed) {
    end_in_flight(fed->number);
    return stored(*fed);
  }
  dependencies_.waits.add();
  auto again = [self = shared_from_this(), fed]() -> IoAwait<void> { co_await self->offer_again(fed); };
  asio::co_spawn(dependencies_.executor, std::move(again), asio::detached);
}

void Feeder::stored(const Fed& fed) {
  if (callbacks_.on_stored) callbacks_.on_stored(fed.number, fed.outcome);
}

void Feeder::lose(const Fed& fed, std::size_t events) {
  dependencies_.intake.count_refused(events);
  first_lost_ = std::min(first_lost_.value_or(fed.number), fed.number);
  if (callbacks_.on_lost) callbacks_.on_lost(fed.number);
  end_in_flight(fed.number);
}

void Feeder::end_in_flight(std::uint64_t number) {
  --in_flight_;
  settle(number);
  wake_.cancel();
}

void Feeder::settle(std::uint64_t number) {
  unsettled_.erase(std::find(unsettled_.begin(), unsettled_.end(), number));
}

std::uint64_t Feeder::stored_below() const noexcept {
  const std::uint64_t settled = unsettled_.empty() ? next_number_ : unsettled_.front();
  return std::min(settled, first_lost_.value_or(settled));
}

}  // namespace straykey
