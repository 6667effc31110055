#pragma once
// A syslog message (RFC 5424) whose text is one CEF event, for a SIEM.
//
// Shape:  one line without control characters; a backslash, and what parts fields, is escaped as CEF says.
// Bounds: kCefBytesMax. What is longer is cut, field by field; the commands come last and are left out as a whole.
// Thread: any (a function of its arguments).
// Source: RFC 5424, section 6; "Common Event Format", version 25 (escapes, names and lengths of keys).
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

inline constexpr std::size_t kCefBytesMax = 8 * 1024;

[[nodiscard]] std::string cef_syslog_body(const Message& message, const BodyContext& context);

}  // namespace straykey
