#include "core/base/hex.h"

#include <doctest/doctest.h>

using namespace straykey;

TEST_CASE("hex gives RFC 4648's vectors, in lower case") {
  CHECK_EQ(encode_hex(""), "");
  CHECK_EQ(encode_hex("f"), "66");
  CHECK_EQ(encode_hex("foobar"), "666f6f626172");
  CHECK_EQ(encode_hex("\xff\x09"), "ff09");
}

TEST_CASE("hex of either case is read back, all byte values") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(decode_hex(encode_hex(bytes)) == bytes);
  CHECK(decode_hex("FoObAr") == std::nullopt);
  CHECK(decode_hex("Fe09aB") == "\xfe\x09\xab");
  CHECK(decode_hex("") == "");
}

TEST_CASE("an odd number of digits, and characters beside the digits, are no hex") {
  for (const char* bad : {"a", "abc", "0g", "g0", "/0", ":0", "@0", "`0", " 1", "0x"})
    CHECK(decode_hex(bad) == std::nullopt);
  CHECK_EQ(hex_value('G'), -1);
  CHECK_EQ(hex_value('F'), 15);
}
