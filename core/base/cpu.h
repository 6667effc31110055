#pragma once
// Pinning the calling thread to a CPU.
#include <cstdint>

namespace straykey {

// Best effort: false where the machine or the sandbox does not allow it.
bool pin_this_thread(std::uint32_t cpu) noexcept;
[[nodiscard]] std::uint32_t cpu_count() noexcept;

}  // namespace straykey
