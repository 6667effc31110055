#pragma once
// Request: one sender's request on its way through the shards, and what to call when all of them have finished it.
//
// Shape:  owns the body and every byte its events point into; holds each shard's events in the order of the body. A
//         body of more than kRequestEventsMax events becomes several Requests, which own its text together.
// Thread: built by one io thread; from submit() on, each shard reads its own batch.
// Order:  on_done is called once, by the worker that finishes last, after every shard committed or failed.
// Durable: outcome committed means that all that was new in it is on disk.
// Bounds: whoever reads a body cuts it at kRequestEventsMax events or kRequestArenaBytesMax bytes of the arena.
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

inline constexpr std::size_t kRequestEventsMax = 16'384;
inline constexpr std::size_t kRequestArenaBytesMax = std::size_t{4} << 20;

enum class RequestOutcome : std::uint8_t { committed, failed };

// Candidates that a request left in one shard: sequence numbers [first, last].
struct CandidateRange {
  std::uint32_t shard = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// What a shard tells another of a key that is used there: a call of AssumeRole issued it to the role (account/role). Or
// of a session: whose it is on this day and the next one.
struct Descent {
  Hash128 key;  // or the session's id
  std::string role;
  std::string token;        // what is known of the issuing event: an encoded IssuedToken
  bool teaches = true;      // whether the call teaches that the caller's role assumes this one
  std::uint8_t handed = 0;  // how often it was handed on, from key to key
  bool of_session = false;
};

class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // The bytes, filled before the events that point into them.
  std::string body;  // with kJsonPadding readable bytes behind its text: see set_body
  TextArena arena;
  std::shared_ptr<const void> shared_text;  // what else they point into, if the body was cut into several Requests
  std::vector<Event> events;

  Seconds received_at = 0;
  // The newest day on which any account had been seen when the request came; 0: not known. Its events are late by it.
  Day newest_day_before = 0;
  bool may_be_forged = false;  // anybody can write its sender's address: what it says takes nothing back
  bool is_reserved = false;    // its way in has a share of memory of its own, in which its bytes are reserved

  // Called on a worker thread when every shard has finished; must not block. The Request is destroyed soon after it
  // returns.
  std::function<void(RequestOutcome)> on_done;

  // Makes `text` the body, with the padding behind it. REQUIRES: no events yet.
  void set_body(std::string text);
  // Memory that this request holds, for the byte credits; without what it shares.
  [[nodiscard]] std::size_t held_bytes() const noexcept;

  // Memory that each event takes, besides its text.
  [[nodiscard]] static constexpr std::size_t event_bytes() noexcept;

  // --- used by the pipeline ---
  // Everything that a shard needs of an event whose signature it knows, so that it does not touch the event itself.
  struct RoutedEvent {
    std::uint32_t index;          // into events
    bool use : 1;                 // this shard owns the caller's key (or the account, without a key)
    bool issue : 1;               // this shard owns the key that the event issued
    bool hands_on : 1;            // it issued a key, and this shard owns the caller's
    bool by_session : 1 = false;  // its session stands for the key: signature.access_key is the session's id
    bool has_key, failed;         // its access key, its error code is not empty
    Seconds time;
    EventSignature signature;
    std::uint64_t event_id;  // hash; 0: it has none
  };
  struct ShardBatch {
    std::uint32_t shard = 0;
    std::vector<RoutedEvent> events;
    CandidateRange candidates;       // what the shard proposed for it; last == 0: nothing
    std::vector<Descent> descents;   // what other shards told this one
    std::vector<Descent> handed_on;  // what this shard tells others
    std::vector<Hash128> told;       // what of that it need not tell again once the request has finished well
  };
  std::vector<RoutedEvent> routed;  // of the first events, until they are routed: see sign()
  std::vector<ShardBatch> batches;  // one for each shard concerned
  Day newest_day = 0;               // of its own events whose time is known
  std::atomic<std::uint32_t> shards_to_finish{0};
  std::atomic<bool> any_failed{false};
  std::size_t credits = 0;  // bytes that it has reserved of Engine::Settings::queued_bytes_max
};

constexpr std::size_t Request::event_bytes() noexcept {
  return sizeof(Event) + sizeof(RoutedEvent);
}

}  // namespace straykey
