#include "core/base/hash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

namespace straykey {
namespace {

// Key 00 01 .. 0f and messages 00 01 02 .. (bytes modulo 256), from an independent implementation that gives the
// published vectors of SipHash-2-4.
constexpr HashKey kVectorKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};
struct Vector {
  std::size_t size;
  std::uint64_t hash64;
  const char* hash128;
};
constexpr Vector kVectors[] = {
    {0, 0xabac0158050fc4dc, "e77ebcb22788a5befd62db6add303001"},
    {1, 0xc9f49bf37d57ca93, "fc6f370460d3eda85e0573cc2b2ff063"},
    {7, 0xd3927d989bb11140, "1084b923f2aae0c3a62f2ec80848ab77"},
    {8, 0x369095118d299a8e, "aa12fee1d5e3dab4724f16ab35f9c799"},
    {9, 0x25a48eb36c063de4, "81ddb8042cf33994f4720e0094137c42"},
    {15, 0xd320d86d2a519956, "c17e5505b2bd526c2921cdec1e7e0109"},
    {16, 0xcc4fdd1a7d908b66, "d0a8d95715518eebb513b0f83d9e1793"},
    {63, 0x9d199062b7bbb3a8, "4c5800e34efe426f079f6b0aa75260ad"},
    {64, 0xf17997ec4b4a6065, "1253def24b4aa5364ec8a759ba6a66c2"},
    {255, 0xf76214e3153c4a15, "f528a4c10a2158a5f1a465d0aebb3ee9"},
    {256, 0x75b3e64e167de370, "f56c8b243a0c025a6a687aa2b99c707a"},
    {300, 0x4016a23bda5a2224, "3165ead62761c51719819dcf73cd572b"},
};

std::string counting_bytes(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(i & 255);
  return out;
}

TEST_CASE("hash: SipHash-1-3 gives the reference values for both widths") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.size);
    CHECK_EQ(hash64(kVectorKey, counting_bytes(vector.size)), vector.hash64);
    CHECK_EQ(hash128(kVectorKey, counting_bytes(vector.size)).hex(), vector.hash128);
  }
}

Hash128 lane_by_lane(HashKey key, const std::string& text) {
  Hash128 out;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t first = i + 1 + 256 * text.size();
    std::string lane(reinterpret_cast<const char*>(&first), 8);
    std::size_t at = 0;
    for (; at + 32 <= text.size(); at += 32) lane += text.substr(at + 8 * i, 8);
    std::string last = text;
    last.resize(std::max<std::size_t>(last.size(), 32));
    lane += last.substr(last.size() - 32 + 8 * i, 8);
    const Hash128 hash = hash128(key, lane);
    out = {out.low ^ hash.low, out.high ^ hash.high};
  }
  return out;
}

TEST_CASE("hash: in lanes it is the XOR of four, whatever the processor") {
  for (std::size_t size = 0; size < 1000; ++size) {
    CAPTURE(size);
    REQUIRE_EQ(hash128_in_lanes(kVectorKey, counting_bytes(size)), lane_by_lane(kVectorKey, counting_bytes(size)));
  }
}

TEST_CASE("hash: another key is another hash") {
  CHECK_NE(hash64({1, 2}, "x"), hash64({1, 3}, "x"));
  CHECK_NE(hash128({1, 2}, "x"), hash128({2, 2}, "x"));
}

TEST_CASE("hash: 16 bytes and back are the same hash") {
  const Hash128 hash = hash128(kFixedHashKey, "anything");
  const auto bytes = hash.bytes();
  CHECK_EQ(Hash128::from_bytes(bytes.data()), hash);
  CHECK_EQ(hash.hex().size(), 32);
  CHECK_EQ(hash.key(), std::string(bytes.data(), bytes.size()));
  CHECK(Hash128::from_hex(hash.hex()) == hash);
}

TEST_CASE("hash: only what hex() writes is read as a hash") {
  const std::string text = Hash128{0xab, 0xcd}.hex();
  CHECK(Hash128::from_hex(text));
  for (const std::string& bad :
       {std::string(), text.substr(1), text + "0", text + "00", "AB" + text.substr(2), "g" + text.substr(1)})
    CHECK_FALSE(Hash128::from_hex(bad));
}

// Bit by bit, from the polynomial alone.
std::uint32_t crc32c_by_bits(const std::string& bytes, std::uint32_t crc) {
  crc = ~crc;
  for (const char byte : bytes)
    for (int bit = 0; bit < 8; ++bit) {
      const bool out = ((crc ^ static_cast<std::uint32_t>(static_cast<unsigned char>(byte) >> bit)) & 1u) != 0;
      crc = (crc >> 1) ^ (out ? 0x82f63b78u : 0u);
    }
  return ~crc;
}

TEST_CASE("hash: CRC-32C gives the check value of its catalogue entry and of RFC 3720") {
  CHECK_EQ(crc32c("123456789"), 0xe3069283u);
  CHECK_EQ(crc32c(""), 0u);
  CHECK_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  CHECK_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST_CASE("hash: CRC-32C in hardware is the plain one, at every length, and continues an earlier call") {
  std::mt19937 random(3);
  for (std::size_t size = 0; size < 70; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    REQUIRE_EQ(crc32c(bytes), crc32c_by_bits(bytes, 0));
    const std::size_t cut = size / 3;
    REQUIRE_EQ(crc32c(bytes.substr(cut), crc32c(bytes.substr(0, cut))), crc32c(bytes));
  }
}

}  // namespace
}  // namespace straykey
