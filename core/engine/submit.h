#pragma once
// What a way in (HTTP, syslog) says to the pipeline, and what it hears at once.
#include <cstdint>
#include <functional>
#include <memory>

#include "core/engine/request.h"

namespace straykey {

enum class SubmitResult : std::uint8_t {
  accepted,    // on_done will be called
  overloaded,  // nothing was enqueued: the queues' byte credits do not suffice now. Answer 503 with Retry-After.
  damaged,     // a part of the store is damaged: nothing is taken until a backup is restored. Answer 503.
  stopped,     // draining, or the store failed: nothing was enqueued. Answer 503.
};

// Takes the request over if accepted; otherwise gives it back untouched through the reference. Never blocks. Any
// thread.
using Submit = std::function<SubmitResult(std::unique_ptr<Request>& request)>;

// One reason why the server is not ready, as /readyz names it: "starting", "draining", "store", "queues". Empty: ready.
using Readiness = std::function<std::vector<std::string>()>;

}  // namespace straykey
