#pragma once
// Request: one sender's request on its way through the shards, and the promise that hangs on it.
//
// Shape:  owns the body and every byte its events point into; holds each shard's events in the order of the body.
// Thread: built by one io thread; from submit() on, each shard reads its own batch.
// Order:  on_done is called once, by the worker that finishes last, after every shard committed or failed.
// Durable: outcome committed means that all that was new in it is on disk.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/engine/signature.h"
#include "core/event/event.h"
#include "core/event/text_arena.h"

namespace straykey {

enum class RequestOutcome : std::uint8_t { committed, failed };

// Candidates that a request left in one shard: sequence numbers [first, last].
struct CandidateRange {
  std::uint32_t shard = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // Bytes: filled before the events that point into them.
  std::string body;  // with kJsonPadding readable bytes behind its text: see set_body
  TextArena arena;
  std::vector<Event> events;

  Seconds received_at = 0;

  // Called on a worker thread when every shard has finished; must not block. The Request is destroyed soon after it
  // returns.
  std::function<void(RequestOutcome)> on_done;

  // Reserves the padding behind `text` and takes it. REQUIRES: no events yet.
  void set_body(std::string text);
  // Memory that this request holds, for the byte credits.
  [[nodiscard]] std::size_t held_bytes() const noexcept;

  // --- used by the pipeline ---
  // With what a shard needs of an event that it knows already, so that it does not touch the event's own bytes.
  struct RoutedEvent {
    std::uint32_t index;   // into events
    bool use;              // this shard owns the caller's key (or the account, without a key)
    bool issue;            // this shard owns the key that the event issued
    bool has_key, failed;  // its access key, its error code is not empty
    Seconds time;
    EventSignature signature;
    std::uint64_t event_id;  // hash; 0: it has none
  };
  struct ShardBatch {
    std::uint32_t shard = 0;
    std::vector<RoutedEvent> events;
    CandidateRange candidates;  // what the shard proposed for it; last == 0: nothing
  };
  std::vector<RoutedEvent> routed;  // of the first events, until they are routed: see sign()
  std::vector<ShardBatch> batches;  // one for each shard concerned
  std::atomic<std::uint32_t> shards_to_finish{0};
  std::atomic<bool> any_failed{false};
  std::size_t credits = 0;  // bytes taken from the pipeline for it
};

}  // namespace straykey
