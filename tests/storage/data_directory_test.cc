// Opening data_dir: what is created, what is kept, and the sentence for each thing that can be wrong with it.
#include "storage/data_directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/aborts.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

constexpr HashKey kKey{0x1111, 0x2222};
constexpr HashKey kOtherKey{0x3333, 0x4444};

DataDirectorySettings settings_of(const std::string& path, unsigned shards = 2) {
  return {.path = path,
          .shards = shards,
          .new_hash_key = kKey,
          .map_bytes = std::uint64_t{16} << 20,
          .disk_free_bytes_min = 0};
}

std::unique_ptr<DataDirectory> opened(const DataDirectorySettings& settings) {
  auto directory = DataDirectory::open(settings);
  REQUIRE_MESSAGE(directory.ok(), (directory.ok() ? "" : directory.error().message));
  return std::move(directory).value();
}

std::string refused(const DataDirectorySettings& settings) {
  const auto directory = DataDirectory::open(settings);
  return directory.ok() ? "accepted" : directory.error().message;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

unsigned mode_of(const std::string& path) {
  struct stat about {};
  REQUIRE_EQ(::lstat(path.c_str(), &about), 0);
  return about.st_mode & 0777u;
}

void put_and_commit(Store& store, Table table, std::string_view key, std::string_view value) {
  const auto writer = store.write();
  writer->put(table, key, value);
  REQUIRE_EQ(writer->commit(), CommitOutcome::committed);
}

// Zeros in the place of everything but the meta pages.
void damage(const std::string& environment) {
  const std::string file = environment + "/data.mdb";
  std::string bytes = text_of(file);
  std::fill(bytes.begin() + 8192, bytes.end(), '\0');
  write_text(file, bytes);
}

TEST_CASE("data directory: a damaged partition is named, or opened as one that says so; the others work") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  put_and_commit(*opened(settings_of(path))->partitions()[1], Table::facts, "a", "1");
  damage(path + "/shard-00");
  CHECK_NE(refused(settings_of(path)).find(path + "/shard-00/data.mdb: page "), std::string::npos);

  DataDirectorySettings settings = settings_of(path);
  settings.open_damaged = true;
  for (const std::uint64_t whole_bytes_max : {settings.checked_whole_bytes_max, std::uint64_t{0}}) {
    settings.checked_whole_bytes_max = whole_bytes_max;
    const auto directory = opened(settings);
    REQUIRE(directory->partitions()[0]->damage().has_value());
    CHECK_EQ(directory->partitions()[0]->damage()->part, "shard-00");
    CHECK_FALSE(directory->partitions()[1]->damage().has_value());
    CHECK_FALSE(directory->alerts().damage().has_value());
    CHECK_EQ(directory->partitions()[1]->read()->get(Table::facts, "a"), "1");
  }
}

TEST_CASE("data directory: after two starts that came to no end, large files are looked through whole too") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  put_and_commit(*opened(settings_of(path))->partitions()[0], Table::facts, "a", "a value to be damaged");
  std::string bytes = text_of(path + "/shard-00/data.mdb");
  for (std::size_t at = 0; (at = bytes.find("a value to be", at)) != std::string::npos;) bytes[at] = 'b';
  write_text(path + "/shard-00/data.mdb", bytes);
  DataDirectorySettings settings = settings_of(path);
  settings.open_damaged = true;
  settings.checked_whole_bytes_max = 0;
  const auto is_found = [&] { return opened(settings)->partitions()[0]->damage().has_value(); };
  for (const char* ended : {"0", "1"}) {
    write_text(path + "/starts", ended);
    CHECK_FALSE(is_found());
    CHECK_EQ(text_of(path + "/starts"), "0");  // it came to an end
  }
  write_text(path + "/starts", "2");
  CHECK(is_found());
  const auto running = opened(settings);
  CHECK_EQ(text_of(path + "/starts"), "1");
  running->note_sound();
  CHECK_EQ(text_of(path + "/starts"), "0");
}

TEST_CASE("data directory: holding a store takes its lock, names its environments and opens and makes nothing") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  CHECK_FALSE(DataDirectory::hold(path).ok());
  CHECK_FALSE(fs::exists(path));
  opened(settings_of(path));
  damage(path + "/shard-00");
  auto held = DataDirectory::hold(path);
  REQUIRE(held.ok());
  CHECK_EQ((*held)->environment_names(), std::vector<std::string>{"merger", "shard-00", "shard-01"});
  CHECK_NE(refused(settings_of(path)).find("in use"), std::string::npos);
}

