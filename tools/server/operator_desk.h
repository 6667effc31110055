#pragma once
// OperatorDesk: answers operators while the server runs. Reads run on a thread of its own, so that no event waits for
// them. Changes go through the pipeline, because its threads own the rows.
//
// Thread: ask() may be called on any thread and does not block. The answer comes on the desk's thread, on the worker's
//         or merger's thread that carried a change out or, if there is nothing to do, at once on the caller's.
// Order:  reads are answered in the order in which they came. Call stop() after the pipeline's: it tells those who
//         still wait that the server stops.
// Bounds: kWaitingMax reads may wait; one more is told to try again later. Each reads one page.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "core/engine/pipeline.h"
#include "core/operate/operations.h"

namespace straykey {

class OperatorDesk {
 public:
  static constexpr std::size_t kWaitingMax = 64;
  using Answer = std::function<void(const OperatorAnswer&)>;
  // Everything here is borrowed and outlives the desk.
  struct Dependencies {
    OperatorStores stores;
    Pipeline& pipeline;
    std::function<Seconds()> now;  // the wall clock: when a change was made
    // Answers what concerns endpoints (EndpointDesk), without blocking.
    std::function<void(const OperatorRequest& request, Answer answer)> ask_endpoints;
  };

  explicit OperatorDesk(Dependencies dependencies);
  ~OperatorDesk();
  OperatorDesk(const OperatorDesk&) = delete;
  OperatorDesk& operator=(const OperatorDesk&) = delete;

  void ask(OperatorRequest request, Answer answer);
  // Answers what waits. After it, ask() answers that the server stops.
  void stop();

 private:
  struct Waiting {
    OperatorRequest request;
    Answer answer;
  };

  void carry_out(const Operation& operation, const OperatorRequest& request, Answer answer);
  void run();

  Dependencies dependencies_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace straykey
