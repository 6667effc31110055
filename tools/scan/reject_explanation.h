#pragma once
// A rejected record, explained to a person: where it stands, the value that is wrong, and what was expected instead.
//
// Shape:  "FILE: line 3, record 3: bad_event_time: eventTime is "yesterday"; expected a time in UTC such as ...".
//         Lines and bytes are those of the text after gzip. A record that an envelope holds as text of its own has only
//         its number.
// Bounds: a value is shown up to kValueShownBytes, escaped.
// Thread: any (functions of their arguments).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/event/reject_reason.h"

namespace straykey {

inline constexpr std::size_t kValueShownBytes = 120;

// A text that is part of a file.
struct PlacedText {
  std::string_view text;
  std::uint64_t bytes_before = 0, lines_before = 0, records_before = 0;  // in the file
};

// "line 3, record 3", or "byte 5120, record 7" if the text is all one line. `number`: of the record in `text`, 0 first.
[[nodiscard]] std::string place_of(std::string_view record, std::uint32_t number, const PlacedText& placed);

// "bad_event_time: eventTime is "yesterday"; expected ...". `now`: what the future is compared with.
[[nodiscard]] std::string explain_reject(RejectReason reason, std::string_view record, Seconds now);

}  // namespace straykey
