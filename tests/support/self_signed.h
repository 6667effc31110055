#pragma once
// Self-made P-256 certificates for tests.
#include <string>

#include "core/base/time.h"

namespace straykey {

struct SelfSigned {
  std::string certificate_pem;
  std::string key_pem;
};

// For the names localhost and 127.0.0.1, valid in [not_before, not_after].
[[nodiscard]] SelfSigned make_self_signed(Seconds not_before, Seconds not_after);

// Writes `text` to `path` with these permissions, replacing what was there.
void write_file(const std::string& path, const std::string& text, unsigned mode);

}  // namespace straykey
