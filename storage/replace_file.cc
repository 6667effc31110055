#include "storage/replace_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/descriptor.h"

namespace straykey {
namespace {

Error error(std::string_view doing, const std::string& name) {
  return Error{"cannot " + std::string(doing) + " " + name + ": " + std::strerror(errno)};
}

Status write_new(int directory, const std::string& name, std::string_view text) {
  const Descriptor file(::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return error("create", name);
  if (!write_all(file.number(), text)) return error("write", name);
  if (::fsync(file.number()) != 0) return error("sync", name);
  return {};
}

}  // namespace

bool write_all(int file, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Status replace_file(int directory, const std::string& name, std::string_view text) {
  const std::string new_name = name + ".new";
  Status status = write_new(directory, new_name, text);
  if (status.ok() && ::renameat(directory, new_name.c_str(), directory, name.c_str()) != 0)
    status = error("replace", name);
  if (!status.ok()) {
    ::unlinkat(directory, new_name.c_str(), 0);
    return status;
  }
  if (::fsync(directory) != 0) return error("sync the directory of", name);
  return {};
}

Status sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.number()) != 0) return error("sync", path);
  return {};
}

Status replace_file(const std::string& path, std::string_view text) {
  const std::size_t slash = path.find_last_of('/');
  const std::string above = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const Descriptor directory(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return error("open the directory of", name);
  return replace_file(directory.number(), name, text);
}

}  // namespace straykey
