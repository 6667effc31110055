#include "core/event/payload.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/base64.h"
#include "core/base/invariant.h"
#include "core/base/planted_bug.h"
#include "core/event/decoding.h"
#include "core/event/envelope.h"
#include "core/event/framing.h"
#include "core/event/json_text.h"
#include "core/event/record_in_hand.h"
#include "core/event/record_walk.h"

namespace straykey {
namespace {

constexpr int kEnvelopesMax = 5;
constexpr int kGzipLayersMax = 3;
RejectReason reason_of(JsonEnd end) noexcept {
  return end == JsonEnd::truncated ? RejectReason::truncated : RejectReason::bad_json;
}

// An envelope of which something can be used although it is cut or broken: an array with at least a beginning of an
// element.
bool can_be_split(const Envelope& e) noexcept {
  const bool array =
      e.kind == EnvelopeKind::records || e.kind == EnvelopeKind::firehose || e.kind == EnvelopeKind::log_events;
  return array && e.payload.is('[') && !skip_json_space(e.payload.text.substr(1)).empty();
}

// The text between a JSON string's quotes.
std::string_view inside(const JsonSlice& string) noexcept {
  return string.text.substr(1, string.text.size() - 2);
}

}  // namespace

// One body being read. Names: text is framed (any number of values), a value is one JSON value, depth counts the
// envelopes around it.
struct PayloadReader::Impl {
  explicit Impl(PayloadLimits given) : limits(given) {}

  PayloadLimits limits;
  RecordWalk plain;     // the short way for plain records, ...
  RecordParser parser;  // ... and the last word on all others
  Inflater inflater;
  std::string decoded, unescaped, key_scratch, spare;  // spare: memory for the next body that is inflated

  // Of the body in hand.
  Seconds now = 0;
  TextArena* arena = nullptr;
  const Sink* sink = nullptr;
  std::uint32_t index = 0;
  std::size_t values = 0;   // top-level values that start with a bracket
  bool understood = false;  // something in the body made sense, be it a record refused for its meaning
  bool over_records_max = false;
  std::size_t inflate_bytes_left = 0;  // what inner layers may still inflate, failures included
  std::size_t text_bytes_left = 0;     // what envelopes may still copy (unescaped, base64)
  std::size_t search_effort = 0;       // bytes that searches for the end of broken values may still look at

  std::optional<PayloadError> read(std::string_view body, ContentEncoding encoding);
  [[nodiscard]] bool take_plain_message(std::string_view text, std::size_t bytes);
  std::optional<PayloadError> inflate_body(std::string_view& body, ContentEncoding encoding);

  // Framing.
  void read_text(std::string_view text, int depth);
  std::size_t read_framed_object(std::string_view rest, int depth, std::size_t& parsed_line_bytes);
  std::size_t read_records_file(std::string_view rest, std::size_t array_at, int depth);
  std::size_t read_broken_object(std::string_view rest, const Envelope& whole, int depth);
  std::size_t read_framed_array(std::string_view rest, int depth);

