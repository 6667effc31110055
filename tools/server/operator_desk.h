#pragma once
// OperatorDesk: answers operators while the server runs: reads on a thread of its own, so that no event waits for them;
// changes through the pipeline, whose threads own the rows.
//
// Thread: ask(): any, does not block. Answers come on the desk's thread, or on the worker's or merger's that carried a
//         change out; at once, on the caller's, where there is nothing to do.
// Order:  reads are answered in the order in which they came. stop() after the pipeline's: what it answers then is that
//         the server stops.
// Bounds: kWaitingMax reads wait; one more is told to come again. Each reads a page.
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
  // Borrowed, all of it outlives the desk.
  struct Dependencies {
    OperatorStores stores;
    Pipeline& pipeline;
    std::function<Seconds()> now;  // the wall clock: when a change was made
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
