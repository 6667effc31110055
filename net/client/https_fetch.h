#pragma once
// Fetches one file over HTTPS, whole or not at all. It is used for AWS's address ranges.
//
// Shape:  it makes an OutgoingRequest and waits for it. A URL may name a loopback address itself. A host name must lead
//         to public addresses or to those of a private network (a mirror); it may lead to loopback only if that is
//         allowed.
// Thread: any; blocks the caller until the end or the time limit. No environment variable and no proxy is looked at.
// Bounds: FetchSettings. Redirects are not followed.
// Errors: one sentence: name, connection, certificate, status, size, time.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/location/ip_address.h"

namespace straykey {

struct FetchSettings {
  std::string url;      // https; http only to a loopback address (tests)
  std::string ca_file;  // empty: the system's authorities
  std::size_t bytes_max = 64u << 20;
  int total_ms = 60'000;
  bool loopback_allowed = false;  // for a name
  // Replaces the system's resolver, for tests of what a name server might answer.
  std::function<std::vector<IpAddress>(const std::string& host)> resolve;
};

// Whether fetch_https would ask it; else a sentence that does not begin with the URL.
[[nodiscard]] Status check_fetch_url(std::string_view url);

[[nodiscard]] Result<std::string> fetch_https(const FetchSettings& settings);

}  // namespace straykey
