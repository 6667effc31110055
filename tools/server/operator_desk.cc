#include "tools/server/operator_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "core/base/cpu.h"

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

// Reads that may go through a whole table before they answer.
bool takes_long(std::string_view operation) {
  return operation == "baseline/report" || operation == "rejects/list" || operation == "rejects/show";
}

OperatorAnswer stopping() {
  return {Kind::stopped, "the server stops", {}, {}};
}

}  // namespace

OperatorDesk::OperatorDesk(Dependencies dependencies)
    : dependencies_(std::move(dependencies)),
      index_(std::make_unique<AlertIndex>()),
      fill_(std::make_unique<AlertIndexFill>()),
      feed_(static_cast<std::uint64_t>(dependencies_.now())),
      indexed_(
          dependencies_.metrics.gauge("straykey_alert_index_alerts", "Alerts whose filterable fields are in memory.")),
      index_bytes_(dependencies_.metrics.gauge("straykey_alert_index_bytes", "Bytes of these fields, estimated.")),
      thread_([this] { run(); }),
      long_thread_([this] { run_long(); }) {}

OperatorDesk::~OperatorDesk() {
  stop();
}

// Whoever answers, and whenever: what was asked and what became of it are noted together.
OperatorDesk::Answer OperatorDesk::noted(const OperatorRequest& request, Answer answer) const {
  const Operation* const operation = find_operation(request.operation);
  if (!dependencies_.on_change || operation == nullptr || !operation->posts()) return answer;
  return [this, request, answer = std::move(answer)](const OperatorAnswer& what) {
    dependencies_.on_change(request, what);
    answer(what);
  };
}

void OperatorDesk::ask(OperatorRequest request, Answer answer) {
  answer = noted(request, std::move(answer));
  if (std::string objection = objection_to(request); !objection.empty())
    return answer({Kind::bad_request, std::move(objection), {}, {}});
  const Operation& operation = *find_operation(request.operation);
  if (operation.of_endpoints != Operation::OfEndpoints::no)
    return dependencies_.ask_endpoints ? dependencies_.ask_endpoints(request, std::move(answer))
                                       : answer(no_endpoints_answer());
  if (operation.change) return carry_out(operation, request, std::move(answer));
  OperatorAnswer refusal = stopping();
  {
    const std::lock_guard lock(mutex_);
    const bool is_long = takes_long(request.operation);
    auto& queue = is_long ? long_waiting_ : waiting_;
    if (!stopping_ && queue.size() < kWaitingMax) {
      queue.push_back({std::move(request), std::move(answer)});
      (is_long ? long_changed_ : changed_).notify_one();
      return;
    }
    if (!stopping_)
      refusal.sentence =
          fmt::format("{} questions of operators wait for their answers: ask again in a second", kWaitingMax);
  }
  answer(refusal);
}

void OperatorDesk::carry_out(const Operation& operation, const OperatorRequest& request, Answer answer) {
  const auto routes = dependencies_.routes ? dependencies_.routes() : nullptr;
  OperatorStores stores = dependencies_.stores;
  stores.routes = routes.get();
  auto change = operation.change(stores, request.arguments, dependencies_.now());
  if (!change) return answer({Kind::bad_request, change.error().message, {}, {}});
  // Called by the change, or by us if the pipeline does not accept it
  const auto told = std::make_shared<Answer>(std::move(answer));
  (*change)->on_done = [told](const ChangeOutcome& outcome) { (*told)(answer_to(outcome)); };
  switch (dependencies_.pipeline.submit(*change)) {
    case SubmitResult::accepted:
      return;
    case SubmitResult::damaged:
      return (*told)({Kind::failed, "a part of the store is damaged: nothing can be changed", {}, {}});
    case SubmitResult::overloaded:
    case SubmitResult::stopped:
      return (*told)(stopping());
  }
}

void OperatorDesk::watch(std::string after, Answer answer) {
  OperatorAnswer refusal = stopping();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && new_watchers_.size() < kWaitingMax) {
      new_watchers_.push_back({std::move(after), std::move(answer), std::chrono::steady_clock::now() + kWatchS});
      changed_.notify_one();
      return;
    }
    if (!stopping_)
      refusal.sentence =
          fmt::format("{} pages or programs began to watch alerts in one moment: ask again in a second", kWaitingMax);
  }
  answer(refusal);
}

void OperatorDesk::alerts_changed(ChangedAlerts changed) {
  const std::lock_guard lock(mutex_);
  news_.all = news_.all || changed.all || news_.alerts.size() + changed.alerts.size() > AlertWatch::kChangesMax;
  if (news_.all) {
    news_.alerts.clear();
  } else {
    news_.alerts.insert(news_.alerts.end(), changed.alerts.begin(), changed.alerts.end());
  }
  changed_.notify_one();
}

