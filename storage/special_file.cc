#include "storage/special_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

namespace straykey {
namespace {

std::string_view special_name(mode_t mode) {
  if (S_ISFIFO(mode)) return "a pipe (FIFO)";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return {};
}

std::vector<std::string> sorted_names(DIR* listing) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string special_file_in(const std::string& directory, bool top) {
  DIR* const listing = ::opendir(directory.c_str());
  if (listing == nullptr) return {};
  std::string found;
  for (const std::string& name : sorted_names(listing)) {
    struct stat about {};
    if (::fstatat(::dirfd(listing), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::string_view special = special_name(about.st_mode);
    const bool ours = top && S_ISSOCK(about.st_mode) && name == kAdminSocketName;
    if (!special.empty() && !ours)
      found = fmt::format("{}/{} is {}, where only files of the store belong: remove it", directory, name, special);
    if (top && S_ISDIR(about.st_mode)) found = special_file_in(directory + "/" + name, false);
    if (!found.empty()) break;
  }
  ::closedir(listing);
  return found;
}

}  // namespace

std::string special_file_in(const std::string& directory) {
  return special_file_in(directory, true);
}

}  // namespace straykey
