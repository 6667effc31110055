#include "tools/scan/read_ahead.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "core/base/invariant.h"
#include "tools/scan/s3_trail.h"

namespace straykey {
namespace {

// Those that this process may run on, which can be fewer than the machine has.
unsigned own_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
}

unsigned threads_for(const std::vector<const EventFile*>& files) {
  const unsigned cores = own_cores();
  if (cores < 2) return 0;
  const bool of_s3 =
      std::any_of(files.begin(), files.end(), [](const EventFile* file) { return file->path.starts_with(kS3Scheme); });
  return of_s3 ? 1 : cores;
}

struct Stopped {};  // thrown through a reading that nobody waits for any more

}  // namespace

ReadAhead::ReadAhead(std::vector<const EventFile*> files, const FileReader::Settings& settings, bool counts, bool signs,
                     std::optional<unsigned> threads)
    : files_(std::move(files)), settings_(settings), counts_(counts), signs_(signs), read_(files_.size()) {
  const unsigned count = threads.value_or(threads_for(files_));
  if (count == 0) here_.emplace(settings_);
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

// The file whose turn it is may always be begun, so that what waits behind it never stops it.
bool ReadAhead::may_begin() const noexcept {
  return next_ < files_.size() && (next_ <= turn_ || (held_ < kHeldMax && next_ < turn_ + kFilesAhead));
}

void ReadAhead::run() {
  FileReader reader(settings_);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || next_ == files_.size() || may_begin(); });
    if (stopping_ || next_ == files_.size()) return;
    const std::size_t file = next_++;
    lock.unlock();
    FileReading reading;
    try {
      reading = reader.read(*files_[file], counts_, signs_,
                            [&](std::unique_ptr<Request> piece) { return put(file, std::move(piece)); });
    } catch (const Stopped&) {
      return;
    }
    lock.lock();
    read_[file].reading = std::move(reading);
    changed_.notify_all();
  }
}

// A large file comes in many pieces. One that is not its turn waits with the next until there is room.
std::unique_ptr<Request> ReadAhead::put(std::size_t file, std::unique_ptr<Request> piece) {
  std::unique_lock lock(mutex_);
  held_ += piece->held_bytes();
  read_[file].pieces.push_back(std::move(piece));
  changed_.notify_all();
  changed_.wait(lock,
                [&] { return stopping_ || held_ < kHeldMax || (file == turn_ && read_[file].pieces.size() < 2); });
  if (stopping_) throw Stopped{};
  if (spent_.empty()) return nullptr;
  auto spent = std::move(spent_.back());
  spent_.pop_back();
  spent_bytes_ -= spent->held_bytes();
  return spent;
}

void ReadAhead::keep(std::unique_ptr<Request> spent) {
  const std::size_t bytes = spent->held_bytes();
  if (bytes > kSpentMax - spent_bytes_) return;
  spent_bytes_ += bytes;
  spent_.push_back(std::move(spent));
}

FileReading ReadAhead::read_here(const std::function<void(Request&)>& learn) {
  return here_->read(*files_[turn_++], counts_, signs_, [&](std::unique_ptr<Request> piece) {
    learn(*piece);
    return piece;
  });
}

FileReading ReadAhead::read_next(const std::function<void(Request&)>& learn) {
  INVARIANT(turn_ < files_.size());
  if (here_) return read_here(learn);
  std::unique_lock lock(mutex_);
  File& file = read_[turn_];
  while (true) {
    changed_.wait(lock, [&] { return file.reading || !file.pieces.empty(); });
    if (file.pieces.empty()) break;
    auto piece = std::move(file.pieces.front());
    file.pieces.pop_front();
    const std::size_t bytes = piece->held_bytes();
    lock.unlock();
    learn(*piece);
    lock.lock();
    held_ -= bytes;
    keep(std::move(piece));
    changed_.notify_all();
  }
  FileReading reading = std::move(*file.reading);
  ++turn_;
  changed_.notify_all();
  return reading;
}

}  // namespace straykey
