#pragma once
// What can still be taken of gzip that does not decode as a whole, with a sentence about what is wrong with it.
//
// Shape:  a file that is cut short gives everything up to the cut, whose last record is mostly a part of one. One that
//         is damaged gives its members up to the damaged one: their checksums are right.
// Bounds: text_bytes_max of text.
// Errors: none: `fault` is the answer.
// Thread: any (a function of its arguments).
// Source: RFC 1952.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace straykey {

struct Salvaged {
  std::string text;   // of salvage_gzip(): with room behind it for the JSON parser's padding
  std::string fault;  // "the gzip file is cut short"; empty if it decodes
};

// With the beginning of a file only, the fault says that this is not all of it.
[[nodiscard]] Salvaged salvage_gzip(std::string_view bytes, std::size_t text_bytes_max);

// The first text_bytes_max of the text, or what there is of it. Checksums are not looked at.
[[nodiscard]] Salvaged gzip_beginning(std::string_view bytes, std::size_t text_bytes_max);

// For text that is too large to be held: calls visit(piece) with one small piece of it after the other, until that
// returns false. Returns the fault; what a member gave before its damage was found has been visited.
[[nodiscard]] std::string gzip_in_pieces(std::string_view bytes,
                                         const std::function<bool(std::string_view piece)>& visit);

}  // namespace straykey
