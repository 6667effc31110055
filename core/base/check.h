#pragma once
// CHECK: our own mistakes stop the process, in release builds too.
//
// Use it for what only a bug can break (an invariant, a REQUIRES line). What the disk, the network or a sender can do
// wrong is a Result or a RejectReason, never a CHECK.

namespace straykey {

[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* function);

}  // namespace straykey

#define CHECK(condition)                                                                            \
  do {                                                                                              \
    if (!(condition)) [[unlikely]]                                                                  \
      ::straykey::check_failed(#condition, __FILE__, __LINE__, static_cast<const char*>(__func__)); \
  } while (false)
