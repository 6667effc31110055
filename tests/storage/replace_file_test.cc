#include "storage/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/descriptor.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

using namespace straykey;
namespace fs = std::filesystem;

namespace {

std::string read_back(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

TEST_CASE("a file is replaced whole, for its owner alone, and nothing is left beside it") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/name";
  for (const std::string& text : {std::string("first, which is longer"), std::string("second"), std::string()}) {
    REQUIRE(replace_file(path, text).ok());
    CHECK_EQ(read_back(path), text);
  }
  struct stat about {};
  REQUIRE_EQ(::stat(path.c_str(), &about), 0);
  CHECK_EQ(about.st_mode & 0777, 0600);
  CHECK_EQ(std::distance(fs::directory_iterator(directory.path()), {}), 1);
}

TEST_CASE("what a crash left behind is overwritten") {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/name.new") << "half of something that was much longer than the text";
  REQUIRE(replace_file(directory.path() + "/name", "text").ok());
  CHECK_EQ(read_back(directory.path() + "/name"), "text");
  CHECK_FALSE(fs::exists(directory.path() + "/name.new"));
}

TEST_CASE("a failure leaves the old file, no new one, and a sentence") {
  const TemporaryDirectory directory;
  const Status nowhere = replace_file(directory.path() + "/none/name", "text");
  REQUIRE_FALSE(nowhere.ok());
  CHECK_EQ(nowhere.error().message, "cannot open the directory of name: No such file or directory");

  fs::create_directory(directory.path() + "/name");  // no file can take the place of a directory
  const Status taken = replace_file(directory.path() + "/name", "text");
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().message.starts_with("cannot replace name: "));
  CHECK(fs::is_directory(directory.path() + "/name"));
  CHECK_FALSE(fs::exists(directory.path() + "/name.new"));
}

TEST_CASE("a symbolic link under the new name is not followed") {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/precious") << "kept";
  fs::create_symlink("precious", directory.path() + "/name.new");
  CHECK_FALSE(replace_file(directory.path() + "/name", "text").ok());
  CHECK_EQ(read_back(directory.path() + "/precious"), "kept");
}

TEST_CASE("write_all says when not all of it was written, and sync_directory when there is none") {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full.is_open());
  CHECK_FALSE(write_all(full.number(), "x"));
  CHECK(write_all(full.number(), ""));
  CHECK_FALSE(sync_directory("/none").ok());
}
