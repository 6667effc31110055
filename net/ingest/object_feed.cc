#include "net/ingest/object_feed.h"

#include <algorithm>
#include <utility>

#include "net/ingest/large_bodies.h"

namespace straykey {

// One object on its way. Shared with the on_done of its Requests.
struct ObjectFeed::Flight {
  explicit Flight(BudgetShare of) : share(std::move(of)) {}

  std::mutex mutex;
  std::condition_variable changed;
  BudgetShare share;
  std::size_t building_bytes = 0;  // of share: the Request that is being built
  std::size_t in_flight = 0;
  bool failed = false;   // a commit
  bool stopped = false;  // the pipeline takes nothing

  void finish(RequestOutcome outcome, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    failed = failed || outcome == RequestOutcome::failed;
    share.give_back(std::min(bytes, share.bytes()));
    --in_flight;
    changed.notify_all();
  }
};

ObjectFeed::ObjectFeed(Settings settings, Dependencies dependencies)
    : settings_(std::move(settings)), dependencies_(std::move(dependencies)) {}

bool ObjectFeed::reserve(BudgetShare& share, std::size_t bytes) {
  while (!share.grow_by(bytes)) {
    // Who holds nothing waits for room; its turn comes once all others have given theirs back.
    if (dependencies_.gave_up()) return false;
    dependencies_.waits.add();
    dependencies_.pause(settings_.look);
  }
  return true;
}

// What it holds it keeps while it waits, so it may go beyond the budget in its turn.
bool ObjectFeed::hold(Flight& flight, std::size_t bytes) {
  for (;;) {
    {
      const std::lock_guard lock(flight.mutex);
      if (flight.share.grow_by(bytes) || flight.share.grow_in_turn_to(flight.share.bytes() + bytes)) {
        flight.building_bytes += bytes;
        return true;
      }
    }
    if (dependencies_.gave_up()) return false;
    dependencies_.waits.add();
    dependencies_.pause(settings_.look);
  }
}

bool ObjectFeed::submit(Flight& flight, std::unique_ptr<Request>& request) {
  for (;;) {
    const SubmitResult result = dependencies_.submit(request);
    if (result == SubmitResult::accepted) return true;
    if (result != SubmitResult::overloaded || dependencies_.gave_up()) break;
    dependencies_.waits.add();
    dependencies_.pause(settings_.look);
  }
  const std::lock_guard lock(flight.mutex);
  flight.stopped = true;
  return false;
}

bool ObjectFeed::take(const std::shared_ptr<Flight>& flight, std::unique_ptr<Request> request) {
  std::unique_lock lock(flight->mutex);
  flight->changed.wait(lock, [&] { return flight->in_flight < settings_.requests_in_flight_max || flight->failed; });
  if (flight->failed) return false;
  ++flight->in_flight;
  const std::size_t bytes = std::exchange(flight->building_bytes, 0);
  lock.unlock();
  const std::size_t events = request->events.size();
  request->is_reserved = true;
  request->on_done = [flight, bytes](RequestOutcome outcome) { flight->finish(outcome, bytes); };
  if (submit(*flight, request)) return true;
  dependencies_.intake.count_refused(events);
  flight->finish(RequestOutcome::committed, bytes);  // it was never on its way
  return false;
}

ObjectFeed::Outcome ObjectFeed::feed(std::string text, BudgetShare share) {
  SentText sent;
  sent.text = std::move(text);
  return feed(std::move(sent), std::move(share));
}

ObjectFeed::Outcome ObjectFeed::feed(SentText sent, BudgetShare share) {
  const auto flight = std::make_shared<Flight>(std::move(share));
  bool is_cut = false;
  Intake::RestCallbacks going_on;
  going_on.may_hold = [&](std::size_t bytes) { return hold(*flight, bytes); };
  going_on.take = [&](std::unique_ptr<Request> request) {
    // Of an object that is cut the text stays until its end; only what is built anew is given back with each Request.
    if (!std::exchange(is_cut, true)) flight->building_bytes = 0;
    return take(flight, std::move(request)) && hold(*flight, LargeBodies::kRequestBytes);
  };
  Intake::Reading reading =
      dependencies_.intake.read(sent, settings_.limits, settings_.source, settings_.desk, going_on.may_hold, &going_on);
  if (!reading.no_room && reading.request != nullptr) (void)take(flight, std::move(reading.request));

  std::unique_lock lock(flight->mutex);
  flight->changed.wait(lock, [&] { return flight->in_flight == 0; });
  flight->share.clear();
  Outcome outcome{End::stored, std::move(reading.outcome)};
  if (flight->failed)
    outcome.end = End::failed;
  else if (flight->stopped || reading.no_room)
    outcome.end = End::stopped;
  else if (outcome.items.error && outcome.items.error != PayloadError::empty_body)
    outcome.end = End::unreadable;
  lock.unlock();
  if (outcome.end == End::stored) {
    outcome.items.error.reset();
    dependencies_.intake.count_rejects(outcome.items);
  }
  return outcome;
}

}  // namespace straykey
