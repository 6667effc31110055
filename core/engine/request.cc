#include "core/engine/request.h"

#include "core/base/invariant.h"

namespace straykey {

void Request::set_body(std::string text) {
  INVARIANT(events.empty(), events.size());
  body = std::move(text);
  body.reserve(body.size() + kJsonPadding);
}

std::size_t Request::held_bytes() const noexcept {
  return body.capacity() + arena.bytes() + events.capacity() * event_bytes() + sizeof(Request);
}

}  // namespace straykey
