#pragma once
// gzip_of(): a gzip member that holds a text.
#include <libdeflate.h>

#include <string>
#include <string_view>

namespace straykey {

inline std::string gzip_of(std::string_view text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

}  // namespace straykey
