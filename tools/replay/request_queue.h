#pragma once
// RequestQueue: hands requests from the builder to the connections that send them, one day after the other.
//
// Order:  requests are given out in the order in which they were put. With in_order, a day's first request is given out
//         when every request of earlier days is finished; until then connections wait.
// Thread: any (synchronised inside); the clock is the caller's, uptime().
// Bounds: `capacity` requests wait; put() blocks beyond it.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "tools/replay/request_builder.h"

namespace straykey {

// What became of requests so far, in records.
struct SendCounts {
  std::uint64_t accepted = 0, rejected = 0, refused = 0;
  std::uint64_t taken = 0, finished = 0;  // requests

  [[nodiscard]] std::uint64_t answered() const noexcept { return accepted + rejected + refused; }
};

class RequestQueue {
 public:
  struct Settings {
    std::size_t capacity = 64;
    bool in_order = true;
  };
  struct Taken {
    OutgoingRequest request;
    double eligible_s = 0;  // the uptime() at which the order of days allowed it; 0: it was never held back
  };
  explicit RequestQueue(Settings settings) : settings_(settings) {}

  // False: the queue was stopped, and nothing more is wanted.
  bool put(OutgoingRequest&& request);
  // Waits at most `wait_s` until the queue is full or closed, and returns whether it is. REQUIRES: nobody calls pop()
  // yet.
  [[nodiscard]] bool wait_until_filled(double wait_s);
  // Says that nothing more will be put.
  void close();
  // The next request, for which it waits. None if everything was given out, or the queue was stopped.
  [[nodiscard]] std::optional<Taken> pop();
  // Says that a popped request is finished, and adds to the counts.
  void finish(const SendCounts& of_request);
  // Gives nothing more out, and wakes everybody who waits.
  void stop();
  [[nodiscard]] bool stopped() const;
  [[nodiscard]] SendCounts counts() const;
  // Seconds in which nothing was under way because no request was built: the generator kept everybody waiting.
  [[nodiscard]] double starved_s() const;

 private:
  [[nodiscard]] bool front_may_go() const;

  Settings settings_;
  mutable std::mutex mutex_;
  std::condition_variable can_put_, can_take_;
  std::deque<OutgoingRequest> waiting_;
  SendCounts counts_;
  Day open_day_ = 0;
  double opened_s_ = 0;  // when the last request of the day before was finished
  double last_finish_s_ = 0;
  // starved_since_s_ is 0 while something is under way, and before the first request
  double starved_since_s_ = 0, starved_s_ = 0;
  bool closed_ = false, stopped_ = false;
};

}  // namespace straykey
