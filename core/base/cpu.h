#pragma once
// Sets the name of the calling thread, and the CPU that it stays on.
#include <cstdint>
#include <string>

namespace straykey {

// Sets the name that `ps -L` and top show. It has at most 15 bytes; the rest is cut.
void name_this_thread(std::string name) noexcept;
// Best effort: false where the machine or the sandbox does not allow it.
bool pin_this_thread(std::uint32_t cpu) noexcept;
[[nodiscard]] std::uint32_t cpu_count() noexcept;

}  // namespace straykey
