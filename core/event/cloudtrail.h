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
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/event/event.h"
#include "core/event/reject_reason.h"

namespace straykey {

inline constexpr std::size_t kRecordBytesMax = 1 << 20;
inline constexpr std::size_t kJsonDepthMax = 64;
// Readable bytes that must follow whatever is handed to a JSON parser (simdjson's padding, rounded up).
inline constexpr std::size_t kJsonPadding = 64;

// Owns text that is not a slice of the request's body: strings of records, inflated and decoded payloads. Addresses
// stay valid.
//
// Shape:  copies are packed into blocks of 2 KiB (so that a request of one record stays small) doubling to 256 KiB;
//         adopted buffers stand alone. Every view that it gives has kJsonPadding readable bytes behind it.
class TextArena {
 public:
  // A copy of `text` that lives as long as the arena.
  std::string_view keep(std::string_view text);
  // Takes the buffer itself.
  std::string_view adopt(std::string text);
  // The buffer that was adopted last, or an empty one. What points into it is not to be read any more.
  [[nodiscard]] std::string take_adopted();
  // Room for `size` bytes that the caller fills; null if size is 0.
  char* reserve(std::size_t size);
  // Bytes held, for the request's budget.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;        // of the newest block
  std::size_t free_bytes_ = 0;  // without the padding behind it
  std::size_t next_block_bytes_ = 2048;
  std::forward_list<std::string> adopted_;
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
