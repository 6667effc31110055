#pragma once
// A body -> its records, whatever framing and envelopes it came in.
//
// Shape:  decoding (gzip and zstd by magic) -> framing (one value, array, NDJSON, concatenated values; BOM and spaces
//         skipped) -> unwrapping, at most 5 deep -> RecordParser. What is taken out of what:
//           Records[]                          CloudTrail files; an S3 notification among them is s3_pointer
//           detail-type + detail               EventBridge; "Object ..." of aws.s3 is s3_pointer
//           records[].data, records[].value    Firehose: base64, and gzip by magic; kafka-rest
//           messageType + logEvents[].message  CloudWatch Logs; CONTROL_MESSAGE is taken and holds nothing
//           awslogs.data                       CloudWatch Logs to Lambda: base64 + gzip
//           resourceLogs[].scopeLogs[].logRecords[].body   OTLP JSON: a string or a kvlist; or the attributes, if
//                                              they are a record's members; else attributes_only
//           Events[].CloudTrailEvent           aws cloudtrail lookup-events
//           events[].message, results[][]{field:"@message",value}   CloudWatch filter-log-events, Logs Insights
//           QueryResultRows[][].eventJson      CloudTrail Lake
//           hits.hits[]._source, _source       Elasticsearch
//           result._raw, results[]._raw        Splunk
//           data.aws, cloud_trail_event        Wazuh, Steampipe (also in its rows[])
//           event, original, message, MESSAGE, log, _raw, Message, body, msg   SNS, HEC, shippers: the first with
//                                              JSON, be it an object, a string or (journald) an array of bytes
//         A line may have a time or a number before its value (value_behind_stamp).
// Order:  on_event and on_reject are called in the order of the body; `index` counts these calls (0 first), which is
//         how senders count their values unless an inner text holds several.
// Bounds: PayloadLimits; reaching one is a reject (a record) or a PayloadError (the body). Memory: what is inflated (at
//         most inflated_bytes_max for the body, as much again for inner layers, a quarter of it for one of them) and
//         what envelopes unescape (as much again). No recursion but for envelopes. Work is linear in the bytes:
//         searches for the end of broken values stop after four times the body; the rest is then one reject. Finding
//         where values, lines and texts end looks at each byte at most four times (work()), whatever parts the values.
// Errors: a bad record is rejected alone; its neighbours are taken. A broken line of NDJSON ends at its line, a broken
//         element of an array at the next "},{". An array or envelope that is cut between records gives one more
//         reject, with an empty record. Of an object with two members Records both are read; of another envelope whose
//         payload comes twice the last is read, with one more reject. A body that is one string, number, true, false or
//         null is a bad record, but a string may hold a record. unreadable_body: nothing could be taken. on_reject has
//         then been called (bad_json, truncated) if the body held one value that begins as JSON does, and has not if no
//         line begins with a bracket.
// Thread: one PayloadReader a thread; its memory is reused.
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/event.h"
#include "core/event/reject_reason.h"
#include "core/event/text_arena.h"

namespace straykey {

class PoisonedRecords;

struct PayloadLimits {
  std::size_t inflated_bytes_max = 128u << 20;
  std::size_t records_max = 1'000'000;
  const PoisonedRecords* poisoned = nullptr;  // refused unread; borrowed
  bool short_way = true;  // false: RecordParser reads every record. The answers are the same, as tests hold
};

enum class PayloadError : std::uint8_t {
  empty_body,          // nothing but white space
  unreadable_body,     // not JSON at all: not even a first value can be framed
  bad_compression,     // gzip, deflate or zstd that does not decode
  inflated_too_large,  // over inflated_bytes_max
  too_many_records,    // over records_max
};
// snake_case, for replies and metrics.
[[nodiscard]] constexpr std::string_view name_of(PayloadError error) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"empty_body", "unreadable_body", "bad_compression",
                                                   "inflated_too_large", "too_many_records"};
  return kNames[static_cast<std::size_t>(error)];
}

enum class ContentEncoding : std::uint8_t { identity, gzip, deflate, zstd };

class PayloadReader {
 public:
  explicit PayloadReader(PayloadLimits limits);
  ~PayloadReader();

  struct Sink {
    // What was taken may still tell nothing: see can_be_judged (core/event/not_judged.h).
    std::function<void(std::uint32_t index, Event&&)> on_event;
    // Also for the harmless classes, in which there is no call: see is_harmless (core/event/reject_reason.h).
    std::function<void(std::uint32_t index, RejectReason, std::string_view record)> on_reject;
  };

  // Reads all of `body`. gzip and zstd magic count, whatever `encoding` says. Events point into `body` or `arena`.
  // REQUIRES: kJsonPadding readable bytes behind `body`. Returns what was wrong with the body as a whole, if anything;
  // events handed over before that stay handed over, so a caller that refuses the body must drop them.
  [[nodiscard]] std::optional<PayloadError> read(std::string_view body, ContentEncoding encoding, Seconds now,
                                                 TextArena& arena, const Sink& sink);

  // For the texts that are read from now on, instead of what the constructor was told.
  void limit(std::size_t inflated_bytes_max, std::size_t records_max) noexcept;

  // What `text` is without its encoding and gzip, if it has any; then in `arena`. read() does this by itself.
  [[nodiscard]] std::optional<PayloadError> decode(std::string_view& text, ContentEncoding encoding, TextArena& arena);

  // The next body is inflated into the memory of this one, whose events nobody reads any more.
  void reuse(TextArena& arena);

  // Reads the first `bytes` of `text` as read() would without an encoding. What follows them are the next messages of a
  // batch, with anything in between: their structure is found on the way. REQUIRES: bytes of earlier texts are
  // unchanged since forget().
  [[nodiscard]] std::optional<PayloadError> read_message(std::string_view text, std::size_t bytes, Seconds now,
                                                         TextArena& arena, const Sink& sink);
  void forget() noexcept;

  // What is asked before larger memory is taken for texts that are read from now on; nullptr: nothing. What it refuses
  // is too large. REQUIRES: it lives until it is replaced.
  using MayHold = std::function<bool(std::size_t more_bytes)>;
  void ask(const MayHold* may_hold) noexcept;
  // For the sink to call. Nothing more is handed over of the text in hand; if there is anything, its reading ends with
  // too_many_records.
  void stop_here() noexcept;
  // For the sink to call. What is read from now on goes into `arena`, which also comes to own the copies that are being
  // read. So the arena before it may go as soon as nobody reads its events.
  void go_on_in(TextArena& arena);

  // What reading has cost since the reader was made, in bytes looked at; a byte looked at twice counts twice.
  struct Work {
    std::uint64_t framing = 0;  // where lines and texts end
    std::uint64_t index = 0;    // JsonIndex
    std::uint64_t texts = 0;    // what there was to read: bodies, and copies of their pieces (unescaped, inflated)
    std::uint64_t values = 0;   // the extents of objects that are no plain records
  };
  [[nodiscard]] Work work() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace straykey
