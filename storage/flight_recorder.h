#pragma once
// FlightRecorder: remembers across a crash which record the crashing thread was working on.
//
// Shape:  the file `flight` of the data directory, mapped; storage/FORMAT.md. watch() installs a handler for SIGSEGV,
//         SIGBUS, SIGILL, SIGFPE and SIGABRT (a failed INVARIANT, memory that ran out): it counts a crash for the
//         record in hand (core/event/record_in_hand.h) and then lets the former handler have the signal. kill -9 and a
//         power cut count nothing.
// Bounds: kCrashesMax records; a new one replaces the oldest.
// Errors: a damaged file is replaced by an empty one. A file that cannot be made or mapped is an Error.
// Thread: open and destroy at start-up; poisoned() any; the handler whichever thread crashes.
// Durable: a mapped file survives the process, and usually a power cut.
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/event/poisoned_records.h"

namespace straykey {

class FlightRecorder {
 public:
  static constexpr std::size_t kCrashesMax = 128;
  static constexpr std::uint32_t kCrashesToPoison = 2;

  // Reads what earlier runs left. `directory` exists and is ours.
  [[nodiscard]] static Result<std::unique_ptr<FlightRecorder>> open(const std::string& directory);
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;
  // Restores the former signal handlers.
  ~FlightRecorder();

  // REQUIRES: no other FlightRecorder of this process watches.
  void watch();

  // The records that crashed earlier runs twice, as they were when open() was called.
  [[nodiscard]] const PoisonedRecords& poisoned() const noexcept { return poisoned_; }
  [[nodiscard]] std::size_t poisoned_count() const noexcept { return poisoned_count_; }
  // Records that were in hand in one crash so far.
  [[nodiscard]] std::size_t suspected_count() const noexcept { return suspected_count_; }

 private:
  struct File;
  explicit FlightRecorder(File* file) : file_(file) {}
  static void on_signal(int signal) noexcept;
  void read();

  File* file_;
  PoisonedRecords poisoned_;
  std::size_t poisoned_count_ = 0, suspected_count_ = 0;
  bool watching_ = false;
};

}  // namespace straykey
