#include "core/base/hash.h"

#include <bit>

#include "core/base/hex.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace straykey {
namespace {

static_assert(std::endian::native == std::endian::little, "stored hashes are little endian");

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13);
    v1 ^= v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16);
    v3 ^= v2;
    v0 += v3;
    v3 = std::rotl(v3, 21);
    v3 ^= v0;
    v2 += v1;
    v1 = std::rotl(v1, 17);
    v1 ^= v2;
    v2 = std::rotl(v2, 32);
  }
  [[nodiscard]] std::uint64_t fold() const noexcept { return v0 ^ v1 ^ v2 ^ v3; }
};

SipState begin(HashKey key, std::uint64_t variant) noexcept {
  return {key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d ^ variant, key.k0 ^ 0x6c7967656e657261,
          key.k1 ^ 0x7465646279746573};
}

SipState absorb(HashKey key, std::string_view bytes, std::uint64_t variant) noexcept {
  SipState s = begin(key, variant);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    s.v3 ^= word;
    s.round();
    s.v0 ^= word;
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  if (at < bytes.size()) std::memcpy(&last, bytes.data() + at, bytes.size() - at);
  s.v3 ^= last;
  s.round();
  s.v0 ^= last;
  return s;
}

std::uint64_t finish(SipState& s, std::uint64_t tweak) noexcept {
  s.v2 ^= tweak;
  s.round();
  s.round();
  s.round();
  return s.fold();
}

// Four SipStates side by side: lane i takes the words i, i + 4, i + 8 and so on. There are no lambdas and nothing is
// passed by value, because everything that is inlined into a function for newer processors must be compiled for them,
// too.
using FourWords = std::uint64_t __attribute__((vector_size(32)));
constexpr std::size_t kBlockBytes = sizeof(FourWords);
#define STRAYKEY_INLINE __attribute__((always_inline)) inline

struct SipLanes {
  FourWords v0, v1, v2, v3;

  STRAYKEY_INLINE explicit SipLanes(HashKey key) noexcept {
    const SipState s = begin(key, 0xee);
    v0 = FourWords{} + s.v0;
    v1 = FourWords{} + s.v1;
    v2 = FourWords{} + s.v2;
    v3 = FourWords{} + s.v3;
  }
  template <int Bits>
  STRAYKEY_INLINE static void rotate(FourWords& words) noexcept {
    words = words << Bits | words >> (64 - Bits);
  }
  STRAYKEY_INLINE void round() noexcept {
    v0 += v1;
    rotate<13>(v1);
    v1 ^= v0;
    rotate<32>(v0);
    v2 += v3;
    rotate<16>(v3);
    v3 ^= v2;
    v0 += v3;
    rotate<21>(v3);
    v3 ^= v0;
    v2 += v1;
    rotate<17>(v1);
    v1 ^= v2;
    rotate<32>(v2);
  }
  STRAYKEY_INLINE void absorb(const FourWords& words) noexcept {
    v3 ^= words;
    round();
    v0 ^= words;
  }
  STRAYKEY_INLINE void absorb(const char* block) noexcept {
    FourWords words;
    std::memcpy(&words, block, sizeof words);
    absorb(words);
  }
  [[nodiscard]] STRAYKEY_INLINE std::uint64_t finish(std::uint64_t tweak_v1, std::uint64_t tweak_v2) noexcept {
    v1 ^= FourWords{} + tweak_v1;
    v2 ^= FourWords{} + tweak_v2;
    round();
    round();
    round();
    const FourWords folded = v0 ^ v1 ^ v2 ^ v3;
    return folded[0] ^ folded[1] ^ folded[2] ^ folded[3];
  }
};

