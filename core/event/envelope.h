#pragma once
// Which envelope an object is, and what it wraps. Another envelope is another row of the table in envelope.cc; one that
// wraps in a manner of its own is a kind here and a function in payload_envelopes.cc besides.
//
// Shape:  one pass over the object's members keeps those that envelopes are known by; the last of a key that occurs
//         twice counts (Envelope::repeated says so); a key written with escapes is the key that it means.
// Errors: an object that is cut or broken is classified by what came before the fault; its arrays can still be used.
// Thread: any (functions of their arguments).
// Source: what forwarders put around CloudTrail records, as sent by each of them (the table in payload.h).
//
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/event/json_text.h"

namespace straykey {

// The manner in which it wraps.
enum class EnvelopeKind : std::uint8_t {
  none,         // no envelope that we know
  record,       // has a CloudTrail record's own members
  values,       // payload is an array of values: {"Records":[...]}
  base64_each,  // payload is an array of objects, whose `member` is base64, maybe of gzip: Firehose
  text_each,    // payload is an array of objects, whose `member` is text: CloudWatch Logs
  rows,         // payload is an array of rows of cells: one cell is the record (CloudWatch Logs Insights, Lake)
  control,      // a probe: nothing inside
  base64,       // payload is a string of base64, maybe of gzip: CloudWatch Logs to Lambda
  otlp,         // {"resourceLogs":[...]}: payload is the array
  carrier,      // EventBridge, SNS, HEC, log shippers: payload is a string of JSON, an object or an array of bytes
  s3_pointer,   // names an object in S3
};

struct Envelope {
  EnvelopeKind kind = EnvelopeKind::none;
  JsonSlice payload = {};
  std::string_view member = {};     // of the payload's elements
  JsonEnd end = JsonEnd::complete;  // of the object itself
  std::size_t consumed = 0;         // bytes of the object, up to the fault if there is one
  bool repeated = false;            // the payload's member came before as well, with what may be records
};

// REQUIRES: object starts with '{'. `scratch` is for unescaping.
[[nodiscard]] Envelope open_envelope(std::string_view object, std::string& scratch);

// The member of an object, if it is there and the object's text up to it is whole.
[[nodiscard]] JsonSlice member_of(std::string_view object, std::string_view name);

// What the name of the first member says of an object.
enum class FirstMember : std::uint8_t {
  unknown,
  event_bridge,  // an envelope, and its record may stand in `detail`
  envelope,      // of another kind
};
[[nodiscard]] FirstMember first_member(std::string_view object) noexcept;

// True if the first member says "envelope": such values are not worth a full parse in search of a record.
[[nodiscard]] inline bool opens_like_envelope(std::string_view object) noexcept {
  return first_member(object) != FirstMember::unknown;
}

// What a member means for an object that wraps one record as an object: Splunk's {"event":{...}}, EventBridge's
// {"detail-type":"...","detail":{...}}.
enum class WrapperMember : std::uint8_t {
  plain,   // no envelope is known by it
  source,  // decides only together with a detail-type that begins "Object "
  detail_type,
  detail,  // wraps a record if there is a detail-type
  event,   // wraps a record
  other,   // the object may be something else
};
// REQUIRES: 32 readable bytes from the name's first.
[[nodiscard]] WrapperMember wrapper_member(const char* name, std::size_t size) noexcept;

// The cell of a row of a query's answer that holds the record, whatever else was asked for.
[[nodiscard]] JsonSlice record_in_cell(std::string_view cell);

// Does `array` hold numbers? journald writes a text so, if not all of it is printable.
[[nodiscard]] bool is_byte_array(const JsonSlice& array) noexcept;
// Replaces `out` by the bytes of such an array. False: it holds something else.
[[nodiscard]] bool bytes_of_array(std::string_view array, std::string& out);

// Rebuilds a JSON object from OTLP attributes (an array of key and AnyValue), as json_of_any_value does.
[[nodiscard]] bool json_of_attributes(std::string_view attributes, std::string& out);

// Rebuilds JSON text from an OTLP AnyValue ({"stringValue":...}, {"kvlistValue":...}, ...). A string at the top gives
// its own (unescaped) text. False: no AnyValue, or nested deeper than 64.
[[nodiscard]] bool json_of_any_value(std::string_view any_value, std::string& out);

}  // namespace straykey