TEST_CASE("data directory: what was stored, and the first hash key, are there after reopening") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  {
    const auto directory = opened(settings_of(path));
    CHECK_EQ(directory->shards_before(), 0);
    CHECK(directory->hash_key() == kKey);
    REQUIRE_EQ(directory->partitions().size(), 2);
    put_and_commit(*directory->partitions()[1], Table::facts, "a", "1");
    put_and_commit(directory->alerts(), Table::alerts, "b", "2");
  }
  auto settings = settings_of(path);
  settings.new_hash_key = kOtherKey;
  const auto directory = opened(settings);
  CHECK_EQ(directory->shards_before(), 2);
  CHECK(directory->hash_key() == kKey);
  CHECK_EQ(directory->partitions()[1]->read()->get(Table::facts, "a"), "1");
  CHECK_FALSE(directory->partitions()[0]->read()->get(Table::facts, "a").has_value());
  CHECK_EQ(directory->alerts().read()->get(Table::alerts, "b"), "2");
}

TEST_CASE("data directory: everything in it is for nobody else, whatever the umask") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  const mode_t before = ::umask(0);
  const auto directory = opened(settings_of(path));
  ::umask(before);
  CHECK_EQ(mode_of(path), 0700);
  int entries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    CAPTURE(entry.path().string());
    CHECK_EQ(mode_of(entry.path()), entry.is_directory() ? 0700 : 0600);
    ++entries;
  }
  CHECK_EQ(entries, 2 + 3 + 3 * 2);  // lock, format; three environments of two files
}

TEST_CASE("data directory: a second opening is refused in one sentence, and allowed after the first is closed") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  {
    const auto directory = opened(settings_of(path));
    CHECK_EQ(refused(settings_of(path)), path + " is in use by another straykey");
  }
  opened(settings_of(path));
}

TEST_CASE("data directory: a larger shard count adds partitions, a smaller one keeps the old ones open") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  put_and_commit(*opened(settings_of(path, 3))->partitions()[2], Table::facts, "a", "1");
  {
    const auto fewer = opened(settings_of(path, 1));
    CHECK_EQ(fewer->shards_before(), 3);
    REQUIRE_EQ(fewer->partitions().size(), 3);
    CHECK_EQ(fewer->partitions()[2]->read()->get(Table::facts, "a"), "1");
  }
  const auto more = opened(settings_of(path, 5));
  CHECK_EQ(more->shards_before(), 1);
  CHECK_EQ(more->partitions().size(), 5);
  CHECK_EQ(more->partitions()[2]->read()->get(Table::facts, "a"), "1");
}

TEST_CASE("data directory: a missing partition or merger is refused, since old things would look new") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  opened(settings_of(path, 3));
  for (const char* name : {"/shard-02", "/merger"}) {
    fs::rename(path + name, parent.path() + "/away");
    CHECK_EQ(refused(settings_of(path, 2)), path + name + "/data.mdb is missing: restore it from the backup");
    fs::create_directory(path + name);
    write_text(path + name + "/data.mdb", "");
    CHECK_EQ(refused(settings_of(path, 2)), path + name + "/data.mdb is missing: restore it from the backup");
    fs::remove_all(path + name);
    fs::rename(parent.path() + "/away", path + name);
  }
  opened(settings_of(path, 2));
}

TEST_CASE("data directory: a first start that a crash cut short is completed by the next one") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  opened(settings_of(path, 2));
  fs::remove_all(path + "/shard-01");
  write_text(path + "/format", format_file_text({kKey, 0, 0}));
  write_text(path + "/format.new", "straykey st");
  auto settings = settings_of(path, 2);
  settings.new_hash_key = kOtherKey;
  const auto directory = opened(settings);
  CHECK(directory->hash_key() == kKey);
  CHECK_EQ(directory->shards_before(), 0);
  CHECK_EQ(directory->partitions().size(), 2);
}

TEST_CASE("data directory: a first start that a power cut left half an environment of is completed by the next one") {
  TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/store";
  opened(settings_of(path, 1));
  const std::string whole = text_of(path + "/shard-00/data.mdb");
  for (const std::string& left : {std::string(8192, '\0'), whole.substr(0, 4096), whole.substr(0, 100),
                                  std::string(4096, '\0') + whole.substr(4096, 4096)}) {
    write_text(path + "/format", format_file_text({kKey, 0, 0}));
    write_text(path + "/shard-00/data.mdb", left);
    put_and_commit(*opened(settings_of(path, 1))->partitions().front(), Table::facts, "key", "value");
    write_text(path + "/shard-00/data.mdb", left);  // now it is named in `format`: damage, and never removed
    CHECK(refused(settings_of(path, 1)).starts_with(path + "/shard-00/data.mdb: meta page "));
    CHECK_EQ(text_of(path + "/shard-00/data.mdb"), left);
  }
}

