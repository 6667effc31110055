#include "core/event/decoding.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/base/invariant.h"
#include "core/base/uncleared.h"

namespace straykey {
namespace {

// Deflate makes at most 1032 bytes of one; a size field that claims more is a lie.
constexpr std::size_t kRatioMax = 1032;
constexpr std::size_t kFirstRoomBytes = 16 * 1024;
constexpr int kZstdWindowBits = 23;
static_assert(std::uint64_t{1} << kZstdWindowBits == kZstdWindowBytesMax);

// The size that a gzip stream's last four bytes claim, if it can be true; else a guess.
std::size_t claimed_bytes(std::string_view bytes) noexcept {
  std::uint32_t claim = 0;
  if (bytes.size() >= 18) std::memcpy(&claim, bytes.data() + bytes.size() - 4, 4);
  const bool possible = claim >= bytes.size() / 2 && claim / kRatioMax <= bytes.size();
  return possible ? claim : std::max(kFirstRoomBytes, bytes.size() * 4);
}

}  // namespace

bool has_gzip_magic(std::string_view bytes) noexcept {
  return bytes.starts_with("\x1f\x8b");
}

bool has_zstd_magic(std::string_view bytes) noexcept {
  return bytes.starts_with("\x28\xb5\x2f\xfd");
}

// RFC 8878, 3.1.1.1: a descriptor byte, then the window's exponent and mantissa; or, for a frame in a single segment,
// maybe the id of a dictionary, and the size of the content, which is the window.
std::uint64_t zstd_window_bytes(std::string_view bytes) noexcept {
  constexpr std::size_t kDescriptorAt = 4;
  if (!has_zstd_magic(bytes) || bytes.size() < kDescriptorAt + 2) return 0;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at])); };
  const std::uint64_t descriptor = byte(kDescriptorAt);
  const bool single_segment = (descriptor & 0x20) != 0;
  if (!single_segment) {
    const std::uint64_t base = std::uint64_t{1} << (10 + (byte(kDescriptorAt + 1) >> 3));
    return base + base / 8 * (byte(kDescriptorAt + 1) & 7);
  }
  constexpr std::size_t kDictionaryBytes[] = {0, 1, 2, 4}, kSizeBytes[] = {1, 2, 4, 8};
  const std::size_t at = kDescriptorAt + 1 + kDictionaryBytes[descriptor & 3], count = kSizeBytes[descriptor >> 6];
  if (bytes.size() < at + count) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size |= byte(at + i) << (8 * i);
  return size + (count == 2 ? 256 : 0);
}

void Inflater::FreeZstd::operator()(ZSTD_DCtx_s* d) const noexcept {
  ZSTD_freeDCtx(d);
}

void Inflater::Free::operator()(libdeflate_decompressor* d) const noexcept {
  libdeflate_free_decompressor(d);
}

Inflater::Inflater() : decompressor_(libdeflate_alloc_decompressor()) {
  if (decompressor_ == nullptr) throw std::bad_alloc();
}
Inflater::~Inflater() = default;

bool Inflater::grow(std::string& out, std::size_t size, std::size_t written, std::size_t room_behind) const {
  if (may_hold_ != nullptr && *may_hold_ && !(*may_hold_)(size - out.size())) return false;
  out.resize(written);  // else 134 MB would be there twice for a moment
  out.reserve(size + room_behind);
  resize_uncleared(out, size);
  return true;
}

