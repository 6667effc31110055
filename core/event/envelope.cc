#include "core/event/envelope.h"

#include <algorithm>
#include <bitset>
#include <functional>

#include "core/event/member_table.h"

namespace straykey {
namespace {

// The members that envelopes are known by.
enum Key : std::uint8_t {
  kEventVersion,
  kEventSource,
  kRecords,
  kDetailType,
  kDetail,
  kSource,
  kFirehoseRecords,
  kMessageType,
  kLogEvents,
  kAwsLogs,
  kResourceLogs,
  kEvent,
  kLowerMessage,
  kUpperMessage,
  kLog,
  kRaw,
  kMessage,
  kBody,
  kOriginal,
  kShortMessage,
  kCloudTrailEvent,
  kSteampipeEvent,
  kElasticSource,
  kResult,
  kData,
  kAws,
  kValue,
  kLookedUpEvents,
  kLogsEvents,
  kResults,
  kLakeRows,
  kHits,
  kColumns,
  kSteampipeRows,
  kS3Bucket,
  kS3ObjectKey,
  kKeyCount,
};
constexpr std::array<std::string_view, kKeyCount> kKeyNames{"eventVersion",
                                                            "eventSource",
                                                            "Records",
                                                            "detail-type",
                                                            "detail",
                                                            "source",
                                                            "records",
                                                            "messageType",
                                                            "logEvents",
                                                            "awslogs",
                                                            "resourceLogs",
                                                            "event",
                                                            "message",
                                                            "MESSAGE",
                                                            "log",
                                                            "_raw",
                                                            "Message",
                                                            "body",
                                                            "original",
                                                            "msg",
                                                            "CloudTrailEvent",
                                                            "cloud_trail_event",
                                                            "_source",
                                                            "result",
                                                            "data",
                                                            "aws",
                                                            "value",
                                                            "Events",
                                                            "events",
                                                            "results",
                                                            "QueryResultRows",
                                                            "hits",
                                                            "columns",
                                                            "rows",
                                                            "s3Bucket",
                                                            "s3ObjectKey"};

struct KeyName {
  std::string_view name;
};
consteval std::array<KeyName, kKeyCount> rows_of_keys() {
  std::array<KeyName, kKeyCount> rows;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].name = kKeyNames[i];
  return rows;
}
constexpr MemberTable<KeyName, kKeyCount> kKeys{rows_of_keys()};

// Members that may carry a record as a string or an object, best first. "original" is Elastic's event.original,
// "msg" is what loggers of Node write, "value" kafka-rest, "data" and "aws" Wazuh (data.aws), "result" Splunk.
constexpr std::array kCarriers{
    kEvent,        kOriginal,        kLowerMessage,   kUpperMessage,  kLog,    kRaw,  kMessage, kBody,
    kShortMessage, kCloudTrailEvent, kSteampipeEvent, kElasticSource, kResult, kData, kAws,     kValue};

// Objects that begin so are not worth a full parse in search of a record.
constexpr std::array<std::string_view, 18> kFirstKeysOfEnvelopes{
    "version",         "detail-type", "Records", "records", "requestId", "messageType", "owner",
    "resourceLogs",    "Type",        "awslogs", "Events",  "events",    "results",     "QueryStatus",
    "QueryResultRows", "took",        "hits",    "_index"};
constexpr std::size_t kFirstKeysOfEventBridge = 2;  // of these

constexpr int kPeekDepth = 5;  // as deep as envelopes are opened
constexpr int kAnyValueDepthMax = 64;

using Members = std::array<JsonSlice, kKeyCount>;

std::string_view key_text(std::string_view key, std::string& scratch) {
  if (key.find('\\') == std::string_view::npos) return key;
  return unescape_json(key, scratch) ? std::string_view(scratch) : std::string_view{};
}

// kKeyCount: none of these. The table reads 32 bytes, which a name at the end of its text has not.
std::size_t key_number(std::string_view key, std::string_view object) noexcept {
  constexpr std::size_t kBytesRead = 32;
  const std::less<const char*> before;
  const char* const behind = object.data() + object.size();
  if (before(object.data(), key.data()) && before(key.data(), behind) &&
      static_cast<std::size_t>(behind - key.data()) >= kBytesRead)
    return kKeys.find(key.data(), key.size());
  return static_cast<std::size_t>(std::ranges::find(kKeyNames, key) - kKeyNames.begin());
}

bool complete(const JsonSlice& slice) noexcept {
  return !slice.text.empty() && slice.end == JsonEnd::complete;
}

// A string whose text begins as a JSON object or array does.
bool is_json_string(const JsonSlice& slice) noexcept {
  if (!slice.is('"')) return false;
  std::string_view inside = slice.text.substr(1);
  while (!inside.empty()) {
    const bool escaped_space =
        inside.size() >= 2 && inside[0] == '\\' && (inside[1] == 'n' || inside[1] == 'r' || inside[1] == 't');
    if (escaped_space)
      inside.remove_prefix(2);
    else if (inside.front() == ' ')
      inside.remove_prefix(1);
    else
      break;
  }
  if (inside.starts_with("\xef\xbb\xbf")) inside.remove_prefix(3);
  return inside.starts_with('{') || inside.starts_with('[');
}

// Shippers may write a text of their own and the record under one name.
bool may_hold_records(const JsonSlice& value) noexcept {
  const bool empty_array = value.is('[') && skip_json_space(value.text.substr(1)).starts_with(']');
  return (value.is('[') && !empty_array) || value.is('{') || is_json_string(value);
}

Envelope classify(const Members& members, int peek_depth, std::string& scratch);

// REQUIRES: the payload and the members' values are parts of one text.
bool lies_in_one_of(std::string_view payload, const Members& members, const std::bitset<kKeyCount>& those) noexcept {
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const std::string_view value = members[i].text;
    if (those[i] && !payload.empty() && payload.data() >= value.data() && payload.data() < value.data() + value.size())
      return true;
  }
  return false;
}

