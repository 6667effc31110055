#pragma once
// did_you_mean: finds the known word that was probably meant by an unknown one.
//
// Shape:  it uses the edit distance, in which swapping two neighbouring letters is one step. At most a third of the
//         word may differ.
// Thread: any (functions of their arguments).
// Bounds: a word of more than 64 bytes is like no other.
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

// The nearest of `known`, the first of several; empty if none is near. The view is into `known`.
[[nodiscard]] std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& known);

// ` - did you mean "X"?`, or empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace straykey
