#include "core/base/cpu.h"

#include <pthread.h>
#include <sched.h>

#include <thread>

namespace straykey {

void name_this_thread(std::string name) noexcept {
  constexpr std::size_t kBytesMax = 15;  // the kernel's TASK_COMM_LEN without the NUL
  if (name.size() > kBytesMax) name.resize(kBytesMax);
  (void)pthread_setname_np(pthread_self(), name.c_str());
}

bool pin_this_thread(std::uint32_t cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu % CPU_SETSIZE, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

std::uint32_t cpu_count() noexcept {
  const unsigned count = std::thread::hardware_concurrency();
  return count == 0 ? 1 : count;
}

}  // namespace straykey