Envelope open_at_depth(std::string_view object, int peek_depth, std::string& scratch) {
  Members members{};
  std::bitset<kKeyCount> repeated;
  JsonMembers walk(object);
  std::string_view key;
  JsonSlice value;
  while (walk.next(key, value)) {
    const std::size_t number = key_number(key_text(key, scratch), object);
    if (number == kKeyCount) continue;
    if (may_hold_records(members[number])) repeated.set(number);
    members[number] = value;
  }
  Envelope envelope = classify(members, peek_depth, scratch);
  envelope.repeated = repeated.any() && lies_in_one_of(envelope.payload.text, members, repeated);
  envelope.end = walk.end();
  envelope.consumed = walk.consumed();
  return envelope;
}

// Could this member's value hold a record? Objects are looked into, since log shippers use the same names for other
// things.
bool carries(const JsonSlice& slice, int peek_depth, std::string& scratch) {
  if (!complete(slice)) return false;
  if (slice.is('{'))
    return peek_depth == 0 || open_at_depth(slice.text, peek_depth - 1, scratch).kind != EnvelopeKind::none;
  return slice.is('[') || is_json_string(slice);
}

// The first row of which all conditions hold is what the object is.
struct Row {
  struct Condition {
    Key key = kKeyCount;         // kKeyCount: holds
    char begins = 0;             // '[' or '{', of its value
    std::string_view text = {};  // all of its value, or how it begins if `begins` is a quote
  };
  EnvelopeKind kind;
  std::array<Condition, 3> conditions;
  Key payload = kKeyCount;  // kKeyCount: none
  // See EnvelopeKind. Of EnvelopeKind::base64 and of an array that lies in an object, it is in the payload's object.
  std::string_view member = {};
};
constexpr std::array kRows{
    Row{EnvelopeKind::record, {{{kEventVersion}}}},
    Row{EnvelopeKind::record, {{{kEventSource}}}},
    Row{EnvelopeKind::values, {{{kRecords}}}, kRecords},
    Row{EnvelopeKind::s3_pointer, {{{kDetailType, '"', "\"Object "}, {kDetail}, {kSource, 0, "\"aws.s3\""}}}},
    Row{EnvelopeKind::carrier, {{{kDetailType}, {kDetail}}}, kDetail},
    Row{EnvelopeKind::base64_each, {{{kFirehoseRecords, '['}}}, kFirehoseRecords, "data"},
    Row{EnvelopeKind::control, {{{kMessageType, 0, "\"CONTROL_MESSAGE\""}}}},
    Row{EnvelopeKind::text_each, {{{kMessageType}, {kLogEvents, '['}}}, kLogEvents, "message"},
    Row{EnvelopeKind::base64, {{{kAwsLogs, '{'}}}, kAwsLogs, "data"},
    Row{EnvelopeKind::otlp, {{{kResourceLogs, '['}}}, kResourceLogs},
    Row{EnvelopeKind::values, {{{kLookedUpEvents, '['}}}, kLookedUpEvents},
    Row{EnvelopeKind::values, {{{kLogsEvents, '['}}}, kLogsEvents},
    Row{EnvelopeKind::rows, {{{kResults, '['}}}, kResults},
    Row{EnvelopeKind::rows, {{{kLakeRows, '['}}}, kLakeRows},
    Row{EnvelopeKind::values, {{{kHits, '{'}}}, kHits, "hits"},
    Row{EnvelopeKind::values, {{{kColumns, '['}, {kSteampipeRows, '['}}}, kSteampipeRows},
    Row{EnvelopeKind::s3_pointer, {{{kS3Bucket}, {kS3ObjectKey}}}},
};

