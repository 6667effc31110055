#pragma once
// Security Token Service: temporary credentials for a role.
//
// Thread: any; blocks for one request.
// Bounds: io within kStsMs; a reply of at most 64 KiB.
// Errors: a sentence with AWS's code, and what to change where that is known.
// Source: the API reference of STS, version 2011-06-15 (query protocol).
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "net/aws/endpoint.h"
#include "net/aws/signature_v4.h"
#include "net/client/tls_trust.h"

namespace straykey {

inline constexpr int kStsMs = 10'000;

struct StsSite {
  std::string endpoint;  // "https://sts.eu-central-1.amazonaws.com"
  std::string region;
  std::shared_ptr<const TlsTrust> trust;
  std::function<bool()> stopped = {};
};

struct RoleToAssume {
  std::string arn;
  std::string session_name;
  std::string external_id = {};  // empty: none
};
[[nodiscard]] Result<AwsCredentials> assume_role(const StsSite& site, const AwsCredentials& caller,
                                                 const RoleToAssume& role, Seconds now);
[[nodiscard]] Result<AwsCredentials> assume_role_with_web_identity(const StsSite& site, const RoleToAssume& role,
                                                                   const std::string& token);

}  // namespace straykey