TEST_CASE("data directory: a missing, damaged or newer format file is refused by name") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  opened(settings_of(path));
  const std::string format = text_of(path + "/format");
  write_text(path + "/format", "straykey store\nformat 4\nno more of this is known\n");
  CHECK_EQ(refused(settings_of(path)),
           path + "/format has store format 4 and this straykey knows 3: use the newer straykey that wrote it");
  write_text(path + "/format", "");
  CHECK_EQ(refused(settings_of(path)), path + "/format is damaged: restore it from the backup");
  fs::remove(path + "/format");
  CHECK_EQ(refused(settings_of(path)),
           path + "/format is missing though partitions are there: restore it from the backup");
  write_text(path + "/format", format);
  opened(settings_of(path));
}

TEST_CASE("data directory: what is not a directory of ours is refused") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  CHECK_EQ(refused(settings_of(path + "/deeper")),
           path + "/deeper cannot be created: its parent directory does not exist");
  write_text(path, "a file");
  CHECK_EQ(refused(settings_of(path)), path + " is not a directory");
  fs::remove(path);
  fs::create_directory_symlink(parent.path() + "/nowhere", path);
  CHECK_EQ(refused(settings_of(path)), path + " is a symbolic link to nothing");
  fs::remove(path);
  fs::create_directory(path);
  fs::create_symlink("/dev/null", path + "/lock");
  CHECK(refused(settings_of(path)).find("cannot open its lock file") != std::string::npos);
}

TEST_CASE("data directory: a symbolic link leads to the store, which then counts by its own name") {
  const TemporaryDirectory parent;
  const std::string real = fs::canonical(parent.path()).string() + "/real", link = parent.path() + "/link";
  fs::create_directory(real);
  fs::create_directory_symlink("real", link);
  {
    const auto directory = opened(settings_of(link));
    CHECK_EQ(directory->path(), real);
    put_and_commit(*directory->partitions()[1], Table::facts, "a", "1");
    CHECK_EQ(refused(settings_of(real)), real + " is in use by another straykey");
    CHECK_EQ(refused(settings_of(link)), real + " is in use by another straykey");
  }
  CHECK(DataDirectory::hold(link).ok());
  CHECK_EQ(opened(settings_of(real))->partitions()[1]->read()->get(Table::facts, "a"), "1");
}

TEST_CASE("data directory: an empty directory open to others is closed to them, one with other files is left alone") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  fs::create_directory(path);
  fs::permissions(path, static_cast<fs::perms>(0755));
  write_text(path + "/letter.txt", "someone else's");
  CHECK_EQ(refused(settings_of(path)),
           path + " is open to other users (mode 755) and holds other files: use a directory of its own, or chmod 700");
  CHECK_EQ(mode_of(path), 0755);
  fs::remove(path + "/letter.txt");
  opened(settings_of(path));
  CHECK_EQ(mode_of(path), 0700);
}

TEST_CASE("data directory: without permission the sentence says so") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  fs::create_directory(path);
  fs::permissions(path, fs::perms::none);
  fs::permissions(parent.path(), static_cast<fs::perms>(0755));
  // Root may read everything, so it steps down for the moment.
  const bool is_root = ::geteuid() == 0;
  if (is_root) REQUIRE_EQ(::seteuid(65534), 0);
  const std::string unreadable = refused(settings_of(path));
  const std::string uncreatable = is_root ? refused(settings_of(parent.path() + "/new")) : "no permission to create";
  if (is_root) REQUIRE_EQ(::seteuid(0), 0);
  CHECK_EQ(unreadable, path + ": no permission to read the directory");
  CHECK(uncreatable.find("no permission to create") != std::string::npos);
  fs::permissions(path, fs::perms::owner_all);
}

TEST_CASE("data directory: network and FUSE file systems are refused, local ones are not") {
  CHECK_EQ(refused_file_system(0x6969), "NFS");
  CHECK_EQ(refused_file_system(0x65735546), "FUSE");
  CHECK_FALSE(refused_file_system(0xEF53).has_value());      // ext4
  CHECK_FALSE(refused_file_system(0x58465342).has_value());  // XFS
}

TEST_CASE("data directory: no shard, or more than 64, stops the process") {
  const TemporaryDirectory parent;
  CHECK(aborts([&] { (void)DataDirectory::open(settings_of(parent.path() + "/a", 0)); }));
  CHECK(aborts([&] { (void)DataDirectory::open(settings_of(parent.path() + "/b", 65)); }));
}

}  // namespace
}  // namespace straykey
