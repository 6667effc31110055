#pragma once
// The signature of an event: a hash of everything that facts and candidates depend on, and the day. Two events of one
// signature teach the same and propose the same, so the second only counts.
//
// Thread: any (a function of its arguments; `scratch` is the caller's, so that nothing is allocated after warm-up).
#include <string>

#include "core/base/hash.h"
#include "core/event/event.h"

namespace straykey {

// `has_issue`: an issuing event of its access key is known, which may have proven what it is.
[[nodiscard]] Hash128 signature_of(HashKey key, const Event& event, bool has_issue, std::string& scratch);

}  // namespace straykey
