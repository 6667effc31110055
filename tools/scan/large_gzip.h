#pragma once
// Gzip whose text is too large to be held: its values in pieces, as those of a plain file of lines.
//
// Shape:  pieces end at line ends if the text's first line is a value; else all of it is one value. White space between
//         values is not kept, however much of it there is.
// Bounds: the memory of one value, at most value_bytes_max. A few bytes of gzip may inflate to gigabytes.
// Errors: none: the answer is what is wrong with the file.
// Thread: any (a function of its arguments).
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace straykey {

struct LargeGzipLimits {
  std::size_t piece_bytes = std::size_t{32} << 20;
  std::size_t value_bytes_max = std::size_t{1} << 30;
};

// Calls visit(text) with each piece. Returns the fault: empty if all of it was read.
[[nodiscard]] std::string read_large_gzip(std::string_view bytes, const LargeGzipLimits& limits,
                                          const std::function<void(std::string text)>& visit);

}  // namespace straykey
