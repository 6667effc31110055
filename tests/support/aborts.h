#pragma once
// aborts(): whether a call ends the process with abort(), as a failed INVARIANT does.
//
// Thread: one; the process must have no other thread, since the call is made in a fork of it.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace straykey {

inline bool aborts(const std::function<void()>& call) {
  std::fflush(nullptr);  // otherwise the child would write the buffered output a second time
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // doctest's own handler would report it
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(nowhere, STDERR_FILENO);
    call();
    ::_exit(0);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child) std::abort();
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace straykey
