// Rows of issued tokens (core/identity/issued_token_rows).
#include <string>

#include "core/identity/service_token.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("service token: an issued token that was cut or changed is none") {
  const std::string whole = encode(IssuedToken{"lambda", "shop/orders", 19'800});
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(decode_issued_token(whole.substr(0, size)).has_value());
  CHECK_FALSE(decode_issued_token(whole + "x").has_value());
  IssuedToken waits{"", "", 19'800};
  waits.waits = true;
  const std::string waiting = encode(waits);
  CHECK_EQ(decode_issued_token(waiting), waits);
  for (std::size_t size = 0; size < waiting.size(); ++size)
    CHECK_FALSE(decode_issued_token(waiting.substr(0, size)).has_value());
}

}  // namespace
}  // namespace straykey
