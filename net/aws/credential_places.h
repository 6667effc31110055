#pragma once
// The places where credentials may be, one function each. What each of them answers is in net/aws/credentials.h.
//
// Shape:  nullopt: the place is not set up. An Error: it is, and gave nothing.
// Thread: any; they read files and the environment, and block for at most two requests.
// Bounds: files of 64 KiB, replies of 64 KiB; kPlaceMs for each request.
#include <optional>
#include <string>

#include "net/aws/credentials.h"

namespace straykey {

inline constexpr int kPlaceMs = 2'000;
using CredentialAnswer = std::optional<Result<AwsCredentials>>;

[[nodiscard]] Result<AwsCredentials> credentials_in_file(const std::string& path, const std::string& profile);
// The same of a file's text.
[[nodiscard]] Result<AwsCredentials> credentials_in_text(std::string_view text, std::string_view profile);
[[nodiscard]] CredentialAnswer credentials_in_environment(const CredentialSurroundings& surroundings);
[[nodiscard]] CredentialAnswer credentials_of_web_identity(const AwsPlace& place,
                                                           const CredentialSurroundings& surroundings);
[[nodiscard]] CredentialAnswer credentials_of_container(const CredentialSurroundings& surroundings);
// nullopt also if nothing answers at the instance's address: this is no instance.
[[nodiscard]] CredentialAnswer credentials_of_instance(const CredentialSurroundings& surroundings);

// Where STS is: AWS_ENDPOINT_URL_STS, or the Region's own.
[[nodiscard]] std::string sts_endpoint_for(const AwsPlace& place, const CredentialSurroundings& surroundings);
// What `name` is in the environment; empty if it is not there.
[[nodiscard]] std::string environment_of(const CredentialSurroundings& surroundings, const char* name);

}  // namespace straykey
