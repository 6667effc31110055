#include "storage/flight_recorder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/descriptor.h"
#include "core/base/invariant.h"
#include "core/event/record_in_hand.h"

namespace straykey {
namespace {

constexpr std::array<char, 16> kMagic{'s', 't', 'r', 'a', 'y', 'k', 'e', 'y', ' ', 'f', 'l', 'i', 'g', 'h', 't', '1'};
constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::size_t kFileBytes = 4096;

std::array<struct sigaction, kSignals.size()> former_actions;

Error error(const std::string& path, const char* doing) {
  return Error{path + ": cannot " + doing + " it: " + std::strerror(errno)};
}

}  // namespace

struct FlightRecorder::File {
  struct Crash {
    std::uint64_t low, high;
    std::uint32_t crashes;
    std::uint32_t unused;
  };
  std::array<char, 16> magic;
  std::uint32_t written;  // crashes noted so far: the next new one goes to written % kCrashesMax
  std::uint32_t unused;
  std::array<Crash, kCrashesMax> crashes;
};

namespace {
void* watched_file = nullptr;  // a global, because a signal handler can reach nothing else
}  // namespace

Result<std::unique_ptr<FlightRecorder>> FlightRecorder::open(const std::string& directory) {
  static_assert(sizeof(File) <= kFileBytes);
  const std::string path = directory + "/flight";
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return error(path, "open");
  if (::ftruncate(file.number(), kFileBytes) != 0) return error(path, "extend");
  void* mapped = ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
  if (mapped == MAP_FAILED) return error(path, "map");
  std::unique_ptr<FlightRecorder> recorder(new FlightRecorder(static_cast<File*>(mapped)));
  recorder->read();
  return recorder;
}

void FlightRecorder::read() {
  if (file_->magic != kMagic) {
    std::memset(static_cast<void*>(file_), 0, kFileBytes);
    file_->magic = kMagic;
  }
  for (const File::Crash& crash : file_->crashes) {
    if (crash.crashes == 0) continue;
    const bool poison = crash.crashes >= kCrashesToPoison;
    ++(poison ? poisoned_count_ : suspected_count_);
    if (poison) poisoned_.add({crash.low, crash.high});
  }
}

FlightRecorder::~FlightRecorder() {
  if (watching_) {
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_actions[i], nullptr);
    watched_file = nullptr;
  }
  ::munmap(file_, kFileBytes);
}

void FlightRecorder::watch() {
  INVARIANT(watched_file == nullptr);
  watched_file = file_;
  watching_ = true;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &former_actions[i]);
}

// Touches only mapped memory and the record. Then it raises the signal again, for its former handler.
void FlightRecorder::on_signal(int signal) noexcept {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former_actions[i], nullptr);
  File* file = static_cast<File*>(watched_file);
  const std::string_view record = RecordInHand::current();
  if (file != nullptr && !record.empty()) {
    const Hash128 hash = PoisonedRecords::hash_of(record);
    File::Crash* crash = nullptr;
    for (File::Crash& known : file->crashes)
      if (known.crashes > 0 && known.low == hash.low && known.high == hash.high) crash = &known;
    if (crash == nullptr) {
      crash = &file->crashes[file->written++ % kCrashesMax];
      *crash = {hash.low, hash.high, 0, 0};
    }
    ++crash->crashes;
  }
  ::raise(signal);  // even for a fault, because it may have been sent by kill()
}

}  // namespace straykey
