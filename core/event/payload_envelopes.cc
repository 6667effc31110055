// Unwrapping: how each kind of envelope is read. Which object is of which kind says the table in envelope.cc.
#include <algorithm>
#include <array>

#include "core/base/base64.h"
#include "core/event/framing.h"
#include "core/event/payload_reading.h"

namespace straykey {
namespace {

// The text between a JSON string's quotes.
std::string_view inside(const JsonSlice& string) noexcept {
  return string.text.substr(1, string.text.size() - 2);
}

}  // namespace

// An envelope that is cut or broken (see Envelope::end) is read only if can_be_split.
void PayloadReader::Impl::read_envelope(const Envelope& envelope, std::string_view object, int depth) {
  if (depth + 1 > kEnvelopesMax) return reject(RejectReason::too_deep, object);
  // What the first of them held is lost, and must not be lost unseen.
  if (envelope.repeated) reject(RejectReason::bad_json, {});
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
    case EnvelopeKind::base64:
      return payload.is('"') ? read_base64(payload, depth + 1) : reject(RejectReason::not_cloudtrail, object);
    case EnvelopeKind::otlp:
      return read_otlp(payload.text, 0, depth + 1);
    case EnvelopeKind::base64_each:
      read_elements(
          payload.text, [&](JsonElements& walk) { return take_base64_elements(walk, envelope.member, depth + 1); },
          [&](const JsonSlice& element) { read_wrapped(envelope, element, depth + 1); });
      break;
    case EnvelopeKind::text_each:
      read_elements(payload.text, [&](const JsonSlice& element) { read_wrapped(envelope, element, depth + 1); });
      break;
    case EnvelopeKind::rows:
      read_elements(payload.text, [&](const JsonSlice& element) { read_row(element, depth + 1); });
      break;
    case EnvelopeKind::values:
      if (payload.text.empty()) return reject(RejectReason::not_cloudtrail, object);
      if (!payload.is('[')) return read_value(payload, depth + 1);
      read_values(payload.text, depth + 1);
      break;
    case EnvelopeKind::carrier:
      if (payload.is('"')) return read_string(payload, depth + 1);
      if (is_byte_array(payload)) return read_byte_array(payload.text, depth + 1);
      if (payload.is('{') && payload.end == JsonEnd::complete && take_plain_record(payload.text) > 0) return;
      return read_value(payload, depth + 1);
  }
  // If the array itself is cut, its reading has said so.
  if (envelope.end != JsonEnd::complete && payload.end == JsonEnd::complete) reject(reason_of(envelope.end), {});
}

// Elements as Firehose writes them, {"data":"..."}, whose text ends at the next quote: what decodes as base64 has no
// escapes. The others are left to read_wrapped, which looks at each byte before.
bool PayloadReader::Impl::take_base64_elements(JsonElements& walk, std::string_view member, int depth) {
  if (depth > kEnvelopesMax) return false;
  bool any = false;
  for (std::string_view rest = walk.rest(); !over_records_max; rest = walk.rest()) {
    const std::size_t text_at = member.size() + 5;  // behind {"data":"
    if (rest.size() < text_at || !rest.starts_with("{\"") || rest.substr(2, member.size()) != member ||
        rest.substr(2 + member.size(), 3) != "\":\"")
      break;
    const std::size_t end = rest.find('"', text_at);
    if (end == std::string_view::npos || rest.substr(end, 2) != "\"}") break;
    const JsonSlice string{rest.substr(text_at - 1, end + 2 - text_at), JsonEnd::complete};
    if (inside(string).find('\\') != std::string_view::npos) break;
    walk.skip(end + 2);
    read_base64(string, depth);
    any = true;
  }
  return any;
}

// An element whose string member holds the records.
void PayloadReader::Impl::read_wrapped(const Envelope& envelope, const JsonSlice& element, int depth) {
  const bool whole = element.is('{') && element.end == JsonEnd::complete;
  const JsonSlice text = whole ? member_of(element.text, envelope.member) : JsonSlice{};
  if (!text.is('"')) return read_value(element, depth);
  return envelope.kind == EnvelopeKind::base64_each ? read_base64(text, depth) : read_string(text, depth);
}

// A row of a query's answer. Its other cells are what was asked for besides the record.
void PayloadReader::Impl::read_row(const JsonSlice& row, int depth) {
  if (!row.is('[') || row.end != JsonEnd::complete) return read_value(row, depth);
  JsonElements walk(row.text, search_effort);
  JsonSlice cell, record;
  while (walk.next(cell) && record.text.empty())
    if (cell.is('{') && cell.end == JsonEnd::complete) record = record_in_cell(cell.text);
  if (record.text.empty()) return reject(RejectReason::not_cloudtrail, row.text);
  return record.is('"') ? read_string(record, depth) : read_value(record, depth);
}

