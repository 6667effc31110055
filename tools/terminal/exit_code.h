#pragma once
// How a command ends: its exit code, its last sentence, and whether all that it printed has reached the output.
//
// Thread: any; the standard streams: main.
#include <string>

namespace straykey {

inline constexpr int kExitWell = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitRestart = 75;
inline constexpr int kExitConfig = 78;

// Says `message` on stderr as "straykey: message" and returns `code`.
int fail(const std::string& message, int code = kExitFailed);

// Opens what the caller has closed of the standard streams, so that no file of ours gets their numbers and is written
// into by a print. Writing to one that was closed fails. Call it before anything else is opened.
void occupy_standard_streams();

// Writes out what is left of stdout. If not all that was printed could be written, says so and turns a good `code` into
// kExitFailed. A reader that has gone (`| head`) is no news, so that is not said.
[[nodiscard]] int end_output(int code);

}  // namespace straykey
