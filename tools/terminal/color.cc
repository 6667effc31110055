#include "tools/terminal/color.h"

#include <unistd.h>

#include <cstdlib>

namespace straykey {

bool colors_wanted() {
  const char* const forbidden = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  if (forbidden != nullptr && *forbidden != '\0') return false;
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string colored(std::string_view text, Color color, bool on) {
  if (!on) return std::string(text);
  constexpr std::string_view kCodes[] = {"\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m"};
  std::string out(kCodes[static_cast<std::size_t>(color)]);
  return out.append(text).append("\x1b[0m");
}

}  // namespace straykey
