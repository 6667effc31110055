#pragma once
// What a process did to the files below one directory, in the order in which it did it, and the marks it set.
//
// Shape:  a sequence of entries: fixed header, then `size` bytes. Written by the preloaded recorder (disk_recorder.cc),
//         read by DiskLog. A write stands before its system call, its end after it, so that a cut between them may find
//         any part of it on the disk.
// Thread: any (values).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

enum class DiskOp : std::uint8_t {
  open,            // file, path; offset: kOpenCreated and kOpenSynchronous
  make_directory,  // path
  rename,          // path, NUL, new path
  unlink,          // path
  write,           // file, offset, bytes
  written,         // file, offset: the entry number of its write
  truncate,        // file, offset: the new size
  sync_begin,      // file
  sync_end,        // file, offset: the entry number of its begin
  mark,            // bytes: the workload's own
};
inline constexpr std::uint64_t kOpenCreated = 1, kOpenSynchronous = 2, kOpenTruncated = 4;

struct DiskEntryHeader {
  DiskOp op;
  std::uint32_t file;  // numbered by open
  std::uint64_t offset;
  std::uint64_t size;
};

struct DiskEntry {
  DiskOp op;
  std::uint32_t file;
  std::uint64_t offset;
  std::string_view bytes;
};

class DiskLog {
 public:
  // Empty if the file cannot be read whole.
  [[nodiscard]] static DiskLog read(const std::string& path);
  [[nodiscard]] const std::vector<DiskEntry>& entries() const noexcept { return entries_; }

 private:
  std::string bytes_;
  std::vector<DiskEntry> entries_;
};

// Sets a mark; nothing happens in a process without the recorder.
void mark_disk_log(std::string_view text);

}  // namespace straykey

extern "C" void straykey_disk_mark(const char* bytes, std::size_t size) __attribute__((weak));