bool holds(const Row::Condition& condition, const Members& members) noexcept {
  if (condition.key == kKeyCount) return true;
  const JsonSlice& value = members[condition.key];
  if (value.text.empty() || (condition.begins != 0 && !value.is(condition.begins))) return false;
  if (condition.begins == '"') return value.text.starts_with(condition.text);
  return condition.text.empty() || value.text == condition.text;
}

Envelope classify(const Members& members, int peek_depth, std::string& scratch) {
  for (const Row& row : kRows) {
    const auto& conditions = row.conditions;
    if (!std::ranges::all_of(conditions, [&](const Row::Condition& one) { return holds(one, members); })) continue;
    if (row.payload == kKeyCount) return {.kind = row.kind};
    const JsonSlice& value = members[row.payload];
    const bool in_object = row.kind == EnvelopeKind::base64 || row.kind == EnvelopeKind::values;
    if (in_object && !row.member.empty()) return {.kind = row.kind, .payload = member_of(value.text, row.member)};
    return {.kind = row.kind, .payload = value, .member = row.member};
  }
  for (const Key key : kCarriers)
    if (carries(members[key], peek_depth, scratch)) return {.kind = EnvelopeKind::carrier, .payload = members[key]};
  return {};
}

bool append_any_value(std::string_view any_value, int depth_left, std::string& out);

// The elements of an arrayValue or, keyed, of a kvlistValue.
bool append_elements(std::string_view values, bool keyed, int depth_left, std::string& out) {
  std::size_t no_effort = 0;
  JsonElements walk(values, no_effort);
  JsonSlice element;
  for (bool first = true; walk.next(element); first = false) {
    if (!element.is('{') || element.end != JsonEnd::complete) return false;
    if (!first) out += ',';
    if (!keyed) {
      if (!append_any_value(element.text, depth_left, out)) return false;
      continue;
    }
    const JsonSlice key = member_of(element.text, "key"), value = member_of(element.text, "value");
    if (!key.is('"') || !value.is('{')) return false;
    out.append(key.text).append(":");
    if (!append_any_value(value.text, depth_left, out)) return false;
  }
  return true;
}

bool append_keyed(std::string_view values, int depth_left, std::string& out) {
  out += '{';
  if (!append_elements(values, true, depth_left, out)) return false;
  out += '}';
  return true;
}

// An arrayValue or kvlistValue holds its values under "values".
bool append_values(std::string_view list, bool keyed, int depth_left, std::string& out) {
  const JsonSlice values = list.starts_with('{') ? member_of(list, "values") : JsonSlice{};
  if (keyed) return append_keyed(values.is('[') ? values.text : "[]", depth_left, out);
  out += '[';
  if (values.is('[') && !append_elements(values.text, false, depth_left, out)) return false;
  out += ']';
  return true;
}

