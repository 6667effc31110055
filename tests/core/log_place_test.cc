#include "core/engine/log_place.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("log place: what was written is read, and nothing else is") {
  const LogPlace place{.log = {1, 2}, .next = 3, .at = 4, .complete = true, .is_ours = false, .wiping = true};
  const std::string bytes = encode_log_place(place);
  CHECK(decode_log_place(bytes) == place);
  CHECK(decode_log_place(encode_log_place({})) == LogPlace{});
  CHECK_FALSE(decode_log_place(bytes.substr(1)));
  CHECK_FALSE(decode_log_place(bytes + "x"));
  CHECK_FALSE(decode_log_place(""));
}

}  // namespace
}  // namespace straykey
