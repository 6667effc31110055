#pragma once
// How a command ends: its exit code, and its last sentence.
//
// Thread: any.
#include <string>

namespace straykey {

inline constexpr int kExitWell = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitRestart = 75;
inline constexpr int kExitConfig = 78;

// Says `message` on stderr as "straykey: message" and returns `code`.
int fail(const std::string& message, int code = kExitFailed);

}  // namespace straykey
