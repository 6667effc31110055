#pragma once
// The platforms of [[known]], in the words of people and in those of the store.
//
// Shape:  a platform is "macos", "windows", "wsl" or "kali", or the execution environment that a user agent names
//         ("CloudShell", "AWS_Lambda_python3.12"). People write them as alerts print them: "macOS", "AWS CloudShell".
// Thread: any (functions of their arguments).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

// The store's word for it; nothing if no alert can be of such a platform.
[[nodiscard]] std::optional<std::string> platform_in_store(std::string_view written);

// The words that may be written, for whoever wrote another.
[[nodiscard]] std::vector<std::string_view> platform_words();

}  // namespace straykey
