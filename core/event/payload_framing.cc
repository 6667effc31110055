// Finds the records in a body. Senders put any number of JSON values into a body, separated by line ends, by spaces or
// by nothing, and the last may be cut off. Nobody says where a value ends, so this file finds the ends itself.
//
// A value that looks like a plain record goes the short way: one walk over its bytes reads it and finds its end. Any
// other value is a line that holds one record, a file as AWS writes it, an envelope to be unwrapped, or it is broken. A
// broken value must not take its neighbours along, so reading goes on behind it. The effort of looking for its end is
// limited for the whole body, so that no body can make the work grow faster than its size.
#include <algorithm>

#include "core/base/invariant.h"
#include "core/event/framing.h"
#include "core/event/payload_reading.h"
#include "core/event/record_in_hand.h"

namespace straykey {
namespace {

// An envelope of which something can be used although it is cut or broken: an array with at least a beginning of an
// element.
bool can_be_split(const Envelope& e) noexcept {
  const bool array = e.kind == EnvelopeKind::values || e.kind == EnvelopeKind::base64_each ||
                     e.kind == EnvelopeKind::text_each || e.kind == EnvelopeKind::rows;
  return array && e.payload.is('[') && !skip_json_space(e.payload.text.substr(1)).empty();
}

}  // namespace

// --- Framing: any number of values, however parted ---

void PayloadReader::Impl::read_text(std::string_view text, int depth) {
  TextLine line(text, work.framing);
  for (std::size_t at = 0; !over_records_max;) {
    const std::size_t from = at = line.behind_space(at);
    at = text.find_first_not_of(kBetweenValues, at);
    work.framing += std::min(at, text.size()) - from;
    if (at == std::string_view::npos) return;
    const std::string_view rest = text.substr(at);
    const bool object = rest.front() == '{';
    if (object || rest.front() == '[') {
      if (depth == 0) ++values;
      if (const std::size_t taken = object ? take_short(rest, depth) : 0) {
        at += taken;
        continue;
      }
      line.move_to(at);
      at += object ? read_framed_object(rest, depth, line) : read_framed_array(rest, depth, line.bytes());
    } else if (const std::size_t stamp_bytes = value_behind_stamp(rest)) {
      work.framing += stamp_bytes;
      at += stamp_bytes;
    } else {
      line.move_to(at);
      const std::string_view words = line.trimmed();
      reject(words == "null" ? RejectReason::empty_value : RejectReason::bad_json, words);
      at += line.bytes();
    }
    if (search_effort == 0 && at < text.size()) return reject(RejectReason::bad_json, text.substr(at));
  }
}

std::variant<Event, RejectReason> PayloadReader::Impl::parse(std::string_view record) {
  if (limits.poisoned != nullptr && limits.poisoned->contains(record)) return RejectReason::crashed_before;
  const RecordInHand in_hand(record);
  return parser.parse(record, *arena, now);
}

// A parser would go over all of a long line of many values to find that it is not one. A short line is worth no look.
bool PayloadReader::Impl::may_be_one_value(std::string_view text) {
  constexpr std::size_t kRecordBytesUsual = 16 * 1024;
  if (text.size() <= kRecordBytesUsual) return true;
  const JsonExtent extent = scan_json_value(text);
  work.values += extent.size;
  return extent.end == JsonEnd::complete && extent.size == text.size();
}

// Reads the object at the front of `rest`; returns the bytes it took.
std::size_t PayloadReader::Impl::read_framed_object(std::string_view rest, int depth, TextLine& line) {
  const std::size_t array_at = records_array_at(rest);
  if (array_at > 0 && line.is_last()) return read_records_file(rest, array_at, depth);
  const std::string_view all = line.trimmed();
  if (!line.tried && all.ends_with('}') && all.size() <= kRecordBytesMax && !opens_like_envelope(all) &&
      may_be_one_value(all)) {
    auto result = parse(all);
    if (Event* event = std::get_if<Event>(&result)) {
      accept(std::move(*event));
      return line.bytes();
    }
    const RejectReason reason = std::get<RejectReason>(result);
    if (reason != RejectReason::bad_json && reason != RejectReason::too_deep &&
        reason != RejectReason::not_cloudtrail) {
      reject(reason, all);
      return line.bytes();
    }
  }
  line.tried = true;
  const Envelope envelope = open_envelope(rest, key_scratch);
  work.values += envelope.consumed;
  if (envelope.end != JsonEnd::complete) return read_broken_object(rest, envelope, depth, line.bytes());
  const std::string_view object = rest.substr(0, envelope.consumed);
  if (envelope.kind == EnvelopeKind::record || envelope.kind == EnvelopeKind::none)
    read_object(object, depth);
  else
    read_envelope(envelope, object, depth);
  return envelope.consumed;
}

// A CloudTrail file as AWS writes it: its array is read as it is found, without looking for the end of the object
// first.
std::size_t PayloadReader::Impl::read_records_file(std::string_view rest, std::size_t array_at, int depth) {
  if (depth + 1 > kEnvelopesMax) {
    reject(RejectReason::too_deep, rest);
    return rest.size();
  }
  const auto [array_bytes, array_end] = read_values(rest.substr(array_at), depth + 1);
  if (array_end != JsonEnd::complete) return rest.size();
  JsonMembers walk(rest, array_at + array_bytes);
  std::string_view key;
  JsonSlice value;
  while (walk.next(key, value)) {
    if (key != "Records") continue;
    // Parsers differ in which of two counts, so both are read.
    if (!value.is('[')) read_value(value, depth);
    if (value.is('[')) read_values(value.text, depth + 1);
    if (value.end != JsonEnd::complete) return rest.size();
  }
  if (walk.end() == JsonEnd::complete) return walk.consumed();
  reject(reason_of(walk.end()), {});
  return rest.size();
}

// The object at the front of `rest` is cut or broken, and where it ends is a guess: its line, if that tells us anything
// of it or if a fresh value begins on a later line; all of the rest, if it is spread over lines.
std::size_t PayloadReader::Impl::read_broken_object(std::string_view rest, const Envelope& whole, int depth,
                                                    std::size_t line_bytes) {
  search_effort -= std::min(search_effort, whole.consumed + 64);
  const std::string_view line = rest.substr(0, line_bytes);
  const Envelope on_line = line.size() == rest.size() ? whole : open_envelope(line, key_scratch);
  if (can_be_split(on_line)) {
    read_envelope(on_line, line, depth);
    return line.size();
  }
  if (can_be_split(whole)) {
    read_envelope(whole, rest, depth);
    return rest.size();
  }
  const std::size_t next = next_line_with_value(rest);
  work.framing += next;
  const bool spread = next == rest.size();
  reject(reason_of(spread ? whole.end : on_line.end), trim_json(spread ? rest : line));
  return next;
}

std::size_t PayloadReader::Impl::read_framed_array(std::string_view rest, int depth, std::size_t line_bytes) {
  const std::string_view line = rest.substr(0, line_bytes);
  const bool on_line = line.size() < rest.size() && scan_json_value(line).end == JsonEnd::complete;
  return read_values(on_line ? line : rest, depth + 1).size;
}

// --- Values ---

std::size_t PayloadReader::Impl::read_plain_record(std::string_view text, Event& event) {
  if (!short_way_is_open() || opens_like_envelope(text)) return 0;
  const RecordInHand begins_here(text.substr(0, kRecordBytesMax));
  const std::size_t bytes = plain().read(text, *arena, now, event);
  if (bytes > text.size()) return 0;  // it goes on in the next message of a batch
  const RecordInHand in_hand(event.record);
  return bytes;
}

std::size_t PayloadReader::Impl::read_wrapped_record(std::string_view text, Event& event) {
  if (!short_way_is_open() || first_member(text) == FirstMember::envelope) return 0;
  const RecordInHand begins_here(text.substr(0, kRecordBytesMax));
  const std::size_t bytes = plain().read_wrapped(text, *arena, now, event);
  return bytes > text.size() ? 0 : bytes;
}

std::size_t PayloadReader::Impl::take_plain_record(std::string_view text) {
  Event event;
  const std::size_t bytes = read_plain_record(text, event);
  if (bytes > 0) accept(std::move(event));
  return bytes;
}

// A sender that wraps one record wraps the next one likewise, so what the last one was is tried first.
std::size_t PayloadReader::Impl::read_short(std::string_view text, int depth, Event& event) {
  if (!wrapped_before) {
    if (const std::size_t bytes = read_plain_record(text, event)) return bytes;
    event = Event{};
  }
  if (depth + 1 <= kEnvelopesMax) {
    if (const std::size_t bytes = read_wrapped_record(text, event)) {
      wrapped_before = true;
      return bytes;
    }
    event = Event{};
  }
  if (!std::exchange(wrapped_before, false)) return 0;
  return read_plain_record(text, event);
}

std::size_t PayloadReader::Impl::take_short(std::string_view text, int depth) {
  Event event;
  const std::size_t bytes = read_short(text, depth, event);
  if (bytes > 0) accept(std::move(event));
  return bytes;
}

bool PayloadReader::Impl::take_plain_message(std::string_view text, std::size_t bytes) {
  index = 0;
  if (!text.starts_with('{')) return false;
  Event event;
  const std::size_t taken = read_short(text, 0, event);
  if (taken == 0 || taken > bytes || !trim_json(text.substr(taken, bytes - taken)).empty()) return false;
  accept(std::move(event));
  return true;
}

JsonExtent PayloadReader::Impl::read_values(std::string_view array, int depth) {
  const auto take = [&](JsonElements& walk) {
    if (depth > kEnvelopesMax) return false;
    bool any = false;
    for (std::string_view rest = walk.rest(); rest.starts_with('{') && !over_records_max; rest = walk.rest()) {
      const std::size_t bytes = take_short(rest, depth);
      if (bytes == 0) break;
      walk.skip(bytes);
      any = true;
    }
    return any;
  };
  return read_elements(array, take, [&](const JsonSlice& element) { read_value(element, depth); });
}

void PayloadReader::Impl::read_value(const JsonSlice& value, int depth) {
  const std::string_view text = value.text;
  if (depth > kEnvelopesMax) return reject(RejectReason::too_deep, text);
  if (value.end != JsonEnd::complete) {
    const Envelope cut = value.is('{') ? open_envelope(text, key_scratch) : Envelope{};
    if (can_be_split(cut)) return read_envelope(cut, text, depth);
    return reject(reason_of(value.end), trim_json(text));
  }
  if (value.is('{')) return read_object(text, depth);
  if (value.is('"')) return read_string(value, depth + 1);
  if (!value.is('[')) return reject(text == "null" ? RejectReason::empty_value : RejectReason::not_cloudtrail, text);
  read_values(text, depth + 1);
}

// REQUIRES: object is one whole value that starts with '{'.
void PayloadReader::Impl::read_object(std::string_view object, int depth) {
  const auto parse_record = [&] {
    auto result = parse(object);
    if (Event* event = std::get_if<Event>(&result)) return accept(std::move(*event)), true;
    const RejectReason reason = std::get<RejectReason>(result);
    if (reason == RejectReason::not_cloudtrail) return false;
    return reject(reason, object), true;
  };
  if (object.size() <= kRecordBytesMax && !opens_like_envelope(object) && parse_record()) return;
  const Envelope envelope = open_envelope(object, key_scratch);
  if (envelope.kind != EnvelopeKind::record && envelope.kind != EnvelopeKind::none)
    return read_envelope(envelope, object, depth);
  if (!parse_record()) reject(RejectReason::not_cloudtrail, object);
}

}  // namespace straykey
