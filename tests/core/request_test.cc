#include "core/engine/request.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/aborts.h"

namespace straykey {
namespace {

TEST_CASE("request: a body has readable bytes behind its text") {
  Request request;
  request.set_body(std::string(1'000, 'x'));
  CHECK_EQ(request.body.size(), 1'000);
  CHECK_GE(request.body.capacity(), 1'000 + kJsonPadding);
}

TEST_CASE("request: the credits it needs cover body, arena and events") {
  Request request;
  const std::size_t empty = request.held_bytes();
  request.set_body(std::string(1'000, 'x'));
  (void)request.arena.reserve(5'000);
  request.events.resize(10);
  CHECK_GE(request.held_bytes(), empty + 6'000 + 10 * sizeof(Event));
}

TEST_CASE("request: a body under events that point into the old one is our own mistake") {
  Request request;
  request.events.emplace_back();
  CHECK(aborts([&] { request.set_body("x"); }));
}

}  // namespace
}  // namespace straykey
