#pragma once
// What all senders of a run do alike: wait for a request's turn, and count what became of it.
//
// Thread: any; a tally belongs to one sender.
#include "tools/replay/request_queue.h"
#include "tools/replay/send_tally.h"

namespace straykey {

// What all senders of a run share.
struct SenderClock {
  double start_s = 0;  // uptime() of the plan's 0
};

// Sleeps until uptime() is `until_s`; false: the queue was stopped.
[[nodiscard]] bool sleep_until(double until_s, const RequestQueue& queue);
// Waits for the request's time. Gives the moment from which its latency counts, and counts it in the tally if the
// generator is late. `free_s`: since when its connection is free.
[[nodiscard]] double wait_for_turn(const RequestQueue::Taken& taken, double free_s, SenderClock clock,
                                   const RequestQueue& queue, SendTally& tally);
void count_request(const OutgoingRequest& request, SendTally& tally);
void note_answer(const OutgoingRequest& request, double intended_s, SenderClock clock, SendTally& tally);
// A server that is away for so long ends the run, because the requests that wait would only be given up as well.
void count_given_up(const OutgoingRequest& request, SendTally& tally, RequestQueue& queue);

}  // namespace straykey
