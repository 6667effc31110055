#pragma once
// Whether this machine resolves "localhost": a bare chroot has no /etc/hosts.
#include <filesystem>

namespace straykey {

inline bool knows_localhost() {
  return std::filesystem::exists("/etc/hosts");
}

}  // namespace straykey