Decoded Inflater::one_stream(Format format, std::string_view& bytes, Room may_take, std::size_t& written,
                             std::string& out) {
  for (;;) {
    std::size_t read = 0, made = 0;
    char* const to = out.data() + written;
    const std::size_t room = out.size() - written;
    libdeflate_result result = LIBDEFLATE_BAD_DATA;
    if (format == Format::gzip) {
      result = libdeflate_gzip_decompress_ex(decompressor_.get(), bytes.data(), bytes.size(), to, room, &read, &made);
    } else if (format == Format::zlib) {
      result = libdeflate_zlib_decompress_ex(decompressor_.get(), bytes.data(), bytes.size(), to, room, &read, &made);
    } else {
      result =
          libdeflate_deflate_decompress_ex(decompressor_.get(), bytes.data(), bytes.size(), to, room, &read, &made);
    }
    if (result == LIBDEFLATE_SUCCESS) {
      bytes.remove_prefix(read);
      written += made;
      return Decoded::ok;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return Decoded::bad;
    if (out.size() >= may_take.output_bytes_max) return Decoded::too_large;
    const std::size_t next_bytes = std::min(may_take.output_bytes_max, std::max(kFirstRoomBytes, out.size() * 2));
    if (!grow(out, next_bytes, written, may_take.behind)) return Decoded::too_large;
  }
}

Decoded Inflater::gunzip(std::string_view bytes, std::size_t output_bytes_max, std::size_t room_behind,
                         std::string& out) {
  out.clear();
  if (!grow(out, std::min(claimed_bytes(bytes), output_bytes_max), 0, room_behind)) return Decoded::too_large;
  std::size_t written = 0;
  do {
    const Decoded decoded = one_stream(Format::gzip, bytes, {output_bytes_max, room_behind}, written, out);
    if (decoded != Decoded::ok) return decoded;
    if (bytes.find_first_not_of('\0') == std::string_view::npos) break;
  } while (true);
  out.resize(written);
  return Decoded::ok;
}

Decoded Inflater::inflate(std::string_view bytes, std::size_t output_bytes_max, std::size_t room_behind,
                          std::string& out) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])); };
  const bool may_be_zlib = bytes.size() >= 2 && (byte(0) & 0x0f) == 8 && (byte(0) * 256 + byte(1)) % 31 == 0;
  Decoded decoded = Decoded::bad;
  for (const Format format : {Format::zlib, Format::raw}) {
    if (format == Format::zlib && !may_be_zlib) continue;
    out.clear();
    const std::size_t first_bytes = std::min(std::max(kFirstRoomBytes, bytes.size() * 4), output_bytes_max);
    if (!grow(out, first_bytes, 0, room_behind)) return Decoded::too_large;
    std::size_t written = 0;
    std::string_view rest = bytes;
    decoded = one_stream(format, rest, {output_bytes_max, room_behind}, written, out);
    if (decoded == Decoded::ok && !rest.empty()) decoded = Decoded::bad;
    if (decoded == Decoded::ok) out.resize(written);
    if (decoded != Decoded::bad) return decoded;
  }
  return decoded;
}

Decoded Inflater::unzstd(std::string_view bytes, std::size_t output_bytes_max, std::size_t room_behind,
                         std::string& out) {
  if (zstd_ == nullptr) {
    zstd_.reset(ZSTD_createDCtx());
    if (zstd_ == nullptr) throw std::bad_alloc();
    INVARIANT(ZSTD_isError(ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kZstdWindowBits)) == 0);
  }
  (void)ZSTD_DCtx_reset(zstd_.get(), ZSTD_reset_session_only);
  // One byte more than allowed tells text that is too large from text that just fits.
  const std::size_t room_max = output_bytes_max + 1;
  const std::size_t first_bytes = std::min(std::max(kFirstRoomBytes, bytes.size() * 4), room_max);
  out.clear();
  if (!grow(out, first_bytes, 0, room_behind)) return Decoded::too_large;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (std::size_t written = 0;;) {
    ZSTD_outBuffer to{out.data(), out.size(), written};
    const std::size_t more = ZSTD_decompressStream(zstd_.get(), &to, &in);
    if (ZSTD_isError(more) != 0) return Decoded::bad;
    written = to.pos;
    if (written > output_bytes_max) return Decoded::too_large;
    const bool full = written == out.size(), read = in.pos == in.size;
    if (more == 0 && read) {
      out.resize(written);
      return Decoded::ok;
    }
    if (read && !full) return Decoded::bad;  // cut
    if (full && !grow(out, std::min(room_max, std::max(kFirstRoomBytes, out.size() * 2)), written, room_behind))
      return Decoded::too_large;
  }
}

}  // namespace straykey