STRAYKEY_INLINE void hash_in_lanes(HashKey key, std::string_view bytes, Hash128& out) noexcept {
  SipLanes lanes(key);
  lanes.absorb(FourWords{1, 2, 3, 4} + (bytes.size() << 8));
  std::size_t at = 0;
  for (; at + kBlockBytes <= bytes.size(); at += kBlockBytes) lanes.absorb(bytes.data() + at);
  // These bytes overlap those absorbed before; the size, which is hashed too, tells by how much.
  if (at > 0) {
    lanes.absorb(bytes.data() + bytes.size() - kBlockBytes);
  } else {
    char block[kBlockBytes] = {};
    if (!bytes.empty()) std::memcpy(block, bytes.data(), bytes.size());
    lanes.absorb(block);
  }
  const std::uint64_t words = at / kBlockBytes + 2;
  lanes.absorb(FourWords{} + (words * 8 << 56));
  out.low = lanes.finish(0, 0xee);
  out.high = lanes.finish(0xdd, 0);
}

#if defined(__x86_64__)
__attribute__((target("avx512vl"))) void hash_by_avx512(HashKey key, std::string_view bytes, Hash128& out) noexcept {
  hash_in_lanes(key, bytes, out);
}
__attribute__((target("avx2"))) void hash_by_avx2(HashKey key, std::string_view bytes, Hash128& out) noexcept {
  hash_in_lanes(key, bytes, out);
}
#endif
void hash_plainly(HashKey key, std::string_view bytes, Hash128& out) noexcept {
  hash_in_lanes(key, bytes, out);
}

using HashInLanes = void (*)(HashKey, std::string_view, Hash128&) noexcept;
HashInLanes lanes_of_this_processor() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vl")) return hash_by_avx512;
  if (__builtin_cpu_supports("avx2")) return hash_by_avx2;
#endif
  return hash_plainly;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(std::string_view bytes, std::uint32_t crc) noexcept {
  std::uint64_t state = ~crc;
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    state = _mm_crc32_u64(state, word);
  }
  auto narrow = static_cast<std::uint32_t>(state);
  for (; at < bytes.size(); ++at) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(bytes[at]));
  return ~narrow;
}
#endif

std::uint32_t crc32c_plain(std::string_view bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1u)));
  }
  return ~crc;
}

}  // namespace

// The last block of SipHash holds the length in its top byte and the remaining bytes below.
// memcpy above writes at most 7 bytes, so the length byte stays.
std::uint64_t hash64(HashKey key, std::string_view bytes) noexcept {
  SipState s = absorb(key, bytes, 0);
  return finish(s, 0xff);
}

Hash128 hash128(HashKey key, std::string_view bytes) noexcept {
  SipState s = absorb(key, bytes, 0xee);
  const std::uint64_t low = finish(s, 0xee);
  s.v1 ^= 0xdd;
  s.round();
  s.round();
  s.round();
  return {low, s.fold()};
}

Hash128 hash128_in_lanes(HashKey key, std::string_view bytes) noexcept {
  static const HashInLanes hash = lanes_of_this_processor();
  Hash128 out;
  hash(key, bytes, out);
  return out;
}

HashBytes Hash128::bytes() const noexcept {
  HashBytes out;
  std::memcpy(out.data(), &low, 8);
  std::memcpy(out.data() + 8, &high, 8);
  return out;
}

Hash128 Hash128::from_bytes(const char* sixteen) noexcept {
  Hash128 h;
  std::memcpy(&h.low, sixteen, 8);
  std::memcpy(&h.high, sixteen + 8, 8);
  return h;
}

std::string Hash128::key() const {
  return std::string(bytes());
}

std::optional<Hash128> Hash128::from_hex(std::string_view text) {
  const auto sixteen = decode_hex(text);
  if (!sixteen || sixteen->size() != 16) return std::nullopt;
  const Hash128 hash = from_bytes(sixteen->data());
  return hash.hex() == text ? std::optional(hash) : std::nullopt;
}

std::string Hash128::hex() const {
  const auto sixteen = bytes();
  return encode_hex({sixteen.data(), sixteen.size()});
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) noexcept {
#if defined(__x86_64__)
  static const bool has_hardware = __builtin_cpu_supports("sse4.2") != 0;
  if (has_hardware) return crc32c_hardware(bytes, crc);
#endif
  return crc32c_plain(bytes, crc);
}

}  // namespace straykey
