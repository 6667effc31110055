#pragma once
// OperatorDesk: answers operators while the server runs. Reads run on a thread of its own, so that no event waits for
// them. Changes go through the pipeline, because its threads own the rows.
//
// Shape:  it keeps an AlertIndex, which it fills when there is nothing else to do, beginning with the newest alerts,
//         and which takes in every change that it is told of. Whoever watches alerts is answered when one changes.
// Thread: ask(), watch() and alerts_changed() may be called on any thread and do not block. The answer comes on the
//         desk's thread, on the worker's or merger's thread that carried a change out or, if there is nothing to do, at
//         once on the caller's. Reads that go through a whole table, which may take seconds, have a second thread, so
//         that a list or an alert never waits for one.
// Order:  reads of one thread are answered in the order in which they came. Call stop() after the pipeline's: it tells
//         those who still wait that the server stops.
// Bounds: kWaitingMax reads may wait, and as many watchers; one more is told to try again later. Each reads one page.
//         A watcher is answered after kWatchS at the latest, and hears of kToldMax alerts by name.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/metrics.h"
#include "core/engine/pipeline.h"
#include "core/operate/alert_feed.h"
#include "core/operate/alert_search.h"
#include "core/operate/alert_watch.h"
#include "core/operate/operations.h"

namespace straykey {

class OperatorDesk {
 public:
  static constexpr std::size_t kWaitingMax = 64;
  static constexpr std::size_t kToldMax = 100;
  static constexpr std::chrono::seconds kWatchS{20};
  using Answer = std::function<void(const OperatorAnswer&)>;
  // Everything here is borrowed and outlives the desk.
  struct Dependencies {
    OperatorStores stores;  // without routes
    Pipeline& pipeline;
    std::function<Seconds()> now;  // the wall clock: when a change was made
    // Answers what concerns endpoints (EndpointDesk), without blocking.
    std::function<void(const OperatorRequest& request, Answer answer)> ask_endpoints;
    Metrics& metrics;
    // The endpoints of now: which a change may name. Any thread.
    std::function<std::shared_ptr<const std::vector<WebhookRoute>>()> routes = {};
    // Called with everything that was to be changed and what became of it, before the answer; must not block. May be
    // empty.
    std::function<void(const OperatorRequest& request, const OperatorAnswer& answer)> on_change = {};
  };

  explicit OperatorDesk(Dependencies dependencies);
  ~OperatorDesk();
  OperatorDesk(const OperatorDesk&) = delete;
  OperatorDesk& operator=(const OperatorDesk&) = delete;

  void ask(OperatorRequest request, Answer answer);
  // Answers when an alert has changed since the change of that name (AlertFeed), with the summaries of those that did.
  void watch(std::string after, Answer answer);
  void alerts_changed(ChangedAlerts changed);
  // Answers what waits. After it, ask() answers that the server stops.
  void stop();

 private:
  struct Waiting {
    OperatorRequest request;
    Answer answer;
  };
  struct Watcher {
    std::string after;
    Answer answer;
    std::chrono::steady_clock::time_point until;
  };

  [[nodiscard]] Answer noted(const OperatorRequest& request, Answer answer) const;
  void carry_out(const Operation& operation, const OperatorRequest& request, Answer answer);
  void run();
  void run_long();
  // False: there is nothing to do. `lock` is held, and not while something is done.
  bool do_next(std::unique_lock<std::mutex>& lock);
  void take_in(const ChangedAlerts& changed);
  void fill();
  void tell(Watcher& watcher);
  void tell_watchers(bool stops);
  void read(const Waiting& next, bool stops);

  Dependencies dependencies_;
  // Of the desk's thread.
  std::unique_ptr<AlertIndex> index_;
  std::unique_ptr<AlertIndexFill> fill_;  // null: the index is full of what there is
  AlertFeed feed_;
  std::vector<Watcher> watchers_;
  Gauge& indexed_;
  Gauge& index_bytes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::deque<Waiting> long_waiting_;
  std::condition_variable long_changed_;
  std::vector<Watcher> new_watchers_;
  ChangedAlerts news_;
  bool stopping_ = false;
  std::thread thread_, long_thread_;
};

}  // namespace straykey
