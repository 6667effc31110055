#pragma once
// The clocks and the random source that core and storage must not read themselves.
#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

[[nodiscard]] Seconds wall_clock() noexcept;
// Seconds since some start; never goes back.
[[nodiscard]] double uptime() noexcept;
[[nodiscard]] Result<HashKey> random_hash_key();

}  // namespace straykey
