#pragma once
// A body -> its records, whatever framing and envelopes it came in.
//
// Shape:  decoding (gzip by magic) -> framing (one value, array, NDJSON, concatenated values; BOM and white space skipped) ->
//         unwrapping, at most 5 deep (Records, EventBridge, Firehose, CloudWatch Logs, awslogs, SNS, OTLP, HEC and log shippers) -> RecordParser.
// Order:  on_event and on_reject are called in the order of the body; `index` counts values as the sender counts them (0 first).
// Bounds: PayloadLimits; reaching one is a reject (a record) or a PayloadError (the body).
// Errors: a bad record is rejected alone; its neighbours are taken. A body whose outer frame cannot be read at all is a PayloadError.
// Thread: one PayloadReader a thread; its memory is reused.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/event/cloudtrail.h"

namespace straykey {

struct PayloadLimits {
  std::size_t inflated_bytes_max = 128u << 20;
  std::size_t records_max = 1'000'000;
};

enum class PayloadError : std::uint8_t {
  empty_body,           // nothing but white space
  unreadable_body,      // not JSON at all: not even a first value can be framed
  bad_compression,      // gzip, deflate or zstd that does not decode
  inflated_too_large,   // over inflated_bytes_max
  too_many_records,     // over records_max
};
// snake_case, for replies and metrics.
[[nodiscard]] std::string_view name_of(PayloadError error) noexcept;

enum class ContentEncoding : std::uint8_t { identity, gzip, deflate };

class PayloadReader {
 public:
  explicit PayloadReader(PayloadLimits limits);
  ~PayloadReader();

  struct Sink {
    std::function<void(std::uint32_t index, Event&&)> on_event;
    std::function<void(std::uint32_t index, RejectReason, std::string_view record)> on_reject;
  };

  // Reads all of `body`. gzip magic is honoured whatever `encoding` says. Events point into `body` or `arena`.
  // REQUIRES: kJsonPadding readable bytes behind `body`. Returns what was wrong with the body as a whole, if anything; events
  // handed over before that stay handed over, so a caller that refuses the body must drop them.
  [[nodiscard]] std::optional<PayloadError> read(std::string_view body, ContentEncoding encoding, Seconds now, TextArena& arena, const Sink& sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace straykey
