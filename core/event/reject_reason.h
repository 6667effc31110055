#pragma once
// Why a record was not taken. A closed set: it is the label of metrics and the code in replies.
//
// Shape:  most reasons are faults of a record. Some name a harmless class: something that CloudTrail writes beside the
//         records of calls, and in which there is nothing to judge (is_harmless).
#include <array>
#include <cstdint>
#include <string_view>

namespace straykey {

enum class RejectReason : std::uint8_t {
  bad_json,            // no JSON value where one should be, or one that is cut or malformed inside
  truncated,           // starts as a record and ends in its middle: a sender's size limit
  not_cloudtrail,      // JSON, but neither a CloudTrail record nor an envelope that we know
  missing_event_time,  // no eventTime
  bad_event_time,      // eventTime is no UTC time of the years 2013 to 2099
  future_event_time,   // more than 10 minutes ahead of the clock (offline scan only)
  missing_event_name,  // no eventName
  bad_field_type,      // a field that decides is neither absent, null nor of its type
  record_too_large,    // more than 1 MiB
  too_deep,            // nested deeper than 64, or envelopes more than 5
  bad_encoding,        // base64 or gzip inside an envelope is broken
  inflated_too_large,  // more bytes after inflating than allowed
  s3_pointer,          // an S3 notification: names a file, holds no record
  digest,              // harmless: a CloudTrail digest, which lists files
  insight,             // harmless: an Insights event, which describes a rate
  aggregated,          // harmless: an aggregated event, which sums up calls that are recorded one by one elsewhere
  attributes_only,     // OTLP without a body: the collector took the record apart, and it is not in these logs
  empty_value,         // an empty line or null where a record should be
  crashed_before,      // the process ended twice while it worked on this very record
};

inline constexpr std::size_t kRejectReasonCount = static_cast<std::size_t>(RejectReason::crashed_before) + 1;

// The snake_case name: metric label and reply code.
[[nodiscard]] constexpr std::string_view name_of(RejectReason reason) noexcept {
  constexpr std::array<std::string_view, kRejectReasonCount> kNames{
      "bad_json",           "truncated",       "not_cloudtrail",
      "missing_event_time", "bad_event_time",  "future_event_time",
      "missing_event_name", "bad_field_type",  "record_too_large",
      "too_deep",           "bad_encoding",    "inflated_too_large",
      "s3_pointer",         "digest",          "insight",
      "aggregated",         "attributes_only", "empty_value",
      "crashed_before"};
  return kNames[static_cast<std::size_t>(reason)];
}

// Not a fault of its sender: counted by name, never as a reject.
[[nodiscard]] constexpr bool is_harmless(RejectReason reason) noexcept {
  return reason == RejectReason::digest || reason == RejectReason::insight || reason == RejectReason::aggregated;
}

// Why nothing can be told of an event that was taken: see not_judged.h.
enum class NotJudged : std::uint8_t {
  no_identity,     // without userIdentity, or with an empty one
  flattened,       // userIdentity is spread over members of the record
  no_address,      // without sourceIPAddress
  hidden_address,  // it names no place ("REDACTED", 0.0.0.0): only tools and evidence are judged
};
inline constexpr std::size_t kNotJudgedCount = static_cast<std::size_t>(NotJudged::hidden_address) + 1;

// snake_case: the label of metrics.
[[nodiscard]] constexpr std::string_view name_of(NotJudged reason) noexcept {
  constexpr std::array<std::string_view, kNotJudgedCount> kNames{"no_identity", "flattened", "no_address",
                                                                 "hidden_address"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace straykey
