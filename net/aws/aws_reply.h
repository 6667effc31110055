#pragma once
// What AWS says in a reply that is no success: its code, its sentence, and what can be done about it.
//
// Thread: any (functions of their arguments).
// Bounds: code and message are cut; they are AWS's words and go through the log's escapes.
// Source: the error responses of S3 (XML), SQS (JSON, x-amzn-query-error) and STS (XML); the SDKs' lists of codes that
//         they try again.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/client/http_client.h"

namespace straykey {

struct AwsError {
  std::string code;     // "AccessDenied"; empty: the reply has none
  std::string message;  // may be empty
};
// The headers of a reply that are read here and in aws_caller.
[[nodiscard]] std::vector<std::string> aws_reply_headers();
[[nodiscard]] std::string header_of(const HttpClientReply& reply, std::string_view name);
[[nodiscard]] AwsError aws_error_of(const HttpClientReply& reply);

enum class AwsTrouble : std::uint8_t {
  none,
  passing,      // throttled, overloaded, broken inside: the same again, later
  credentials,  // expired or unknown: with other credentials
  clock,        // our clock is wrong by more than AWS takes
  elsewhere,    // the bucket is in another Region
  denied,       // a permission is missing
  absent,       // there is no such object, bucket or queue
  other,
};
[[nodiscard]] AwsTrouble trouble_of(unsigned status, const AwsError& error);

}  // namespace straykey