  // Values.
  // Reads, or reads and accepts, the plain record at the front of `text`: its bytes, or 0 if there is none.
  [[nodiscard]] std::size_t read_plain_record(std::string_view text, Event& event);
  [[nodiscard]] std::size_t take_plain_record(std::string_view text);
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
  void read_wrapped(const JsonSlice& element, std::string_view name, int depth);
  void read_string(const JsonSlice& string, int depth);
  void read_base64(const JsonSlice& string, int depth);
  void read_otlp(std::string_view array, std::size_t level, int depth);
  void read_inner_text(std::string_view text, int depth);
  [[nodiscard]] Decoded inflate_inner(std::string_view& bytes);
  // Keeps a copy in the arena and reads that.
  void read_copy_of(std::string_view text, int depth);
  [[nodiscard]] std::variant<Event, RejectReason> parse(std::string_view record);
  void accept(Event&& event);
  void reject(RejectReason reason, std::string_view record);
  [[nodiscard]] bool count_record() noexcept;
};

// --- Outcomes ---

bool PayloadReader::Impl::count_record() noexcept {
  if (index < limits.records_max) return true;
  over_records_max = true;
  return false;
}

void PayloadReader::Impl::accept(Event&& event) {
  understood = true;
  if (count_record()) sink->on_event(index++, std::move(event));
}

void PayloadReader::Impl::reject(RejectReason reason, std::string_view record) {
  if (reason != RejectReason::bad_json && reason != RejectReason::truncated) understood = true;
  if (count_record()) sink->on_reject(index++, reason, record);
}

// --- The body as a whole ---

std::optional<PayloadError> PayloadReader::Impl::inflate_body(std::string_view& body, ContentEncoding encoding) {
  for (int layer = 0; layer < kGzipLayersMax; ++layer) {
    const bool gzip = has_gzip_magic(body);
    if (!gzip && (layer > 0 || encoding == ContentEncoding::identity)) return std::nullopt;
    if (!gzip && encoding == ContentEncoding::gzip) return PayloadError::bad_compression;
    std::string out = std::exchange(spare, {});
    const Decoded result = gzip ? inflater.gunzip(body, limits.inflated_bytes_max, kJsonPadding, out)
                                : inflater.inflate(body, limits.inflated_bytes_max, kJsonPadding, out);
    if (result == Decoded::bad) return PayloadError::bad_compression;
    if (result == Decoded::too_large) return PayloadError::inflated_too_large;
    body = arena->adopt(std::move(out));
  }
  return has_gzip_magic(body) ? std::optional(PayloadError::bad_compression) : std::nullopt;
}

std::optional<PayloadError> PayloadReader::Impl::read(std::string_view body, ContentEncoding encoding) {
  if (trim_json(body).empty()) return PayloadError::empty_body;
  if (const auto error = inflate_body(body, encoding)) return error;
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  if (body.find_first_not_of(kBetweenValues) == std::string_view::npos) return PayloadError::empty_body;
  if (!any_line_starts_with_bracket(body)) return PayloadError::unreadable_body;
  values = 0;
  index = 0;
  understood = over_records_max = false;
  inflate_bytes_left = text_bytes_left = limits.inflated_bytes_max;
  search_effort = 4 * body.size() + (1 << 20);
  plain.forget();
  read_text(body, 0);
  if (over_records_max) return PayloadError::too_many_records;
  if (!understood && values <= 1) return PayloadError::unreadable_body;
  return std::nullopt;
}

// --- Framing: any number of values, however parted ---

void PayloadReader::Impl::read_text(std::string_view text, int depth) {
  std::size_t parsed_line_end = 0;  // a line that is not one value is tried as one only once
  for (std::size_t at = 0; !over_records_max;) {
    at = text.find_first_not_of(kBetweenValues, at);
    if (at == std::string_view::npos) return;
    const std::string_view rest = text.substr(at);
    const bool object = rest.front() == '{';
    if (object || rest.front() == '[') {
      if (depth == 0) ++values;
      if (const std::size_t taken = object ? take_plain_record(rest) : 0) {
        at += taken;
        continue;
      }
      std::size_t parsed_line_bytes = at < parsed_line_end ? parsed_line_end - at : 0;
      const std::size_t taken =
          object ? read_framed_object(rest, depth, parsed_line_bytes) : read_framed_array(rest, depth);
      parsed_line_end = at + parsed_line_bytes;
      at += taken;
    } else {
      const std::string_view line = trim_json(rest.substr(0, rest.find('\n')));
      reject(line == "null" ? RejectReason::empty_value : RejectReason::bad_json, line);
      at = std::min(rest.find('\n'), rest.size()) + at;
    }
    if (search_effort == 0 && at < text.size()) return reject(RejectReason::bad_json, text.substr(at));
  }
}

std::variant<Event, RejectReason> PayloadReader::Impl::parse(std::string_view record) {
  if (limits.poisoned != nullptr && limits.poisoned->contains(record)) return RejectReason::crashed_before;
  const RecordInHand in_hand(record);
  if (planted(Bug::crashing_record)) INVARIANT(record.find("CrashTheParser") == std::string_view::npos);
  return parser.parse(record, *arena, now);
}

// Reads the object at the front of `rest`; returns the bytes it took.
std::size_t PayloadReader::Impl::read_framed_object(std::string_view rest, int depth, std::size_t& parsed_line_bytes) {
  if (const std::size_t array_at = records_array_at(rest)) return read_records_file(rest, array_at, depth);
  const std::size_t line_bytes = std::min(rest.find('\n'), rest.size());
  const std::string_view line = trim_json(rest.substr(0, line_bytes));
  if (parsed_line_bytes == 0 && line.ends_with('}') && line.size() <= kRecordBytesMax && !opens_like_envelope(line)) {
    auto result = parse(line);
    if (Event* event = std::get_if<Event>(&result)) {
      accept(std::move(*event));
      return line_bytes;
    }
    const RejectReason reason = std::get<RejectReason>(result);
    if (reason != RejectReason::bad_json && reason != RejectReason::too_deep &&
        reason != RejectReason::not_cloudtrail) {
      reject(reason, line);
      return line_bytes;
    }
    parsed_line_bytes = line_bytes;
  }
  const Envelope envelope = open_envelope(rest, key_scratch);
  if (envelope.end != JsonEnd::complete) return read_broken_object(rest, envelope, depth);
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
  }
  if (walk.end() == JsonEnd::complete) return walk.consumed();
  reject(reason_of(walk.end()), {});
  return rest.size();
}

