#pragma once
// Signature Version 4: what AWS wants to see of a request so that it knows who sent it, and that nobody changed it.
//
// Shape:  a request is described decoded: path, query and headers as they are meant. sign_v4() gives the target as it
//         must go onto the wire and the headers to add. S3 takes a path as it is and wants the body's hash in a header;
//         all other services normalise the path and encode it twice.
// Thread: any (functions of their arguments; the time is one).
// Source: "Create a signed AWS API request" of the IAM user guide, "Authenticating Requests (AWS Signature Version 4)"
//         of the S3 API reference. UNSIGNED-PAYLOAD is never used: a body is always signed.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.h"

namespace straykey {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: a long-lived key
  Seconds expires_at = 0;     // 0: never, or not known

  bool operator==(const AwsCredentials&) const = default;
};

struct AwsRequest {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  std::string method = "GET";
  std::string host = {};   // as the header Host says it
  std::string path = "/";  // decoded
  Fields query = {};       // decoded, in any order; a name may come more than once
  Fields headers = {};     // besides Host; all of them are signed
  std::string body = {};
};

struct SigningScope {
  enum class Rules : std::uint8_t { s3, other_services };
  std::string region, service;
  Seconds now = 0;
  Rules rules = Rules::other_services;
};

struct SignedRequest {
  std::string target;          // path and query, encoded
  AwsRequest::Fields headers;  // those of the request, and what signing added; without Host
  // What was signed: a test, or a reply "SignatureDoesNotMatch", is compared with it. It holds the session token.
  std::string canonical_request, string_to_sign;
};
[[nodiscard]] SignedRequest sign_v4(const AwsRequest& request, const AwsCredentials& credentials,
                                    const SigningScope& scope);

// `text` with every byte encoded but A-Z a-z 0-9 - . _ ~, and / if `keeps_slashes`.
[[nodiscard]] std::string encode_for_uri(std::string_view text, bool keeps_slashes);
// 20151130T173600Z.
[[nodiscard]] std::string aws_time(Seconds time);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace straykey
