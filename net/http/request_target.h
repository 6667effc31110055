#pragma once
// What a request says in its target besides the route: query parameters, and the segments that stand for `{}`.
//
// Thread: any (functions of their arguments).
// Bounds: kParametersMax parameters are looked at, a value has at most kParameterBytesMax bytes once decoded.
// Errors: nullopt for what is not there, too long, or holds a control byte once decoded. A target has passed the
//         guard, so its percent signs are followed by two hex digits.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

inline constexpr std::size_t kParametersMax = 32;
inline constexpr std::size_t kParameterBytesMax = 256;

// The first parameter of that name behind the '?' of `target`, decoded: %XX, and '+' for a space. It may be empty.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

// What stands in `path` for the `{}` of `pattern` with that number (0 first), decoded: %XX. REQUIRES: they match.
[[nodiscard]] std::optional<std::string> path_segment(std::string_view pattern, std::string_view path,
                                                      std::size_t number);

// Takes the next segment off the front of a path, with the '/' behind it.
[[nodiscard]] std::string_view next_segment(std::string_view& path) noexcept;

}  // namespace straykey