// The object at the front of `rest` is cut or broken, and where it ends is a guess: its line, if that tells us anything
// of it or if a fresh value begins on a later line; all of the rest, if it is spread over lines.
std::size_t PayloadReader::Impl::read_broken_object(std::string_view rest, const Envelope& whole, int depth) {
  search_effort -= std::min(search_effort, whole.consumed + 64);
  const std::string_view line = rest.substr(0, rest.find('\n'));
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
  const bool spread = next == rest.size();
  reject(reason_of(spread ? whole.end : on_line.end), trim_json(spread ? rest : line));
  return next;
}

std::size_t PayloadReader::Impl::read_framed_array(std::string_view rest, int depth) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  const bool on_line = line.size() < rest.size() && scan_json_value(line).end == JsonEnd::complete;
  return read_values(on_line ? line : rest, depth + 1).size;
}

// --- Values ---

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

std::size_t PayloadReader::Impl::read_plain_record(std::string_view text, Event& event) {
  // Where a record is refused unread, each one's extent must be known before it is read.
  const bool any_poisoned = limits.poisoned != nullptr && !limits.poisoned->empty();
  if (any_poisoned || !limits.short_way || opens_like_envelope(text)) return 0;
  const RecordInHand begins_here(text.substr(0, kRecordBytesMax));
  const std::size_t bytes = plain.read(text, *arena, now, event);
  const RecordInHand in_hand(event.record);
  if (planted(Bug::crashing_record)) INVARIANT(event.record.find("CrashTheParser") == std::string_view::npos);
  return bytes;
}

std::size_t PayloadReader::Impl::take_plain_record(std::string_view text) {
  Event event;
  const std::size_t bytes = read_plain_record(text, event);
  if (bytes > 0) accept(std::move(event));
  return bytes;
}

bool PayloadReader::Impl::take_plain_message(std::string_view text, std::size_t bytes) {
  index = 0;
  if (!text.starts_with('{')) return false;
  Event event;
  const std::size_t taken = read_plain_record(text, event);
  if (taken == 0 || taken > bytes || !trim_json(text.substr(taken, bytes - taken)).empty()) return false;
  accept(std::move(event));
  return true;
}

