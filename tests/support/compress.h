#pragma once
// gzip, zlib, raw deflate, zstd and base64 as senders make them.
#include <libdeflate.h>
#include <zstd.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/base64.h"

namespace straykey {

template <class Bound, class Compress>
std::string compressed(std::string_view text, Bound&& bound, Compress&& compress) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(bound(compressor, text.size()), '\0');
  out.resize(compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

inline std::string gzip_of(std::string_view text) {
  return compressed(text, libdeflate_gzip_compress_bound, libdeflate_gzip_compress);
}
inline std::string zlib_of(std::string_view text) {
  return compressed(text, libdeflate_zlib_compress_bound, libdeflate_zlib_compress);
}
inline std::string raw_deflate_of(std::string_view text) {
  return compressed(text, libdeflate_deflate_compress_bound, libdeflate_deflate_compress);
}

inline std::string zstd_of(std::string_view text, int window_bits = 0) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  if (window_bits > 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_bits);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  // Without a size in its header, a frame has the window that was asked for.
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &to, &in, ZSTD_e_flush);
  ZSTD_compressStream2(context, &to, &in, ZSTD_e_end);
  out.resize(to.pos);
  ZSTD_freeCCtx(context);
  return out;
}

inline std::string base64_of(std::string_view bytes) {
  return encode_base64(bytes);
}

}  // namespace straykey