// If so much changed that it was not named, the index is made anew.
void OperatorDesk::take_in(const ChangedAlerts& changed) {
  if (changed.all) {
    index_ = std::make_unique<AlertIndex>();
    fill_ = std::make_unique<AlertIndexFill>();
    return feed_.add_everything();
  }
  const auto reader = dependencies_.stores.alerts->read();
  std::vector<Hash128> gone;
  for (const Hash128 id : changed.alerts) {
    if (!take_into(*index_, *reader, id) && reader->failure().empty()) gone.push_back(id);
    feed_.add(id);
  }
  std::sort(gone.begin(), gone.end());
  index_->erase(gone);
}

// A store that cannot be read says so to whoever asks for something; then the index stays as it is.
void OperatorDesk::fill() {
  const auto more = fill_->step(*dependencies_.stores.alerts, *index_);
  if (!more || !more.value()) fill_.reset();
  indexed_.set(static_cast<double>(index_->alerts()));
  index_bytes_.set(static_cast<double>(index_->bytes()));
}

void OperatorDesk::tell(Watcher& watcher) {
  const AlertFeed::News news = feed_.since(watcher.after);
  OperatorAnswer answer;
  answer.next = news.last;
  if (news.everything || news.alerts.size() > kToldMax) {
    answer.items.emplace_back("{\"everything\":true}");
    return watcher.answer(answer);
  }
  const auto reader = dependencies_.stores.alerts->read();
  for (const Hash128 id : news.alerts)
    if (auto summary = alert_summary(*reader, id)) answer.items.push_back(std::move(*summary));
  watcher.answer(answer);
}

// Whoever went away stays among them until his time is over, so the oldest are told early if there are too many.
void OperatorDesk::tell_watchers(bool stops) {
  for (; watchers_.size() > kWaitingMax; watchers_.erase(watchers_.begin())) tell(watchers_.front());
  const auto now = std::chrono::steady_clock::now();
  std::vector<Watcher> stay;
  for (Watcher& one : watchers_) {
    if (stops) {
      one.answer(stopping());
    } else if (one.until <= now || feed_.has_news(one.after)) {
      tell(one);
    } else {
      stay.push_back(std::move(one));
    }
  }
  watchers_ = std::move(stay);
}

void OperatorDesk::read(const Waiting& next, bool stops) {
  if (stops) return next.answer(stopping());
  OperatorStores stores = dependencies_.stores;
  if (!takes_long(next.request.operation)) stores.index = index_.get();
  next.answer(find_operation(next.request.operation)->read(stores, next.request.arguments));
}

bool OperatorDesk::do_next(std::unique_lock<std::mutex>& lock) {
  const bool stops = stopping_;
  const ChangedAlerts news = std::exchange(news_, {});
  std::optional<Waiting> next;
  if (!waiting_.empty()) {
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  const bool watched = !new_watchers_.empty();
  for (Watcher& one : new_watchers_) watchers_.push_back(std::move(one));
  new_watchers_.clear();
  lock.unlock();
  const bool changed = news.all || !news.alerts.empty();
  if (changed && !stops) take_in(news);
  tell_watchers(stops);
  if (next) read(*next, stops);
  const bool fills = fill_ != nullptr && !stops;
  if (fills) fill();
  lock.lock();
  return changed || next || watched || fills;
}

void OperatorDesk::run() {
  constexpr std::chrono::milliseconds kTick{500};  // how exactly a watcher's end is kept
  name_this_thread("operators");
  std::unique_lock lock(mutex_);
  while (true) {
    if (do_next(lock)) continue;
    if (stopping_) return;
    const auto wakes = [this] {
      return stopping_ || !waiting_.empty() || !new_watchers_.empty() || news_.all || !news_.alerts.empty();
    };
    if (watchers_.empty()) {
      changed_.wait(lock, wakes);
    } else {
      changed_.wait_for(lock, kTick, wakes);
    }
  }
}

void OperatorDesk::run_long() {
  name_this_thread("operators-long");
  std::unique_lock lock(mutex_);
  while (true) {
    long_changed_.wait(lock, [this] { return stopping_ || !long_waiting_.empty(); });
    if (long_waiting_.empty()) return;
    const Waiting next = std::move(long_waiting_.front());
    long_waiting_.pop_front();
    const bool stops = stopping_;
    lock.unlock();
    read(next, stops);
    lock.lock();
  }
}

void OperatorDesk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    long_changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (long_thread_.joinable()) long_thread_.join();
}

}  // namespace straykey
