// Preloaded into a process: writes down what it does to the files below $DISK_RECORDER_ROOT, into $DISK_RECORDER_LOG
// when it ends. Calls go on to the C library unchanged.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include "tests/crash/power_cut/disk_log.h"

namespace {

using straykey::DiskEntryHeader;
using straykey::DiskOp;

constexpr std::size_t kFilesMax = 4096;
constexpr std::uint32_t kNotOurs = 0;

struct Recorder {
  std::mutex mutex;
  std::string log;
  std::uint64_t entries = 0;
  std::string root;
  std::string log_path;
  std::array<std::atomic<std::uint32_t>, kFilesMax> numbers{};  // by descriptor
  std::array<std::atomic<bool>, kFilesMax> synchronous{};
  std::atomic<std::uint32_t> next_number{1};
};

// Never destroyed: calls may come until the very end of the process.
Recorder& recorder() {
  static Recorder& the = *[] {
    auto* made = new Recorder;
    const char* root = std::getenv("DISK_RECORDER_ROOT");
    const char* log = std::getenv("DISK_RECORDER_LOG");
    if (root != nullptr && log != nullptr) {
      made->root = root;
      made->log_path = log;
    }
    return made;
  }();
  return the;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::uint64_t append(DiskOp op, std::uint32_t file, std::uint64_t offset, std::string_view bytes = {}) {
  Recorder& r = recorder();
  const std::lock_guard lock(r.mutex);
  const DiskEntryHeader header{op, file, offset, bytes.size()};
  r.log.append(reinterpret_cast<const char*>(&header), sizeof header).append(bytes);
  return r.entries++;
}

// The path below the root, "" for the root itself; false if it is elsewhere.
bool below_root(std::string& path) {
  const std::string& root = recorder().root;
  if (root.empty() || !path.starts_with(root)) return false;
  if (path.size() > root.size() && path[root.size()] != '/') return false;
  path.erase(0, std::min(path.size(), root.size() + 1));
  if (path == "." || path.ends_with("/.")) path.erase(path.size() - std::min<std::size_t>(path.size(), 2));
  return true;
}

std::string path_of(int descriptor) {
  char target[4096];
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), target, sizeof target);
  return size <= 0 ? std::string() : std::string(target, static_cast<std::size_t>(size));
}

std::string path_at(int directory, const char* path) {
  if (path[0] == '/' || directory == AT_FDCWD) return path;
  return path_of(directory) + '/' + path;
}

std::uint32_t number_of(int descriptor) {
  if (descriptor < 0 || static_cast<std::size_t>(descriptor) >= kFilesMax) return kNotOurs;
  return recorder().numbers[static_cast<std::size_t>(descriptor)];
}

template <class Open>
int recorded_open(int directory, const char* path, int flags, Open open) {
  std::string name = path_at(directory, path);
  if (!below_root(name)) return open();
  struct stat about {};
  const bool was_there = fstatat(directory, path, &about, AT_SYMLINK_NOFOLLOW) == 0;
  const int descriptor = open();
  if (descriptor < 0 || static_cast<std::size_t>(descriptor) >= kFilesMax) return descriptor;
  Recorder& r = recorder();
  const std::uint32_t number = r.next_number++;
  const bool synchronous = (flags & O_DSYNC) != 0;
  append(DiskOp::open, number,
         (was_there ? 0 : straykey::kOpenCreated) | (synchronous ? straykey::kOpenSynchronous : 0) |
             ((flags & O_TRUNC) != 0 ? straykey::kOpenTruncated : 0),
         name);
  r.numbers[static_cast<std::size_t>(descriptor)] = number;
  r.synchronous[static_cast<std::size_t>(descriptor)] = synchronous;
  return descriptor;
}

template <class Write>
ssize_t recorded_write(int descriptor, std::uint64_t offset, std::string_view bytes, Write write) {
  const std::uint32_t number = number_of(descriptor);
  if (number == kNotOurs) return write();
  const std::uint64_t entry = append(DiskOp::write, number, offset, bytes);
  const ssize_t done = write();
  if (done >= 0) append(DiskOp::written, number, entry);
  return done;
}

template <class Sync>
int recorded_sync(int descriptor, Sync sync) {
  const std::uint32_t number = number_of(descriptor);
  if (number == kNotOurs) return sync();
  const std::uint64_t begin = append(DiskOp::sync_begin, number, 0);
  const int done = sync();
  if (done == 0) append(DiskOp::sync_end, number, begin);
  return done;
}

