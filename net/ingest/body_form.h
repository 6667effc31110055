#pragma once
// What a body is that is no JSON, told by its first bytes, for the sentence of its 400.
//
// Thread: any (a function of its argument).
// Bounds: the first 512 bytes decide.
// Source: the magic numbers of xz, bzip2, zip, lz4, Parquet, ORC and Avro; the byte order marks of UTF-16.
#include <string_view>

namespace straykey {

// A sentence that names it and what to send instead; lives for ever. Empty: nothing is known about it.
[[nodiscard]] std::string_view form_of_body(std::string_view body) noexcept;

}  // namespace straykey