bool append_any_value(std::string_view any_value, int depth_left, std::string& out) {
  if (depth_left == 0) return false;
  JsonMembers walk(any_value);
  std::string_view key;
  JsonSlice value;
  if (!walk.next(key, value)) {
    out += "null";  // an empty AnyValue is OTLP's null
    return true;
  }
  if (value.end != JsonEnd::complete) return false;
  if (key == "kvlistValue" || key == "arrayValue")
    return append_values(value.text, key == "kvlistValue", depth_left - 1, out);
  // OTLP writes 64-bit integers as strings.
  if (key == "intValue" && value.is('"')) value.text = value.text.substr(1, value.text.size() - 2);
  out.append(value.text);
  return true;
}

}  // namespace

Envelope open_envelope(std::string_view object, std::string& scratch) {
  return open_at_depth(object, kPeekDepth, scratch);
}

JsonSlice member_of(std::string_view object, std::string_view name) {
  JsonMembers walk(object);
  std::string scratch;
  std::string_view key;
  JsonSlice value, found;
  while (walk.next(key, value))
    if (key_text(key, scratch) == name) found = value;
  return found;
}

FirstMember first_member(std::string_view object) noexcept {
  constexpr std::size_t kLongestBytes = 16;  // of these keys, with its closing quote
  std::string_view rest = skip_json_space(object.substr(1));
  if (!rest.starts_with('"') || rest.starts_with("\"eventV")) return FirstMember::unknown;
  rest = rest.substr(1, kLongestBytes);
  const auto found = std::ranges::find(kFirstKeysOfEnvelopes, rest.substr(0, rest.find('"')));
  if (found == kFirstKeysOfEnvelopes.end()) return FirstMember::unknown;
  return found < kFirstKeysOfEnvelopes.begin() + kFirstKeysOfEventBridge ? FirstMember::event_bridge
                                                                         : FirstMember::envelope;
}

WrapperMember wrapper_member(const char* name, std::size_t size) noexcept {
  switch (kKeys.find(name, size)) {
    case kKeyCount:
      return WrapperMember::plain;
    case kSource:
      return WrapperMember::source;
    case kDetailType:
      return WrapperMember::detail_type;
    case kDetail:
      return WrapperMember::detail;
    case kEvent:
      return WrapperMember::event;
    default:
      return WrapperMember::other;
  }
}

JsonSlice record_in_cell(std::string_view cell) {
  JsonMembers walk(cell);
  std::string scratch;
  std::string_view key;
  JsonSlice value, field, held;
  while (walk.next(key, value)) {
    key = key_text(key, scratch);
    if (key == "eventJson") return value;
    if (key == "field") field = value;
    if (key == "value") held = value;
  }
  return field.text == "\"@message\"" ? held : JsonSlice{};
}

bool is_byte_array(const JsonSlice& array) noexcept {
  if (!array.is('[')) return false;
  const std::string_view first = skip_json_space(array.text.substr(1));
  return !first.empty() && first.front() >= '0' && first.front() <= '9';
}

bool bytes_of_array(std::string_view array, std::string& out) {
  constexpr unsigned kByteMax = 255;
  out.clear();
  bool digits = false;
  unsigned byte = 0;
  for (const char c : array.substr(1)) {
    if (c >= '0' && c <= '9') {
      byte = byte * 10 + static_cast<unsigned>(c - '0');
      digits = true;
      if (byte > kByteMax) return false;
    } else if (c == ',' || c == ']') {
      if (!digits) return false;
      out += static_cast<char>(byte);
      if (c == ']') return true;
      byte = 0;
      digits = false;
    } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      return false;
    }
  }
  return false;
}

bool json_of_attributes(std::string_view attributes, std::string& out) {
  out.clear();
  return append_keyed(attributes, kAnyValueDepthMax, out);
}

bool json_of_any_value(std::string_view any_value, std::string& out) {
  const JsonSlice text = member_of(any_value, "stringValue");
  if (text.is('"') && complete(text)) return unescape_json(text.text.substr(1, text.text.size() - 2), out);
  out.clear();
  return append_any_value(any_value, kAnyValueDepthMax, out);
}

}  // namespace straykey