JsonExtent PayloadReader::Impl::read_values(std::string_view array, int depth) {
  const auto take = [&](JsonElements& walk) {
    if (depth > kEnvelopesMax) return false;
    bool any = false;
    for (std::string_view rest = walk.rest(); rest.starts_with('{') && !over_records_max; rest = walk.rest()) {
      const std::size_t bytes = take_plain_record(rest);
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

// An envelope that is cut or broken (see Envelope::end) is read only if can_be_split.
void PayloadReader::Impl::read_envelope(const Envelope& envelope, std::string_view object, int depth) {
  if (depth + 1 > kEnvelopesMax) return reject(RejectReason::too_deep, object);
  const JsonSlice& payload = envelope.payload;
  switch (envelope.kind) {
    case EnvelopeKind::none:
    case EnvelopeKind::record:
      return reject(RejectReason::not_cloudtrail, object);
    case EnvelopeKind::control:
      understood = true;
      return;
    case EnvelopeKind::s3_pointer:
      return reject(RejectReason::s3_pointer, object);
    case EnvelopeKind::aws_logs:
      return payload.is('"') ? read_base64(payload, depth + 1) : reject(RejectReason::not_cloudtrail, object);
    case EnvelopeKind::otlp:
      return read_otlp(payload.text, 0, depth + 1);
    case EnvelopeKind::firehose:
      read_elements(payload.text, [&](const JsonSlice& element) { read_wrapped(element, "data", depth + 1); });
      break;
    case EnvelopeKind::log_events:
      read_elements(payload.text, [&](const JsonSlice& element) { read_wrapped(element, "message", depth + 1); });
      break;
    case EnvelopeKind::records:
      if (!payload.is('[')) return read_value(payload, depth + 1);
      read_values(payload.text, depth + 1);
      break;
    case EnvelopeKind::carrier:
      if (payload.is('"')) return read_string(payload, depth + 1);
      if (payload.is('{') && payload.end == JsonEnd::complete && take_plain_record(payload.text) > 0) return;
      return read_value(payload, depth + 1);
  }
  // If the array itself is cut, its reading has said so.
  if (envelope.end != JsonEnd::complete && payload.end == JsonEnd::complete) reject(reason_of(envelope.end), {});
}

// An element whose string member holds the records: Firehose's "data" in base64, CloudWatch Logs' "message" as it is.
void PayloadReader::Impl::read_wrapped(const JsonSlice& element, std::string_view name, int depth) {
  const bool whole = element.is('{') && element.end == JsonEnd::complete;
  const JsonSlice text = whole ? member_of(element.text, name) : JsonSlice{};
  if (!text.is('"')) return read_value(element, depth);
  return name == "data" ? read_base64(text, depth) : read_string(text, depth);
}

void PayloadReader::Impl::read_string(const JsonSlice& string, int depth) {
  if (depth > kEnvelopesMax) return reject(RejectReason::too_deep, string.text);
  if (!unescape_json(inside(string), unescaped)) return reject(RejectReason::bad_json, string.text);
  read_copy_of(unescaped, depth);
}

void PayloadReader::Impl::read_copy_of(std::string_view text, int depth) {
  if (text.size() > text_bytes_left) return reject(RejectReason::inflated_too_large, {});
  text_bytes_left -= text.size();
  read_inner_text(arena->keep(text), depth);
}

// One inner layer may inflate to a quarter of the whole allowance, so that one bomb leaves room for its neighbours.
Decoded PayloadReader::Impl::inflate_inner(std::string_view& bytes) {
  const std::size_t bytes_max = std::min(limits.inflated_bytes_max / 4, inflate_bytes_left);
  if (bytes_max == 0) return Decoded::too_large;
  std::string out;
  const Decoded result = inflater.gunzip(bytes, bytes_max, kJsonPadding, out);
  inflate_bytes_left -= std::min(inflate_bytes_left, out.size());
  if (result == Decoded::ok) bytes = arena->adopt(std::move(out));
  return result;
}

void PayloadReader::Impl::read_base64(const JsonSlice& string, int depth) {
  if (depth > kEnvelopesMax) return reject(RejectReason::too_deep, string.text);
  std::string_view text = inside(string);
  if (text.find('\\') != std::string_view::npos)
    text = unescape_json(text, unescaped) ? std::string_view(unescaped) : "=";
  if (!decode_base64(text, Base64Padding::optional, decoded)) return reject(RejectReason::bad_encoding, string.text);
  if (!has_gzip_magic(decoded)) return read_copy_of(decoded, depth);
  std::string_view bytes = decoded;
  for (int layer = 0; layer < kGzipLayersMax && has_gzip_magic(bytes); ++layer) {
    const Decoded result = inflate_inner(bytes);
    if (result == Decoded::bad) return reject(RejectReason::bad_encoding, string.text);
    if (result == Decoded::too_large) return reject(RejectReason::inflated_too_large, string.text);
  }
  read_inner_text(bytes, depth);
}

// resourceLogs[].scopeLogs[].logRecords[].body
void PayloadReader::Impl::read_otlp(std::string_view array, std::size_t level, int depth) {
  constexpr std::array<std::string_view, 3> kPath{"scopeLogs", "logRecords", "body"};
  read_elements(array, [&](const JsonSlice& element) {
    if (!element.is('{') || element.end != JsonEnd::complete) return read_value(element, depth);
    const JsonSlice member = member_of(element.text, kPath[level]);
    if (level < 2 && member.is('[')) return read_otlp(member.text, level + 1, depth);
    if (level < 2 && member.text.empty()) return;  // a scope without logs
    if (!member.is('{') || !json_of_any_value(member.text, unescaped))
      return reject(RejectReason::not_cloudtrail, element.text);
    read_copy_of(unescaped, depth);
  });
}

// Text out of an envelope: framed like a body, but plain text in it is one reject, not one for each line.
// REQUIRES: kJsonPadding readable bytes behind `text`.
void PayloadReader::Impl::read_inner_text(std::string_view text, int depth) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (trim_json(text).empty()) return reject(RejectReason::empty_value, text);
  if (!any_line_starts_with_bracket(text)) return reject(RejectReason::not_cloudtrail, text);
  read_text(text, depth);
}

// --- The class ---

PayloadReader::PayloadReader(PayloadLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
PayloadReader::~PayloadReader() = default;

void PayloadReader::reuse(TextArena& arena) {
  impl_->spare = arena.take_adopted();
}
void PayloadReader::forget() noexcept {
  impl_->plain.forget();
}

std::optional<PayloadError> PayloadReader::read_message(std::string_view text, std::size_t bytes, Seconds now,
                                                        TextArena& arena, const Sink& sink) {
  impl_->now = now;
  impl_->arena = &arena;
  impl_->sink = &sink;
  if (impl_->take_plain_message(text, bytes)) return std::nullopt;
  return impl_->read(text.substr(0, bytes), ContentEncoding::identity);
}

std::optional<PayloadError> PayloadReader::read(std::string_view body, ContentEncoding encoding, Seconds now,
                                                TextArena& arena, const Sink& sink) {
  impl_->now = now;
  impl_->arena = &arena;
  impl_->sink = &sink;
  return impl_->read(body, encoding);
}

}  // namespace straykey
