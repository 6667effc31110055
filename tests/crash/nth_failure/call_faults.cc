// Preloaded into the program: fails chosen calls, slows syncs and shifts the wall clock, as a control page says that
// the harness changes while the program runs ($CALL_FAULTS names the file, $CALL_FAULTS_PROGRAM the program). It counts
// all calls of each kind, so that a harness knows how many there are to fail.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
}

namespace {

enum Kind { kMalloc, kPwrite, kFdatasync, kAccept, kConnect, kOpen, kMetaWrite, kKinds };

struct Rule {
  std::atomic<std::int64_t> calls;  // made so far
  std::atomic<std::int64_t> first;  // the first call that fails, from 1; 0: none
  std::atomic<std::int64_t> last;   // the last one
  std::atomic<std::int64_t> code;   // errno
};
struct Control {
  Rule rules[kKinds];
  std::atomic<std::int64_t> sync_sleep_us;
  std::atomic<std::int64_t> clock_shift_s;
  std::atomic<std::int64_t> clock_frozen_at_s;  // 0: it runs
};

Control* control = nullptr;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Before main, and only in the program meant: what starts it has the library preloaded as well.
__attribute__((constructor)) void begin() {
  const char* path = std::getenv("CALL_FAULTS");
  const char* program = std::getenv("CALL_FAULTS_PROGRAM");
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
  if (path == nullptr || program == nullptr || size <= 0) return;
  self[size] = 0;
  if (std::strcmp(self, program) != 0) return;
  const int file = real<int(const char*, int, ...)>("open")(path, O_RDWR | O_CLOEXEC);
  void* page = file < 0 ? MAP_FAILED : mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) control = static_cast<Control*>(page);
}

bool fails(Kind kind) {
  if (control == nullptr) return false;
  Rule& rule = control->rules[kind];
  const std::int64_t call = ++rule.calls;
  if (rule.first == 0 || call < rule.first || call > rule.last) return false;
  errno = static_cast<int>(rule.code);
  return true;
}

void sleep_for_sync() {
  if (control == nullptr || control->sync_sleep_us == 0) return;
  const std::int64_t us = control->sync_sleep_us;
  const timespec wait{us / 1'000'000, us % 1'000'000 * 1'000};
  nanosleep(&wait, nullptr);
}

void shift(timespec& time) {
  if (control == nullptr) return;
  if (control->clock_frozen_at_s != 0) time = {control->clock_frozen_at_s, 0};
  time.tv_sec += control->clock_shift_s;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  return fails(kMalloc) ? nullptr : __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  return fails(kMalloc) ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  return fails(kMalloc) ? nullptr : __libc_realloc(old, size);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  // LMDB writes a part of page 0 or 1 to end a commit.
  if (offset < 8192 && size < 4096 && fails(kMetaWrite)) return -1;
  if (fails(kPwrite)) return -1;
  return real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite")(file, bytes, size, offset);
}
ssize_t writev(int file, const iovec* parts, int count) {
  if (fails(kPwrite)) return -1;
  return real<ssize_t(int, const iovec*, int)>("writev")(file, parts, count);
}

int fdatasync(int file) {
  sleep_for_sync();
  return fails(kFdatasync) ? -1 : real<int(int)>("fdatasync")(file);
}
int fsync(int file) {
  sleep_for_sync();
  return fails(kFdatasync) ? -1 : real<int(int)>("fsync")(file);
}

int accept(int socket, sockaddr* address, socklen_t* size) {
  const int taken = real<int(int, sockaddr*, socklen_t*)>("accept")(socket, address, size);
  if (taken < 0 || !fails(kAccept)) return taken;  // only one that there is can fail
  const int code = errno;
  close(taken);
  errno = code;
  return -1;
}
int connect(int socket, const sockaddr* address, socklen_t size) {
  return fails(kConnect) ? -1 : real<int(int, const sockaddr*, socklen_t)>("connect")(socket, address, size);
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return fails(kOpen) ? -1 : real<int(const char*, int, ...)>("open")(path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return fails(kOpen) ? -1 : real<int(int, const char*, int, ...)>("openat")(directory, path, flags, mode);
}

int clock_gettime(clockid_t clock, timespec* time) {
  const int done = real<int(clockid_t, timespec*)>("clock_gettime")(clock, time);
  if (done == 0 && clock == CLOCK_REALTIME) shift(*time);
  return done;
}
int gettimeofday(timeval* __restrict time, void* __restrict) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1'000};
  return 0;
}
time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
