#include "core/base/bytes.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace straykey {
namespace {

enum class Colour : std::uint8_t { red = 1, blue = 7 };

TEST_CASE("bytes: what was written reads back, in its order") {
  const std::string bytes = ByteWriter()
                                .fixed<std::uint8_t>(200)
                                .fixed<std::int64_t>(-5)
                                .fixed(Colour::blue)
                                .varint(300)
                                .string("text")
                                .string("")
                                .bytes();
  ByteReader in(bytes);
  CHECK_EQ(in.fixed<std::uint8_t>(), 200);
  CHECK_EQ(in.fixed<std::int64_t>(), -5);
  CHECK_EQ(in.fixed<Colour>(), Colour::blue);
  CHECK_EQ(in.varint(), 300);
  CHECK_EQ(in.string(), "text");
  CHECK_EQ(in.string(), "");
  CHECK(in.at_end());
}

TEST_CASE("bytes: integers lie little endian") {
  CHECK_EQ(ByteWriter().fixed<std::uint32_t>(0x01020304).bytes(), std::string("\x04\x03\x02\x01"));
  CHECK_EQ(ByteWriter().varint(300).bytes(), std::string("\xac\x02"));
}

TEST_CASE("bytes: every varint up to the largest reads back") {
  for (int bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value :
         {std::uint64_t{1} << bit, (std::uint64_t{1} << bit) - 1, ~std::uint64_t{0} >> bit}) {
      const std::string bytes = ByteWriter().varint(value).bytes();
      ByteReader in(bytes);
      CHECK_EQ(in.varint(), value);
      CHECK(in.at_end());
    }
  }
}

TEST_CASE("bytes: a reader past its end fails for good and yields zeros") {
  ByteReader in(std::string_view("\x01\x02", 2));
  CHECK_EQ(in.fixed<std::uint32_t>(), 0);
  CHECK(in.failed());
  CHECK_FALSE(in.at_end());
  CHECK_EQ(in.fixed<std::uint8_t>(), 0);
  CHECK_EQ(in.string(), "");
  CHECK_EQ(in.varint(), 0);
}

TEST_CASE("bytes: a length that lies and a varint without end fail") {
  ByteReader too_long(
      std::string_view("\x05"
                       "abcd",
                       5));
  CHECK_EQ(too_long.string(), "");
  CHECK(too_long.failed());
  const std::string endless(11, '\xff');
  ByteReader in(endless);
  (void)in.varint();
  CHECK(in.failed());
}

TEST_CASE("bytes: at_end is false while something is left") {
  ByteReader in("ab");
  CHECK_EQ(in.fixed<std::uint8_t>(), 'a');
  CHECK_FALSE(in.at_end());
  CHECK_FALSE(in.failed());
}

TEST_CASE("bytes: random bytes never make a reader leave them") {
  std::mt19937 random(11);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ByteReader in(bytes);
    std::size_t taken = 0;
    while (!in.failed() && !in.at_end()) taken += in.string().size() + 1;
    REQUIRE_LE(taken, bytes.size() + 1);
  }
}

}  // namespace
}  // namespace straykey
