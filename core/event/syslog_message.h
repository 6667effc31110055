#pragma once
// One syslog message -> the JSON in it; and what to change where a sender cuts its messages.
//
// Shape:  `<PRI>VERSION time host app procid msgid [structured data] MSG` (RFC 5424), `<PRI>time host tag: MSG`
//         (RFC 3164, which senders follow loosely), or the JSON alone. MSG may begin with a BOM, spaces, `@cee:`.
//         Where a header is unlike all of these, the JSON begins at the first `{`, and at the `[`s directly before it.
//         No field of a header is used: its time is never an event's, its host never a sender's.
// Thread: any (functions of their arguments).
// Bounds: one pass; no memory. Structured data may be of any length within the message.
// Errors: an empty payload: there is no JSON in the message.
// Source: RFC 5424 6, RFC 3164 4.1; defaults of the senders: rsyslog 8.2302 (8096), syslog-ng 3.38 (64 KiB),
//         util-linux 2.38 (1 KiB), Fluent Bit (2048).
#include <cstddef>
#include <string>
#include <string_view>

namespace straykey {

// From its first bracket to the end of the message, without white space at the end.
[[nodiscard]] std::string_view syslog_payload(std::string_view message) noexcept;

// For the log, when the JSON of a message of `message_bytes` ends in its middle: who probably cut it, by the size, and
// which setting to change there.
[[nodiscard]] std::string truncation_advice(std::size_t message_bytes, std::size_t payload_bytes);

}  // namespace straykey
