#pragma once
// ReadAhead: files are read on several threads at once, and what they hold is given in the order of the files.
//
// Shape:  each thread takes the next file that nobody has begun. read_next() gives the pieces of one file after the
//         other on the caller's thread, each as FileReader gives it. On one core the caller reads them itself.
// Order:  that of the files, and of the pieces in each, whatever the threads do.
// Bounds: what waits for its turn holds kHeldMax bytes, and one piece of each thread more. Files are begun at most
//         kFilesAhead before their turn. Of the memory of pieces that were given kSpentMax bytes are used again.
// Thread: read_next() one. Objects of S3 are read by one thread, because they are fetched in their order.
// Source: memory that is kept instead of freed is neither fetched from the kernel nor cleared again for each file.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tools/scan/file_reading.h"

namespace straykey {

class ReadAhead {
 public:
  static constexpr std::size_t kHeldMax = std::size_t{32} << 20;
  static constexpr std::size_t kFilesAhead = 32;
  static constexpr std::size_t kSpentMax = std::size_t{16} << 20;

  // `files` are borrowed. `counts`, `signs`: as of FileReader::read(). `threads`: 0: the caller reads. Without it there
  // are as many as the process has cores, but none on one.
  ReadAhead(std::vector<const EventFile*> files, const FileReader::Settings& settings, bool counts, bool signs,
            std::optional<unsigned> threads = {});
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Calls learn(request) for each piece of the next file. REQUIRES: there is one.
  [[nodiscard]] FileReading read_next(const std::function<void(Request&)>& learn);

 private:
  struct File {
    std::deque<std::unique_ptr<Request>> pieces;
    std::optional<FileReading> reading;  // it was read to its end
  };

  void run();
  [[nodiscard]] FileReading read_here(const std::function<void(Request&)>& learn);
  // Under mutex_.
  void keep(std::unique_ptr<Request> spent);
  [[nodiscard]] bool may_begin() const noexcept;
  [[nodiscard]] std::unique_ptr<Request> put(std::size_t file, std::unique_ptr<Request> piece);

  // Constant after construction.
  const std::vector<const EventFile*> files_;
  const FileReader::Settings settings_;
  const bool counts_, signs_;

  std::optional<FileReader> here_;  // without threads

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<File> read_;                       // by file
  std::size_t next_ = 0;                         // to be begun
  std::size_t turn_ = 0;                         // whose pieces are given now
  std::size_t held_ = 0;                         // bytes of all pieces
  std::vector<std::unique_ptr<Request>> spent_;  // whose memory is used again, the newest first
  std::size_t spent_bytes_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace straykey
