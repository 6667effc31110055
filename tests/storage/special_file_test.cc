#include "storage/special_file.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/descriptor.h"
#include "storage/data_directory.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

void make_pipe(const std::string& path) {
  REQUIRE_EQ(::mkfifo(path.c_str(), 0600), 0);
}

void make_socket(const std::string& path) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  REQUIRE_EQ(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TEST_CASE("special file: a directory with files, folders and links has none; one that is not there has none") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() + "/format") << "x";
  std::filesystem::create_directory(folder.path() + "/merger");
  std::filesystem::create_symlink("/dev/null", folder.path() + "/link");
  CHECK_EQ(special_file_in(folder.path()), "");
  CHECK_EQ(special_file_in(folder.path() + "/nowhere"), "");
}

TEST_CASE("special file: a pipe or socket is named, in the directory and one below; the operators' socket is ours") {
  const TemporaryDirectory folder;
  make_socket(folder.path() + "/admin.sock");
  CHECK_EQ(special_file_in(folder.path()), "");
  std::filesystem::create_directory(folder.path() + "/merger");
  make_socket(folder.path() + "/merger/admin.sock");
  CHECK_EQ(special_file_in(folder.path()),
           folder.path() + "/merger/admin.sock is a socket, where only files of the store belong: remove it");
  make_pipe(folder.path() + "/format");
  CHECK_EQ(special_file_in(folder.path()),
           folder.path() + "/format is a pipe (FIFO), where only files of the store belong: remove it");
}

// Each of these was waited for without end.
TEST_CASE("special file: a pipe under any name of a store is refused by name and not waited for") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  DataDirectorySettings settings{.path = path,
                                 .shards = 1,
                                 .new_hash_key = {1, 2},
                                 .map_bytes = std::uint64_t{16} << 20,
                                 .disk_free_bytes_min = 0,
                                 .open_damaged = true};
  { REQUIRE(DataDirectory::open(settings).ok()); }
  for (const char* name : {"lock", "format", "starts", "merger/data.mdb", "merger/lock.mdb", "shard-00/data.mdb"}) {
    CAPTURE(name);
    const std::string file = path + "/" + name;
    std::filesystem::rename(file, parent.path() + "/kept");
    make_pipe(file);
    const auto opened = DataDirectory::open(settings);
    REQUIRE_FALSE(opened.ok());
    CHECK_EQ(opened.error().message, file + " is a pipe (FIFO), where only files of the store belong: remove it");
    CHECK_FALSE(DataDirectory::hold(path).ok());
    std::filesystem::rename(parent.path() + "/kept", file);
  }
  CHECK(DataDirectory::open(settings).ok());
}

}  // namespace
}  // namespace straykey
