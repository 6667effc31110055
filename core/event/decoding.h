#pragma once
// What senders compress bytes with: gzip, zlib, raw deflate, zstd.
//
// Bounds: output_bytes_max, whatever the input claims about itself; memory grows by doubling, so a lie costs little.
//         A zstd frame may ask for a window of 8 MiB (what its levels up to 19 need and RFC 8878 recommends); a larger
//         one is bad.
//         What may_hold refuses is not inflated.
// Errors: Decoded; `out` then holds nothing of use.
// Thread: one Inflater a thread.
// Source: RFC 1952 (members may be joined), RFC 1950, RFC 1951, RFC 8878 (frames may be joined).
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct libdeflate_decompressor;
struct ZSTD_DCtx_s;

namespace straykey {

inline constexpr std::uint64_t kZstdWindowBytesMax = std::uint64_t{8} << 20;

// What the first frame of zstd asks for as its window; 0 if `bytes` do not begin a frame, or do not tell.
[[nodiscard]] std::uint64_t zstd_window_bytes(std::string_view bytes) noexcept;

enum class Decoded : std::uint8_t { ok, bad, too_large };

[[nodiscard]] bool has_gzip_magic(std::string_view bytes) noexcept;
[[nodiscard]] bool has_zstd_magic(std::string_view bytes) noexcept;

class Inflater {
 public:
  // Whether so many more bytes may be held, asked before memory for them is taken. Empty: always.
  using MayHold = std::function<bool(std::size_t more_bytes)>;

  Inflater();
  ~Inflater();
  // What is asked from now on; nullptr: nothing. REQUIRES: it lives until it is replaced.
  void ask(const MayHold* may_hold) noexcept { may_hold_ = may_hold; }

  // All members of a gzip stream, joined. NUL bytes behind the last member are allowed (tar and tape pad so).
  // `out` gets `room_behind` bytes of spare capacity, so that adopting it moves nothing.
  [[nodiscard]] Decoded gunzip(std::string_view bytes, std::size_t output_bytes_max, std::size_t room_behind,
                               std::string& out);
  // zlib if it looks so and decodes so, else raw deflate: HTTP's "deflate" means either.
  [[nodiscard]] Decoded inflate(std::string_view bytes, std::size_t output_bytes_max, std::size_t room_behind,
                                std::string& out);

  // All frames, joined.
  [[nodiscard]] Decoded unzstd(std::string_view bytes, std::size_t output_bytes_max, std::size_t room_behind,
                               std::string& out);

 private:
  enum class Format : std::uint8_t { gzip, zlib, raw };
  struct Room {
    std::size_t output_bytes_max, behind;
  };
  // Makes room for `size` bytes, or says that it may not. Of what there is, only the first `written` bytes are moved.
  [[nodiscard]] bool grow(std::string& out, std::size_t size, std::size_t written, std::size_t room_behind) const;
  // One stream at the front of `bytes`, put behind the first `written` bytes of `out`, which grows as needed.
  [[nodiscard]] Decoded one_stream(Format format, std::string_view& bytes, Room may_take, std::size_t& written,
                                   std::string& out);

  struct Free {
    void operator()(libdeflate_decompressor* d) const noexcept;
  };
  std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
  struct FreeZstd {
    void operator()(ZSTD_DCtx_s* d) const noexcept;
  };
  std::unique_ptr<ZSTD_DCtx_s, FreeZstd> zstd_;  // made when it is needed first
  const MayHold* may_hold_ = nullptr;
};

}  // namespace straykey
