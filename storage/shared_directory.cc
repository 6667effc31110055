#include "storage/shared_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <string_view>

#include "core/base/descriptor.h"

namespace straykey {
namespace {

// Whether names are in it beside those that may exist before there is a store.
bool holds_other_files(int directory) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) return true;
  bool others = false;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    others = others || (name != "." && name != ".." && name != "lock" && name != "format.new" && name != "lost+found");
  }
  ::closedir(listing);
  return others;
}

}  // namespace

std::string shared_with_others(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.is_open() ? shared_with_others(directory.number(), path) : std::string();
}

std::string shared_with_others(int directory, const std::string& path) {
  struct stat about {};
  if (::fstat(directory, &about) != 0 || (about.st_mode & 077) == 0) return {};
  struct stat format {};
  const bool has_format = ::fstatat(directory, "format", &format, AT_SYMLINK_NOFOLLOW) == 0;
  if (has_format || !holds_other_files(directory)) return {};
  return fmt::format(
      "{} is open to other users (mode {:o}) and holds other files: use a directory of its own, or chmod 700", path,
      about.st_mode & 07777);
}

}  // namespace straykey
