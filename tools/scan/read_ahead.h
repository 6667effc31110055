#pragma once
// ReadAhead: files are read on several threads at once, and what they hold is given in the order of the files.
//
// Shape:  each thread takes the next file that nobody has begun. read_next() gives the pieces of one file after the
//         other on the caller's thread, each as FileReader gives it.
// Order:  that of the files, and of the pieces in each, whatever the threads do.
// Bounds: what waits for its turn holds kHeldMax bytes, and one piece of each thread more. Files are begun at most
//         kFilesAhead before their turn.
// Thread: read_next() one. Objects of S3 are read by one thread, because they are fetched in their order.
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

  // `files` are borrowed. `counts`, `signs`: as of FileReader::read(). `threads`: 0: as many as there are cores.
  ReadAhead(std::vector<const EventFile*> files, const FileReader::Settings& settings, bool counts, bool signs,
            unsigned threads = 0);
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

  void run(const FileReader::Settings& settings);
  // Under mutex_.
  [[nodiscard]] bool may_begin() const noexcept;
  [[nodiscard]] std::unique_ptr<Request> put(std::size_t file, std::unique_ptr<Request> piece);

  // Constant after construction.
  const std::vector<const EventFile*> files_;
  const bool counts_, signs_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<File> read_;                       // by file
  std::size_t next_ = 0;                         // to be begun
  std::size_t turn_ = 0;                         // whose pieces are given now
  std::size_t held_ = 0;                         // bytes of all pieces
  std::vector<std::unique_ptr<Request>> spent_;  // whose memory is used again
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace straykey