std::uint64_t position(int descriptor) {
  const off_t at = lseek(descriptor, 0, SEEK_CUR);
  return at < 0 ? 0 : static_cast<std::uint64_t>(at);
}

__attribute__((destructor)) void save() {
  Recorder& r = recorder();
  if (r.log_path.empty()) return;
  const std::lock_guard lock(r.mutex);
  const int file = real<int(const char*, int, ...)>("open")(r.log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  for (std::string_view left = r.log; file >= 0 && !left.empty();) {
    const ssize_t done = real<ssize_t(int, const void*, std::size_t)>("write")(file, left.data(), left.size());
    if (done <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace

extern "C" {

void straykey_disk_mark(const char* bytes, std::size_t size) {
  append(DiskOp::mark, 0, 0, {bytes, size});
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return recorded_open(AT_FDCWD, path, flags,
                       [&] { return real<int(const char*, int, ...)>("open")(path, flags, mode); });
}

int openat(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return recorded_open(directory, path, flags,
                       [&] { return real<int(int, const char*, int, ...)>("openat")(directory, path, flags, mode); });
}

int close(int descriptor) {
  if (number_of(descriptor) != kNotOurs) recorder().numbers[static_cast<std::size_t>(descriptor)] = kNotOurs;
  return real<int(int)>("close")(descriptor);
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  const auto call = [&] { return real<ssize_t(int, const void*, std::size_t)>("write")(descriptor, bytes, size); };
  if (number_of(descriptor) == kNotOurs) return call();
  return recorded_write(descriptor, position(descriptor), {static_cast<const char*>(bytes), size}, call);
}

ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return recorded_write(descriptor, static_cast<std::uint64_t>(offset), {static_cast<const char*>(bytes), size}, [&] {
    return real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite")(descriptor, bytes, size, offset);
  });
}

ssize_t writev(int descriptor, const iovec* parts, int count) {
  const auto call = [&] { return real<ssize_t(int, const iovec*, int)>("writev")(descriptor, parts, count); };
  if (number_of(descriptor) == kNotOurs) return call();
  std::string whole;
  for (int i = 0; i < count; ++i) whole.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return recorded_write(descriptor, position(descriptor), whole, call);
}

ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  std::string whole;
  for (int i = 0; i < count; ++i) whole.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return recorded_write(descriptor, static_cast<std::uint64_t>(offset), whole, [&] {
    return real<ssize_t(int, const iovec*, int, off_t)>("pwritev")(descriptor, parts, count, offset);
  });
}

int ftruncate(int descriptor, off_t size) {
  const int done = real<int(int, off_t)>("ftruncate")(descriptor, size);
  const std::uint32_t number = number_of(descriptor);
  if (done == 0 && number != kNotOurs) append(DiskOp::truncate, number, static_cast<std::uint64_t>(size));
  return done;
}

int fsync(int descriptor) {
  return recorded_sync(descriptor, [&] { return real<int(int)>("fsync")(descriptor); });
}

int fdatasync(int descriptor) {
  return recorded_sync(descriptor, [&] { return real<int(int)>("fdatasync")(descriptor); });
}

int mkdirat(int directory, const char* path, mode_t mode) {
  const int done = real<int(int, const char*, mode_t)>("mkdirat")(directory, path, mode);
  std::string name = path_at(directory, path);
  if (done == 0 && below_root(name)) append(DiskOp::make_directory, 0, 0, name);
  return done;
}

int mkdir(const char* path, mode_t mode) {
  const int done = real<int(const char*, mode_t)>("mkdir")(path, mode);
  std::string name = path;
  if (done == 0 && below_root(name) && !name.empty()) append(DiskOp::make_directory, 0, 0, name);
  return done;
}

int renameat(int from, const char* path, int to, const char* new_path) {
  const int done = real<int(int, const char*, int, const char*)>("renameat")(from, path, to, new_path);
  std::string name = path_at(from, path), new_name = path_at(to, new_path);
  if (done == 0 && below_root(name) && below_root(new_name)) append(DiskOp::rename, 0, 0, name + '\0' + new_name);
  return done;
}

int rename(const char* path, const char* new_path) {
  return renameat(AT_FDCWD, path, AT_FDCWD, new_path);
}

int unlinkat(int directory, const char* path, int flags) {
  std::string name = path_at(directory, path);
  const int done = real<int(int, const char*, int)>("unlinkat")(directory, path, flags);
  if (done == 0 && below_root(name)) append(DiskOp::unlink, 0, 0, name);
  return done;
}

int unlink(const char* path) {
  return unlinkat(AT_FDCWD, path, 0);
}

}  // extern "C"
