#include "tools/replay/send_turn.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "tools/terminal/clock.h"

namespace straykey {
namespace {

constexpr double kLateS = 0.010;
constexpr double kSliceS = 0.1;  // after how long a stop is noticed at the latest

}  // namespace

bool sleep_until(double until_s, const RequestQueue& queue) {
  for (double left = until_s - uptime(); left > 0; left = until_s - uptime()) {
    if (queue.stopped()) return false;
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kSliceS)));
  }
  return !queue.stopped();
}

double wait_for_turn(const RequestQueue::Taken& taken, double free_s, SenderClock clock, const RequestQueue& queue,
                     SendTally& tally) {
  if (taken.request.due_s < 0) return uptime();
  const double due_s = clock.start_s + taken.request.due_s;
  (void)sleep_until(due_s, queue);
  const double could_go_s = std::max({due_s, free_s, taken.eligible_s});
  if (uptime() - could_go_s > kLateS) ++tally.late_by_generator;
  return due_s;
}

void count_request(const OutgoingRequest& request, SendTally& tally) {
  ++tally.requests;
  tally.records += request.records;
  tally.broken_records += request.broken;
  tally.opaque_records += request.opaque;
}

void note_answer(const OutgoingRequest& request, double intended_s, SenderClock clock, SendTally& tally) {
  const double now_s = uptime();
  tally.latency.add_seconds(now_s - intended_s);
  tally.timeline.add(now_s - clock.start_s, request.records, now_s - intended_s);
}

void count_given_up(const OutgoingRequest& request, SendTally& tally, RequestQueue& queue) {
  tally.given_up_records += request.records;
  SendCounts counts;
  counts.refused = request.records;
  queue.finish(counts);
  queue.stop();
}

}  // namespace straykey