void PayloadReader::Impl::read_byte_array(std::string_view array, int depth) {
  if (depth > kEnvelopesMax) return reject(RejectReason::too_deep, array);
  if (!bytes_of_array(array, unescaped)) return reject(RejectReason::not_cloudtrail, array);
  read_copy_of(unescaped, depth);
}

void PayloadReader::Impl::read_string(const JsonSlice& string, int depth) {
  if (depth > kEnvelopesMax) return reject(RejectReason::too_deep, string.text);
  const std::string_view raw = inside(string);
  // Unescaping makes it shorter, seldom to less than half.
  if (raw.size() / 2 > text_bytes_left || !may_copy(raw.size())) return reject(RejectReason::inflated_too_large, {});
  unescaped.reserve(raw.size() + kJsonPadding);
  if (!unescape_json(raw, unescaped)) return reject(RejectReason::bad_json, string.text);
  read_copy_of(unescaped, depth);
}

bool PayloadReader::Impl::may_copy(std::size_t bytes) const {
  return bytes <= kCopyBytesMax || may_hold == nullptr || !*may_hold || (*may_hold)(bytes);
}

void PayloadReader::Impl::read_copy_of(std::string& text, int depth) {
  if (text.size() > text_bytes_left) return reject(RejectReason::inflated_too_large, {});
  text_bytes_left -= text.size();
  if (text.size() <= kCopyBytesMax) return read_inner_text(arena->keep(text), depth);
  read_inner_text(arena->adopt(std::exchange(text, {})), depth);
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
  if (!may_copy(text.size())) return reject(RejectReason::inflated_too_large, {});
  decoded.reserve(text.size() + kJsonPadding);
  if (!decode_base64(text, Base64Padding::optional, decoded)) return reject(RejectReason::bad_encoding, string.text);
  if (!has_gzip_magic(decoded)) return read_copy_of(decoded, depth);
  std::string_view bytes = decoded;
  for (int layer = 0; layer < kGzipLayersMax && has_gzip_magic(bytes); ++layer) {
    const Decoded result = inflate_inner(bytes);
    if (result == Decoded::bad) return reject(RejectReason::bad_encoding, string.text);
    if (result == Decoded::too_large) return reject(RejectReason::inflated_too_large, string.text);
  }
  if (decoded.size() > kCopyBytesMax) decoded = {};
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
    if (member.text.empty() || member.text == "{}" || member.text == "null")
      return read_otlp_attributes(element.text, depth);
    if (!member.is('{') || !json_of_any_value(member.text, unescaped))
      return reject(RejectReason::not_cloudtrail, element.text);
    read_copy_of(unescaped, depth);
  });
}

// A log record without a body. Some senders put the members of a record there one by one; a collector that was told to
// understand CloudTrail keeps names of its own, and the record itself is lost, unless it kept that as `event.original`.
void PayloadReader::Impl::read_otlp_attributes(std::string_view log_record, int depth) {
  const JsonSlice attributes = member_of(log_record, "attributes");
  if (!attributes.is('[') || !json_of_attributes(attributes.text, unescaped))
    return reject(RejectReason::not_cloudtrail, log_record);
  const JsonSlice original = member_of(unescaped, "event.original");
  if (original.end == JsonEnd::complete && !original.text.empty()) {
    unescaped = R"({"original":)" + std::string(original.text) + "}";
    return read_copy_of(unescaped, depth);
  }
  const EnvelopeKind kind = open_envelope(unescaped, key_scratch).kind;
  if (kind != EnvelopeKind::record && kind != EnvelopeKind::carrier)
    return reject(RejectReason::attributes_only, log_record);
  read_copy_of(unescaped, depth);
}

// Text out of an envelope: framed like a body, but plain text in it is one reject, not one for each line.
// REQUIRES: kJsonPadding readable bytes behind `text`.
void PayloadReader::Impl::read_inner_text(std::string_view text, int depth) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (skip_json_space(text).empty()) return reject(RejectReason::empty_value, text);
  work.texts += text.size();
  if (!any_line_starts_with_bracket(text, &work.framing)) return reject(RejectReason::not_cloudtrail, text);
  open_copies[copies++] = text;
  plain().expect(text.size());
  read_text(text, depth);
  --copies;
}

}  // namespace straykey
