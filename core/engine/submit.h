#pragma once
// How a way in (HTTP, syslog) hands a request to the pipeline, and what it is answered at once.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/request.h"

namespace straykey {

enum class SubmitResult : std::uint8_t {
  accepted,    // on_done will be called
  overloaded,  // nothing was enqueued, because the queues hold too many bytes now. Answer 503 with Retry-After.
  damaged,     // a part of the store is damaged: nothing is taken until a backup is restored. Answer 503.
  stopped,     // draining, or the store failed: nothing was enqueued. Answer 503.
};

// If it accepts the request, it moves it out of the reference; otherwise it leaves it there unchanged. Never blocks.
// Any thread.
using Submit = std::function<SubmitResult(std::unique_ptr<Request>& request)>;

// What /readyz says.
struct ReadinessReport {
  std::vector<std::string>
      reasons;                 // why the server is not ready: "starting", "draining", "store", "queues". Empty: ready
  std::uint64_t unjudged = 0;  // candidates that are stored and not judged yet
};
using Readiness = std::function<ReadinessReport()>;

}  // namespace straykey
