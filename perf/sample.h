#pragma once
// The records that benchmarks read: one synthetic organisation's trail, always the same.
//
// Shape:  about 20,000 records of 1.4 KB; bodies as AWS delivers files ({"Records":[...]}) and as lines.
// Thread: made at the first call, on the main thread; immutable then.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

struct SampleBody {
  std::string text;  // with kJsonPadding readable bytes behind `size`
  std::size_t size = 0;
  std::size_t records = 0;

  [[nodiscard]] std::string_view view() const noexcept { return std::string_view(text).substr(0, size); }
};

struct Sample {
  std::vector<SampleBody> files;       // {"Records":[...]} of about 500 records each
  std::vector<SampleBody> lines;       // the same records, one a line
  std::vector<SampleBody> compressed;  // `files` in gzip; `records` as in the file
  std::size_t records = 0, bytes = 0;  // of `files`
};

[[nodiscard]] const Sample& sample();

}  // namespace straykey
