#pragma once
// One body being read: what finding its texts (payload_framing.cc) and unwrapping them (payload_envelopes.cc) share.
// Internal to PayloadReader.
//
// Thread: that of its PayloadReader.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/event/cloudtrail.h"
#include "core/event/decoding.h"
#include "core/event/envelope.h"
#include "core/event/framing.h"
#include "core/event/json_text.h"
#include "core/event/payload.h"
#include "core/event/poisoned_records.h"
#include "core/event/record_walk.h"

namespace straykey {

inline constexpr int kEnvelopesMax = 5;
inline constexpr int kGzipLayersMax = 3;
inline constexpr std::size_t kSearchEffortBytesMin = 4096;
// A copy that is larger is asked for (PayloadReader::ask) and moved into the arena instead of copied a second time.
inline constexpr std::size_t kCopyBytesMax = 64 * 1024;

[[nodiscard]] inline RejectReason reason_of(JsonEnd end) noexcept {
  return end == JsonEnd::truncated ? RejectReason::truncated : RejectReason::bad_json;
}

// One body being read. Names: text is framed (any number of values), a value is one JSON value, depth counts the
// envelopes around it.
struct PayloadReader::Impl {
  explicit Impl(PayloadLimits given) : limits(given) {}

  PayloadLimits limits;
  std::array<std::unique_ptr<RecordWalk>, kEnvelopesMax + 2> walks;  // the short way for plain records, ...
  RecordParser parser;                                               // ... and the last word on all others
  Inflater inflater;
  std::string decoded, unescaped, key_scratch, spare;  // spare: memory for the next body that is inflated

  // Of the body in hand.
  Seconds now = 0;
  TextArena* arena = nullptr;
  const Sink* sink = nullptr;
  std::uint32_t index = 0;
  const MayHold* may_hold = nullptr;
  std::size_t copies = 0;  // copies of copies (unescaped, inflated) that the text in hand is in
  std::array<std::string_view, kEnvelopesMax + 2> open_copies;  // those, outermost first
  std::size_t values = 0;                                       // top-level values that start with a bracket
  bool understood = false;  // something in the body made sense, be it a record refused for its meaning
  bool over_records_max = false;
  std::size_t inflate_bytes_left = 0;  // what inner layers may still inflate, failures included
  std::size_t text_bytes_left = 0;     // what envelopes may still copy (unescaped, base64)
  Work work;
  bool wrapped_before = false;    // the last record that went the short way had an object around it
  bool batch = false;             // the text in hand is a message of a batch, whose first one told its size
  std::size_t search_effort = 0;  // bytes that searches for the end of broken values may still look at

  std::optional<PayloadError> read(std::string_view body, ContentEncoding encoding);
  [[nodiscard]] RecordWalk& plain();
  void forget() noexcept;
  [[nodiscard]] bool take_plain_message(std::string_view text, std::size_t bytes);
  std::optional<PayloadError> inflate_body(std::string_view& body, ContentEncoding encoding);

  // Framing.
  void read_text(std::string_view text, int depth);
  [[nodiscard]] bool may_be_one_value(std::string_view text);
  std::size_t read_framed_object(std::string_view rest, int depth, TextLine& line);
  std::size_t read_records_file(std::string_view rest, std::size_t array_at, int depth);
  std::size_t read_broken_object(std::string_view rest, const Envelope& whole, int depth, std::size_t line_bytes);
  std::size_t read_framed_array(std::string_view rest, int depth, std::size_t line_bytes);

  // Values.
  // Reads, or reads and accepts, the plain record at the front of `text`: its bytes, or 0 if there is none.
  [[nodiscard]] std::size_t read_plain_record(std::string_view text, Event& event);
  [[nodiscard]] std::size_t take_plain_record(std::string_view text);
  // Where a record is refused unread, each one's extent must be known before it is read.
  [[nodiscard]] bool short_way_is_open() const noexcept {
    return limits.short_way && (limits.poisoned == nullptr || limits.poisoned->empty());
  }
  // The same for one plain record with an object around it (RecordWalk::read_wrapped).
  [[nodiscard]] std::size_t read_wrapped_record(std::string_view text, Event& event);
  // Either of them; `event` holds nothing of use if it is neither.
  [[nodiscard]] std::size_t read_short(std::string_view text, int depth, Event& event);
  [[nodiscard]] std::size_t take_short(std::string_view text, int depth);
  void read_value(const JsonSlice& value, int depth);
  void read_object(std::string_view object, int depth);
  void read_envelope(const Envelope& envelope, std::string_view object, int depth);
  template <class Read>
  JsonExtent read_elements(std::string_view array, Read&& read);
  // `take` may take elements by itself before each that is read, and says whether it did.
  template <class Take, class Read>
  JsonExtent read_elements(std::string_view array, Take&& take, Read&& read);
  // Each element of `array` is a value of its own.
  JsonExtent read_values(std::string_view array, int depth);
  void read_wrapped(const Envelope& envelope, const JsonSlice& element, int depth);
  [[nodiscard]] bool take_base64_elements(JsonElements& walk, std::string_view member, int depth);
  void read_row(const JsonSlice& row, int depth);
  void read_byte_array(std::string_view array, int depth);
  void read_string(const JsonSlice& string, int depth);
  void read_base64(const JsonSlice& string, int depth);
  void read_otlp(std::string_view array, std::size_t level, int depth);
  void read_otlp_attributes(std::string_view log_record, int depth);
  void read_inner_text(std::string_view text, int depth);
  [[nodiscard]] Decoded inflate_inner(std::string_view& bytes);
  [[nodiscard]] bool may_copy(std::size_t bytes) const;
  // Keeps a copy in the arena and reads that. `text` may lose its bytes.
  void read_copy_of(std::string& text, int depth);
  [[nodiscard]] std::variant<Event, RejectReason> parse(std::string_view record);
  // Outcomes.
  void accept(Event&& event);
  void reject(RejectReason reason, std::string_view record);
  [[nodiscard]] bool count_record() noexcept;
};

inline bool PayloadReader::Impl::count_record() noexcept {
  if (index < limits.records_max) return true;
  over_records_max = true;
  return false;
}

inline void PayloadReader::Impl::accept(Event&& event) {
  understood = true;
  if (count_record()) sink->on_event(index++, std::move(event));
}

inline void PayloadReader::Impl::reject(RejectReason reason, std::string_view record) {
  if (reason != RejectReason::bad_json && reason != RejectReason::truncated) understood = true;
  if (count_record()) sink->on_reject(index++, reason, record);
}

// Reads each element, and counts a reject if the array itself ends before its time. Returns the bytes up to its end.
template <class Read>
JsonExtent PayloadReader::Impl::read_elements(std::string_view array, Read&& read) {
  return read_elements(
      array, [](JsonElements&) { return false; }, read);
}

template <class Take, class Read>
JsonExtent PayloadReader::Impl::read_elements(std::string_view array, Take&& take, Read&& read) {
  JsonElements walk(array, search_effort);
  JsonSlice element;
  for (;;) {
    if (take(walk)) element = {};
    if (over_records_max || !walk.next(element)) break;
    read(element);
  }
  if (over_records_max) return {array.size(), JsonEnd::broken};
  if (walk.end() == JsonEnd::complete)
    understood = true;
  else if (element.end == JsonEnd::complete)
    reject(reason_of(walk.end()), {});
  return {walk.consumed(), walk.end()};
}

}  // namespace straykey
