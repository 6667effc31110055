#pragma once
// Credentials: whose keys sign our requests to AWS, fetched from where AWS's own SDKs find them, and renewed before
// they end.
//
// Shape:  find_credentials() asks these places in their order: the file that the settings name; the environment; a web
//         identity token (EKS, OIDC); the shared file that the environment names; a container's endpoint (ECS, EKS Pod
//         Identity); the instance (IMDSv2). With a role in the settings AssumeRole is called with what was found.
//         AwsCredentialKeeper keeps the result, and asks again in time.
// Thread: AwsCredentialKeeper any (synchronised inside; who asks while another one fetches waits). The others any.
// Bounds: a fetch ends within kPlaceMs a request, kStsMs at STS. Credentials are renewed kRenewBefore seconds before
//         their end; if that fails they are used until then, and the next try comes kRetryAfter seconds later.
// Errors: one sentence: which places were asked, and what the first of them that is set up answered. No secret is ever
//         part of an error or a log line.
// Source: the SDKs and Tools reference guide ("Standardized credential providers"). Metadata addresses are connected to
//         by this file alone: net/aws/aws_caller refuses them.
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "net/aws/endpoint.h"
#include "net/aws/signature_v4.h"
#include "net/client/tls_trust.h"

namespace straykey {

struct CredentialSettings {
  std::string file = {};         // in the form of ~/.aws/credentials; empty: the other places are asked
  std::string profile = {};      // of that file; empty: "default", or AWS_PROFILE
  std::string role = {};         // the ARN to assume; empty: none
  std::string external_id = {};  // for the role; empty: none
  AwsPlace place = {};           // of STS
  bool operator==(const CredentialSettings&) const = default;
};

// What of the process the places depend on.
struct CredentialSurroundings {
  std::function<const char*(const char* name)> environment;  // getenv
  std::function<Seconds()> now;
  std::shared_ptr<const TlsTrust> trust;
  std::function<bool()> stopped = {};
};

struct FoundCredentials {
  AwsCredentials credentials;
  std::string place;  // "environment", "container endpoint", ...
};
// Asks the places, and then for the role.
[[nodiscard]] Result<FoundCredentials> find_credentials(const CredentialSettings& settings,
                                                        const CredentialSurroundings& surroundings);

class AwsCredentialKeeper {
 public:
  static constexpr Seconds kRenewBefore = 300;
  static constexpr Seconds kRetryAfter = 10;
  using Find = std::function<Result<FoundCredentials>()>;

  AwsCredentialKeeper(Find find, std::function<Seconds()> now) : find_(std::move(find)), now_(std::move(now)) {}

  [[nodiscard]] Result<AwsCredentials> get();
  // AWS said that these are no longer good. The next get() fetches others.
  void reject(const AwsCredentials& used);
  // The next get() fetches others: a file may have changed.
  void forget();
  // Where the present ones are from; empty: there are none yet.
  [[nodiscard]] std::string place() const;
  [[nodiscard]] Seconds expires_at() const;

 private:
  const Find find_;
  const std::function<Seconds()> now_;
  mutable std::mutex mutex_;
  std::optional<FoundCredentials> found_;
  Seconds next_try_ = 0;
  std::string last_error_;
};

}  // namespace straykey
