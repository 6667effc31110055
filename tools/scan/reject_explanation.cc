#include "tools/scan/reject_explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/base/log.h"
#include "core/event/envelope.h"
#include "core/event/json_text.h"
#include "core/event/record_fields.h"

namespace straykey {
namespace {

struct Shown {
  std::string name;  // of the member; empty: the record itself
  std::string_view value;
};

std::string_view member_text(std::string_view object, std::string_view name) {
  return object.starts_with('{') ? member_of(object, name).text : std::string_view();
}

bool is_null_or(std::string_view value, char first) {
  return value.empty() || value.front() == first || value.starts_with("null");
}

template <std::size_t count>
Shown text_of_another_type(std::string_view object, const std::array<TextField, count>& fields, std::string within) {
  for (const TextField& field : fields)
    if (const std::string_view value = member_text(object, field.name); !is_null_or(value, '"'))
      return {within + std::string(field.name), value};
  return {};
}

// The first member that decides and has a type of its own; the record if it lies deeper.
Shown member_of_another_type(std::string_view record) {
  if (Shown found = text_of_another_type(record, kTopFields, ""); !found.name.empty()) return found;
  for (const std::string_view name : {"eventTime", "eventVersion", "errorMessage"})
    if (const std::string_view value = member_text(record, name); !is_null_or(value, '"'))
      return {std::string(name), value};
  for (const std::string_view name : {"userIdentity", "requestParameters", "responseElements"})
    if (const std::string_view value = member_text(record, name); !is_null_or(value, '{'))
      return {std::string(name), value};
  const std::string_view identity = member_text(record, "userIdentity");
  if (Shown found = text_of_another_type(identity, kIdentityFields, "userIdentity."); !found.name.empty()) return found;
  return {{}, record};
}

Shown value_shown(RejectReason reason, std::string_view record) {
  switch (reason) {
    case RejectReason::bad_event_time:
    case RejectReason::future_event_time:
      if (const std::string_view time = member_text(record, "eventTime"); !time.empty()) return {"eventTime", time};
      break;
    case RejectReason::bad_field_type:
      return member_of_another_type(record);
    default:
      break;
  }
  return {{}, record};
}

std::string expected(RejectReason reason, std::string_view member, Seconds now) {
  switch (reason) {
    case RejectReason::bad_json:
      return "a JSON value that is whole and right inside";
    case RejectReason::truncated:
      return "a record up to its closing brace; it was cut by a sender's size limit or with the file";
    case RejectReason::not_cloudtrail:
      return "a CloudTrail record (eventVersion, eventName, eventTime, eventSource) or an envelope of some";
    case RejectReason::missing_event_time:
      return "a member eventTime such as \"2025-06-30T12:00:00Z\"";
    case RejectReason::bad_event_time:
      return "a time in UTC of the years 2013 to 2099, such as \"2025-06-30T12:00:00Z\"";
    case RejectReason::future_event_time:
      return "a time at most 10 minutes after this machine's clock, which says " + format_time(now);
    case RejectReason::missing_event_name:
      return "a member eventName such as \"ListBuckets\"";
    case RejectReason::bad_field_type:
      if (member == "userIdentity" || member == "requestParameters" || member == "responseElements")
        return "an object or null";
      return member.empty() ? "a record whose members have the types of CloudTrail" : "text or null";
    case RejectReason::record_too_large:
      return "a record of at most 1 MiB";
    case RejectReason::too_deep:
      return "a value nested at most 64 deep, in at most 5 envelopes";
    case RejectReason::bad_encoding:
      return "a text of base64, and what it holds whole";
    case RejectReason::inflated_too_large:
      return "at most the allowed bytes after unpacking";
    case RejectReason::s3_pointer:
      return "a record; this names a file in S3: scan that file";
    case RejectReason::attributes_only:
      return "a record in the body; the collector took it apart into attributes, and it is not here";
    case RejectReason::empty_value:
      return "a record; this is empty, and nothing is missed";
    default:
      break;
  }
  return "a record that can be judged";
}

}  // namespace

std::string place_of(std::string_view record, std::uint32_t number, const PlacedText& placed) {
  const std::string named = fmt::format("record {}", placed.records_before + number + 1);
  const std::string_view text = placed.text;
  // std::less orders pointers into different texts too.
  const std::less<const char*> before;
  const bool within = record.data() != nullptr && !before(record.data(), text.data()) &&
                      !before(text.data() + text.size(), record.data() + record.size());
  if (!within) return named;
  const auto at = static_cast<std::size_t>(record.data() - text.data());
  const bool one_line = placed.lines_before == 0 &&
                        text.substr(0, text.find_last_not_of("\r\n") + 1).find('\n') == std::string_view::npos;
  if (one_line) return fmt::format("byte {}, {}", placed.bytes_before + at + 1, named);
  const std::string_view above = text.substr(0, at);
  const auto lines = static_cast<std::uint64_t>(std::count(above.begin(), above.end(), '\n'));
  return fmt::format("line {}, {}", placed.lines_before + lines + 1, named);
}

std::string explain_reject(RejectReason reason, std::string_view record, Seconds now) {
  Shown shown = value_shown(reason, record);
  shown.value = trim_json(shown.value);
  if (shown.value.size() >= 2 && shown.value.front() == '"' && shown.value.back() == '"')
    shown.value = shown.value.substr(1, shown.value.size() - 2);
  const std::string found = record.empty() ? std::string("nothing is there")
                                           : fmt::format("{} \"{}\"", shown.name.empty() ? "found" : shown.name + " is",
                                                         escape_for_log(shown.value, kValueShownBytes));
  return fmt::format("{}: {}; expected {}", name_of(reason), found, expected(reason, shown.name, now));
}

}  // namespace straykey
