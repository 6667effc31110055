#pragma once
// One CloudTrail record -> Event, or the reason why not.
//
// Thread: one RecordParser a thread; its memory is reused.
// Bounds: a record of at most 1 MiB, nested at most 64 deep.
// Errors: a RejectReason; the parser is ready for the next record whatever happened.
// Source: CloudTrail record contents; odd shapes as seen in published traces (accessKeyId "" or absent, no userIdentity.type,
//         role names with a colon, names in sourceIPAddress).
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/event/event.h"
#include "core/event/reject_reason.h"

namespace straykey {

inline constexpr std::size_t kRecordBytesMax = 1 << 20;
inline constexpr std::size_t kJsonDepthMax = 64;
// Readable bytes that must follow whatever is handed to a JSON parser (simdjson's padding, rounded up).
inline constexpr std::size_t kJsonPadding = 64;

// Owns text that is not a slice of the request's body: unescaped strings, inflated and decoded payloads. Addresses stay valid.
class TextArena {
 public:
  // A copy of `text` that lives as long as the arena.
  std::string_view keep(std::string_view text);
  // Takes the buffer itself; it is given kJsonPadding readable bytes behind its text.
  std::string_view adopt(std::string text);
  // Bytes held, for the request's budget.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::deque<std::string> blocks_;
  std::size_t bytes_ = 0;
};

class RecordParser {
 public:
  RecordParser();
  ~RecordParser();

  // REQUIRES: kJsonPadding readable bytes behind `record`. Views of the Event point into `record` or `arena`.
  // `now` is the clock: an eventTime more than 10 minutes ahead of it becomes `now` with from_future set.
  [[nodiscard]] std::variant<Event, RejectReason> parse(std::string_view record, TextArena& arena, Seconds now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace straykey
