#pragma once
// The time of a record, in the forms that tools leave it in.
//
// Shape:  as CloudTrail writes it (core/base/time.h), or with a space for the `T`, or with `+00:00`, `+0000`, ` UTC` or
//         nothing for the `Z`: databases and data frames print UTC times so. Any other offset is no time of a record.
// Thread: any (functions of their arguments).
#include <optional>
#include <string_view>

#include "core/base/time.h"

namespace straykey {

[[nodiscard]] std::optional<Seconds> parse_record_time(std::string_view text) noexcept;

}  // namespace straykey
