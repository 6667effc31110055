#include "storage/environment_copy.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/base/descriptor.h"
#include "storage/lmdb.h"

namespace straykey {
namespace {

struct CloseEnvironment {
  void operator()(MDB_env* env) const noexcept { mdb_env_close(env); }
};

Error error(const std::string& path, std::string_view doing, int code) {
  return {path + ": cannot " + std::string(doing) + ": " + mdb_strerror(code)};
}

}  // namespace

Status copy_environment(const std::string& from, const std::string& to) {
  struct stat about {};
  if (::lstat((from + "/data.mdb").c_str(), &about) != 0) return error(from + "/data.mdb", "look at it", errno);
  MDB_env* opened = nullptr;
  if (const int code = mdb_env_create(&opened); code != 0) return error(from, "make an environment", code);
  const std::unique_ptr<MDB_env, CloseEnvironment> env(opened);
  mdb_env_set_maxreaders(opened, Env::kReadersMax);
  if (const int code = mdb_env_open(opened, from.c_str(), MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD, 0600); code != 0)
    return error(from, "open it for reading", code);

  if (::mkdir(to.c_str(), 0700) != 0) return error(to, "create the directory", errno);
  const std::string path = to + "/data.mdb";
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return error(path, "create it", errno);
  int code = mdb_env_copyfd2(opened, file.number(), MDB_CP_COMPACT);
  if (code == MDB_INCOMPATIBLE) {  // its free list is inconsistent, so it is copied page by page
    if (::ftruncate(file.number(), 0) != 0 || ::lseek(file.number(), 0, SEEK_SET) != 0)
      return error(path, "begin it anew", errno);
    code = mdb_env_copyfd2(opened, file.number(), 0);
  }
  if (code != 0) return error(path, "write it", code);
  const Descriptor directory(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (::fsync(file.number()) != 0 || !directory.is_open() || ::fsync(directory.number()) != 0)
    return error(path, "sync it", errno);
  return {};
}

}  // namespace straykey
