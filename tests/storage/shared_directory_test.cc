#include "storage/shared_directory.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

TEST_CASE("shared directory: one that others may look into and that holds other files is named, and left as it is") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/store";
  fs::create_directory(path);
  fs::permissions(path, static_cast<fs::perms>(0750));
  CHECK_EQ(shared_with_others(path), "");  // it is empty
  std::ofstream(path + "/lock") << "";
  CHECK_EQ(shared_with_others(path), "");  // a first start that ended early leaves this
  std::ofstream(path + "/ip-ranges.json") << "{}";
  CHECK_EQ(shared_with_others(path),
           path + " is open to other users (mode 750) and holds other files: use a directory of its own, or chmod 700");
  CHECK_EQ(fs::status(path).permissions(), static_cast<fs::perms>(0750));
}

TEST_CASE("shared directory: one with a store, one that is closed and one that is not there are no trouble") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/store";
  CHECK_EQ(shared_with_others(path), "");
  fs::create_directory(path);
  std::ofstream(path + "/ip-ranges.json") << "{}";
  fs::permissions(path, static_cast<fs::perms>(0700));
  CHECK_EQ(shared_with_others(path), "");
  fs::permissions(path, static_cast<fs::perms>(0755));
  std::ofstream(path + "/format") << "straykey\n";
  CHECK_EQ(shared_with_others(path), "");
}

}  // namespace
}  // namespace straykey
