#include "tools/terminal/exit_code.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/terminal_text.h"

namespace straykey {
namespace {

// A pipe or socket whose other end is closed.
bool reader_has_gone() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

int fail(const std::string& message, int code) {
  std::fprintf(stderr, "straykey: %s\n", terminal_text(message).c_str());
  return code;
}

void occupy_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one, because those below it are open.
    if (::open("/dev/null", O_RDONLY) < 0) _exit(kExitFailed);
  }
}

int end_output(int code) {
  const bool failed_before = std::ferror(stdout) != 0;
  errno = 0;
  const bool failed = std::fflush(stdout) != 0;
  const int reason = errno;
  if (!failed && !failed_before) return code;
  if (!reader_has_gone())
    fail(std::string("not all of the output could be written") +
         (reason == 0 ? std::string() : std::string(": ") + std::strerror(reason)));
  return code == kExitWell ? kExitFailed : code;
}

}  // namespace straykey
