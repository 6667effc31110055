#include "tools/terminal/clock.h"

#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace straykey {

Seconds wall_clock() noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double uptime() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Result<HashKey> random_hash_key() {
  HashKey key;
  if (getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key))
    return Error{std::string("the system gives no random bytes: ") + std::strerror(errno)};
  return key;
}

}  // namespace straykey
