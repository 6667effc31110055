#pragma once
// One file over HTTPS, whole or not at all: AWS's address ranges.
//
// Thread: any; blocks the caller until the end or the time limit. No environment variable and no proxy is looked at.
// Bounds: FetchSettings. Redirects are not followed.
// Errors: one sentence: name, connection, certificate, status, size, time.
#include <cstddef>
#include <string>

#include "core/base/result.h"

namespace straykey {

struct FetchSettings {
  std::string url;      // https; http only to a loopback address (tests)
  std::string ca_file;  // empty: the system's authorities
  std::size_t bytes_max = 64u << 20;
  int total_ms = 60'000;
};

[[nodiscard]] Result<std::string> fetch_https(const FetchSettings& settings);

}  // namespace straykey
