#pragma once
// CHECK: our own mistakes stop the process, in release builds too.
//
// Use it for what only a bug can break (an invariant, a REQUIRES line). What the disk, the network or a sender can do
// wrong is a Result or a RejectReason, never a CHECK.
#include <source_location>

namespace straykey {

[[noreturn]] void check_failed(const char* condition, std::source_location where);

}  // namespace straykey

#define CHECK(condition)                                                                \
  do {                                                                                  \
    if (!(condition)) [[unlikely]]                                                      \
      ::straykey::check_failed(#condition, std::source_location::current());            \
  } while (false)
