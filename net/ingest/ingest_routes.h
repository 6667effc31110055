#pragma once
// Ingest: the body of a request -> events -> pipeline -> reply; and POST /v1/events, its plainest way in.
//
// Shape:  each way in is a Route that hands its request to take() with its own words for the outcome; so Firehose, HEC
//         and the like differ in paths, credentials and rendering only.
// Order:  the reply is given after every shard committed, or at once if nothing is to be stored.
// Thread: take() runs on io threads, one PayloadReader for each; the pipeline answers from its own. It outlives both.
// Bounds: IngestSettings; the first errors_listed_max rejects are listed, all are counted.
// Errors: 400 unreadable, 413 over a limit, 415 unknown encoding, 503 with Retry-After overloaded, stopped or not
//         committed.
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/metrics.h"
#include "core/engine/submit.h"
#include "core/event/payload.h"
#include "net/http/http_router.h"

namespace straykey {

struct IngestSettings {
  std::size_t body_bytes_max = 32u << 20;
  PayloadLimits payload;
  std::size_t errors_listed_max = 100;
};

// What became of a request, for the words of its protocol.
struct IngestOutcome {
  struct Reject {
    std::uint32_t index = 0;  // as the sender counts, 0 first
    RejectReason reason{};
  };
  std::optional<Refusal> refusal;  // the request as a whole failed; nothing else counts then
  std::size_t accepted = 0;
  std::size_t rejected = 0;
  std::vector<Reject> rejects;  // the first of them
};

class Ingest {
 public:
  // Called for each rejected record, on io threads, before the request is answered: a request sent again is seen again.
  using OnReject = std::function<void(RejectReason reason, std::string_view record, std::string_view source)>;
  using Now = std::function<Seconds()>;
  // Calls `call` on that io thread, once, after what is ready there now.
  using Soon = std::function<void(std::size_t io_thread, std::function<void()> call)>;
  using Render = std::function<HttpReply(const IngestOutcome&, std::string_view request_id)>;

  struct Outlets {
    Submit submit;
    std::function<void(Request&)> sign;  // after each event, if there is one: see core/engine/route.h
    OnReject on_reject;
    Now now;
    // With it, small requests that are ready together are submitted together, so that the workers wake once for them;
    // without it, one by one.
    Soon soon;
  };
  Ingest(IngestSettings settings, std::size_t io_threads, Outlets outlets, Metrics& metrics);
  ~Ingest();

  // Decodes, reads and submits. `render` runs on an io thread or on one of the pipeline's, once.
  void take(HttpRequest request, Render render, const ReplyTo& reply);

  [[nodiscard]] const IngestSettings& settings() const noexcept { return settings_; }

 private:
  // A request on its way, shared with its on_done.
  struct Pending;
  using Tally = std::array<std::uint64_t, kRejectReasonCount>;
  // What one io thread keeps.
  struct Lane {
    explicit Lane(PayloadLimits limits) : reader(limits) {}
    PayloadReader reader;
    std::map<std::string, Counter*, std::less<>> received;                              // by source
    std::deque<std::pair<std::unique_ptr<Request>, std::shared_ptr<Pending>>> waiting;  // for Soon
    bool is_called_soon = false;
  };

  [[nodiscard]] std::optional<Refusal> read(const HttpRequest& http, Lane& lane, Request& request, Pending& pending);
  void submit_waiting(Lane& lane);
  void submit(std::unique_ptr<Request> request, const std::shared_ptr<Pending>& pending);
  Counter& received_from(Lane& lane, const std::string& source);

  const IngestSettings settings_;
  const Outlets outlets_;
  Metrics& metrics_;
  const std::array<Counter*, kRejectReasonCount> rejected_;
  Counter& refused_;
  Counter& body_bytes_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

// What every way in counts alike: rejects by reason, events by source, and events that their sender has to send again.
[[nodiscard]] std::array<Counter*, kRejectReasonCount> reject_counters(Metrics& metrics);
[[nodiscard]] Counter& received_counter(Metrics& metrics, std::string_view source);
[[nodiscard]] Counter& refused_counter(Metrics& metrics);

// POST /v1/events. `ingest` must outlive the threads that serve the router.
void add_ingest_routes(HttpRouter& router, Ingest& ingest);

}  // namespace straykey
