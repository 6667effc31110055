#include "core/engine/sequence.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace straykey {
namespace {

TEST_CASE("sequence: the order of bytes is the order of numbers") {
  std::mt19937_64 random(43);
  for (int round = 0; round < 1'000; ++round) {
    const std::uint64_t a = random() >> random() % 64, b = random() >> random() % 64;
    REQUIRE_EQ(a < b, encode_sequence(a) < encode_sequence(b));
    REQUIRE_EQ(decode_sequence(encode_sequence(a)), a);
  }
  CHECK_EQ(encode_sequence(0x0102), std::string("\0\0\0\0\0\0\x01\x02", 8));
}

TEST_CASE("sequence: bytes of another size are no number") {
  CHECK_EQ(decode_sequence(""), 0);
  CHECK_EQ(decode_sequence("1234567"), 0);
  CHECK_EQ(decode_sequence("123456789"), 0);
}

}  // namespace
}  // namespace straykey
