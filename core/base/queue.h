#pragma once
// Queue<T>: a queue of values with many producers and one consumer. It is moodycamel's queue behind one small type.
//
// Order:  first in, first out for each producer; nothing is promised across producers.
// Thread: push() any, with a Producer of its own; pop_some() and wait one consumer.
// Bounds: none of its own. Callers reserve bytes before they push, which limits what waits (core/engine/engine).
// Source: moodycamel::BlockingConcurrentQueue 1.0.3: explicit producer tokens; memory is kept, never returned.
#include <concurrentqueue/concurrentqueue.h>
#include <semaphore.h>
#include <time.h>

#include <cassert>

// The library waits until a time of the wall clock. If the clock were set back an hour, 2 ms would become an hour.
#pragma push_macro("CLOCK_REALTIME")
#undef CLOCK_REALTIME
#define CLOCK_REALTIME CLOCK_MONOTONIC
#define sem_timedwait(semaphore, until) sem_clockwait(semaphore, CLOCK_MONOTONIC, until)
#include <concurrentqueue/lightweightsemaphore.h>
#undef sem_timedwait
#pragma pop_macro("CLOCK_REALTIME")

#include <concurrentqueue/blockingconcurrentqueue.h>

#include <cstddef>
#include <cstdint>

#include "core/base/invariant.h"

namespace straykey {

// A consumer that finds nothing sleeps at once. If it spun, it would use the CPU that the threads which feed it need.
struct QueueTraits : moodycamel::ConcurrentQueueDefaultTraits {
  static constexpr int MAX_SEMA_SPINS = 0;
};

template <class T>
class Queue {
 public:
  using Producer = moodycamel::ProducerToken;

  explicit Queue(std::size_t capacity) : queue_(capacity, 64, 0) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  [[nodiscard]] Producer producer() { return Producer(queue_); }
  void push(Producer& producer, T item) { INVARIANT(queue_.enqueue(producer, std::move(item))); }
  // For threads that push rarely. The library makes a producer for each thread by itself.
  void push(T item) { INVARIANT(queue_.enqueue(std::move(item))); }

  // Takes up to `count` items into `out`; returns how many. Does not wait.
  template <class Out>
  std::size_t pop_some(Out out, std::size_t count) {
    return queue_.try_dequeue_bulk(out, count);
  }
  // Like pop_some(), but waits up to `wait_us` microseconds for the first item.
  template <class Out>
  std::size_t wait_pop_some(Out out, std::size_t count, std::int64_t wait_us) {
    return queue_.wait_dequeue_bulk_timed(out, count, wait_us);
  }

 private:
  moodycamel::BlockingConcurrentQueue<T, QueueTraits> queue_;
};

}  // namespace straykey
