#pragma once
// One CloudTrail record -> Event, or the reason why not.
//
// Thread: one RecordParser a thread; its memory is reused.
// Bounds: a record of at most 1 MiB, nested at most 64 deep.
//         Memory follows the largest record seen: about 14 bytes for each of its bytes.
// Order:  a key that occurs twice: the last one counts.
// Errors: a RejectReason; the parser is ready for the next record whatever happened.
// Source: CloudTrail record contents; odd shapes as seen in published traces (accessKeyId "" or absent, no
//         userIdentity.type, role names with a colon, names in sourceIPAddress).
#include <memory>
#include <string_view>
#include <variant>

#include "core/event/event.h"
#include "core/event/reject_reason.h"
#include "core/event/text_arena.h"

namespace straykey {

inline constexpr std::size_t kRecordBytesMax = 1 << 20;
inline constexpr std::size_t kJsonDepthMax = 64;
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
