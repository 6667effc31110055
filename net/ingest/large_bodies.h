#pragma once
// LargeBodies: reads, on a thread of its own, what bodies hold beyond one Request, and answers when all of their
// Requests are stored.
//
// Shape:  an io thread reads the first Request of a body. If there is more in it (Intake::Reading::rest), the body
//         comes here. Its Requests are built one after the other; each waits for room before it is built.
// Order:  bodies are read one after the other. The outcomes of a body are in its order. Its Requests may be stored in
//         any order, so events of one day may be learned in another order than they stand in the body.
// Thread: read() any; the work on the thread of its own, which may wait; callbacks there or on the pipeline's threads.
// Bounds: Settings. A Request that is being built has reserved kBytes of the body's budget, and what it inflates and
//         copies; it gives them back when it is stored.
// Errors: a body whose end is not reached in time, or that finds no room, ends as overloaded: its sender sends all of
//         it again, which never harms.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "net/ingest/intake.h"
#include "net/io/connection_table.h"

namespace straykey {

class LargeBodies {
 public:
  struct Settings {
    std::size_t requests_in_flight_max = 2;       // of one body, besides the one that is being built
    std::chrono::milliseconds room_wait{5'000};   // for memory or queues that others hold
    std::chrono::milliseconds body_wait{55'000};  // for all of a body: a little less than its sender waits
  };
  // What a Request may take while it is built: its events, and what is copied for them.
  static constexpr std::size_t kRequestBytes = kRequestEventsMax * Request::event_bytes() + kRequestArenaBytesMax;

  struct Dependencies {
    Intake& intake;
    std::size_t desk;  // of the Intake, for this thread
    const Submit& submit;
  };
  enum class End : std::uint8_t {
    stored,      // all that was accepted
    failed,      // a commit failed
    unreadable,  // ItemOutcomes::error says why
    overloaded,  // by others
    damaged,
    stopped,
  };
  struct Body {
    Intake::Reading reading;  // with a rest
    BudgetShare share;        // what the body holds so far
    // Called with the events of each Request that is stored, also of a body that ends otherwise. May be empty.
    std::function<void(std::size_t events)> on_stored;
    // Called once.
    std::function<void(End end, const ItemOutcomes& outcome)> on_end;
  };

  LargeBodies(Settings settings, Dependencies dependencies);
  ~LargeBodies();
  LargeBodies(const LargeBodies&) = delete;
  LargeBodies& operator=(const LargeBodies&) = delete;

  void read(Body body);

 private:
  class Work;
  void run();
  [[nodiscard]] std::shared_ptr<Work> next();

  const Settings settings_;
  const Dependencies dependencies_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Work>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace straykey
