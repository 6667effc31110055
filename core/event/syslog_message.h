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
//         util-linux 2.38 (1 KiB), Fluent Bit (2048), logback (65,000), BusyBox (1024), ncat -u (8192).
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace straykey {

// From its first bracket to the end of the message, without white space at the end.
[[nodiscard]] std::string_view syslog_payload(std::string_view message) noexcept;

// Of a datagram, which may hold several messages: the bytes of the first, with the ends of line behind it. The next
// begins with a `<PRI>` there, or directly behind the brace that closes the JSON (pino-socket puts what was logged at
// once into one datagram; seen on the wire). All bytes if none follows.
[[nodiscard]] std::size_t first_message_bytes(std::string_view datagram) noexcept;

// There is JSON in it, and it does not end in its middle.
[[nodiscard]] bool ends_whole(std::string_view message) noexcept;

// rsyslog writes control characters inside of a message as `#` and three octal digits, so a record of several lines
// comes as `{#012  "eventVersion"...`. Those outside of strings become spaces, if the payload begins like that.
void blank_escaped_lines(std::span<char> payload) noexcept;

// journalctl writes `"MESSAGE" : null` for texts over 4,096 bytes unless it is told --all.
[[nodiscard]] bool is_unprinted_journal_entry(std::string_view payload) noexcept;

// What stands before the record: senders have their habits.
enum class SyslogHeader : std::uint8_t { none, rfc3164, rfc5424 };
[[nodiscard]] SyslogHeader syslog_header(std::string_view message) noexcept;

// For the log, when the JSON of a message of `message_bytes` ends in its middle: who probably cut it, by the size and
// the header, and which setting to change there.
[[nodiscard]] std::string truncation_advice(std::size_t message_bytes, std::size_t payload_bytes, SyslogHeader header);

}  // namespace straykey
