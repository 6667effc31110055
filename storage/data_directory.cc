#include "storage/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "core/base/invariant.h"
#include "core/engine/damaged_store.h"
#include "storage/format_upgrade.h"
#include "storage/replace_file.h"
#include "storage/shared_directory.h"
#include "storage/special_file.h"
#include "storage/store_check.h"

namespace straykey {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::size_t kFormatBytesMax = 4096;
constexpr unsigned kStartsTrusted = 1;
constexpr std::string_view kMergerName = "merger";

std::string partition_name(unsigned number) {
  return fmt::format("shard-{:02}", number);
}

std::string parent_of(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Never waits, as opening a pipe would.
Descriptor open_at(int directory, const std::string& name, int flags) {
  return Descriptor(::openat(directory, name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kFileMode));
}

}  // namespace

std::optional<std::string_view> refused_file_system(std::uint64_t type) noexcept {
  struct Refused {
    std::uint64_t type;
    std::string_view name;
  };
  // linux/magic.h; CIFS, SMB2, Ceph and GFS2 from their sources.
  static constexpr std::array<Refused, 11> kRefused{{{0x6969, "NFS"},
                                                     {0x65735546, "FUSE"},
                                                     {0x517B, "SMB"},
                                                     {0xFF534D42, "CIFS"},
                                                     {0xFE534D42, "SMB"},
                                                     {0x01021997, "9P"},
                                                     {0x00C36400, "Ceph"},
                                                     {0x5346414F, "AFS"},
                                                     {0x0BD00BD0, "Lustre"},
                                                     {0x01161970, "GFS2"},
                                                     {0x7461636F, "OCFS2"}}};
  const auto found = std::find_if(kRefused.begin(), kRefused.end(), [&](const Refused& r) { return r.type == type; });
  if (found == kRefused.end()) return std::nullopt;
  return found->name;
}

Error DataDirectory::error(std::string_view what, int code) const {
  if (code == EACCES || code == EPERM) return {fmt::format("{}: no permission to {}", settings_.path, what)};
  if (code == EROFS) return {fmt::format("{}: cannot {}: the file system is read-only", settings_.path, what)};
  if (code == ENOSPC || code == EDQUOT) return {fmt::format("{}: cannot {}: the disk is full", settings_.path, what)};
  return {fmt::format("{}: cannot {}: {}", settings_.path, what, std::strerror(code))};
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const DataDirectorySettings& settings) {
  INVARIANT(settings.shards >= 1 && settings.shards <= kPartitionsMax);
  std::unique_ptr<DataDirectory> opened(new DataDirectory(settings));
  using Step = Status (DataDirectory::*)();
  for (const Step step : {&DataDirectory::open_directory, &DataDirectory::lock_against_others,
                          &DataDirectory::read_format, &DataDirectory::read_starts, &DataDirectory::open_stores}) {
    if (Status done = (opened.get()->*step)(); !done) return done.error();
  }
  return opened;
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::hold(const std::string& path) {
  struct stat about {};
  if (::lstat((path + "/format").c_str(), &about) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return Error{path + ": no store is there"};
    return Error{fmt::format("{}/format: {}", path, std::strerror(errno))};
  }
  std::unique_ptr<DataDirectory> held(new DataDirectory(DataDirectorySettings{.path = path, .new_hash_key = {}}));
  using Step = Status (DataDirectory::*)();
  for (const Step step :
       {&DataDirectory::open_directory, &DataDirectory::lock_against_others, &DataDirectory::read_format}) {
    if (Status done = (held.get()->*step)(); !done) return done.error();
  }
  return held;
}

std::vector<std::string> DataDirectory::environment_names() const {
  std::vector<std::string> names{std::string(kMergerName)};
  const unsigned partitions = std::max(format_.partitions, partitions_on_disk());
  for (unsigned number = 0; number < partitions; ++number) names.push_back(partition_name(number));
  return names;
}

// A link is followed once. Everything is then opened in the directory that it led to, even if somebody changes the
// link meanwhile: the lock must be on the files that are opened.
Status DataDirectory::follow_link() {
  struct stat about {};
  if (::lstat(settings_.path.c_str(), &about) != 0 || !S_ISLNK(about.st_mode)) return {};
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(settings_.path.c_str(), nullptr), &std::free);
  if (real == nullptr && errno == ENOENT) return Error{settings_.path + " is a symbolic link to nothing"};
  if (real == nullptr) return error("follow the symbolic link", errno);
  settings_.path = real.get();
  return {};
}

Status DataDirectory::open_directory() {
  const char* const path = settings_.path.c_str();
  if (::mkdir(path, kDirectoryMode) == 0) {
    const std::string parent = parent_of(settings_.path);
    const Descriptor above(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // A parent directory that we may not read cannot be synced.
    if (above.is_open() && ::fsync(above.number()) != 0) return error("sync its parent directory", errno);
  } else if (errno == ENOENT) {
    return Error{settings_.path + " cannot be created: its parent directory does not exist"};
  } else if (errno != EEXIST) {
    return error("create the directory", errno);
  }
  if (Status followed = follow_link(); !followed) return followed;
  struct stat about {};
  if (::lstat(settings_.path.c_str(), &about) != 0) return error("look at it", errno);
  if (!S_ISDIR(about.st_mode)) return Error{settings_.path + " is not a directory"};
  directory_ = Descriptor(::open(settings_.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_.is_open()) return error("read the directory", errno);
  struct statfs file_system {};
  if (::fstatfs(directory_.number(), &file_system) != 0) return error("look at its file system", errno);
  if (const auto name = refused_file_system(static_cast<std::uint64_t>(file_system.f_type))) {
    return Error{
        fmt::format("{} is on {}, where a store may be damaged: use a local file system", settings_.path, *name)};
  }
  return close_to_others();
}

// Makes sure that other users cannot look in.
Status DataDirectory::close_to_others() const {
  struct stat about {};
  if (::fstat(directory_.number(), &about) != 0) return error("look at it", errno);
  if ((about.st_mode & 077) == 0) return {};
  if (std::string shared = shared_with_others(directory_.number(), settings_.path); !shared.empty())
    return Error{std::move(shared)};
  if (::fchmod(directory_.number(), kDirectoryMode) != 0) return error("close it to other users", errno);
  return {};
}

Status DataDirectory::lock_against_others() {
  if (std::string special = special_file_in(settings_.path); !special.empty()) return Error{std::move(special)};
  lock_ = open_at(directory_.number(), "lock", O_RDWR | O_CREAT);
  if (!lock_.is_open()) return error("open its lock file", errno);
  if (::flock(lock_.number(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) return Error{settings_.path + std::string(kInUse)};
  return error("lock it", errno);
}

Status DataDirectory::read_format() {
  const Descriptor file = open_at(directory_.number(), "format", O_RDONLY);
  if (!file.is_open() && errno == ENOENT) {
    if (partitions_on_disk() > 0) {
      return Error{settings_.path + "/format is missing though partitions are there: restore it from the backup"};
    }
    is_new_ = true;
    format_.hash_key = settings_.new_hash_key;
    return {};
  }
  if (!file.is_open()) return error("open its format file", errno);
  std::string text(kFormatBytesMax, '\0');
  const ssize_t bytes = ::read(file.number(), text.data(), text.size());
  if (bytes < 0) return error("read its format file", errno);
  text.resize(static_cast<std::size_t>(bytes));
  auto parsed = parse_format_file(text);
  if (!parsed) return Error{settings_.path + "/format " + parsed.error().message};
  format_ = *parsed;
  is_new_ = format_.partitions == 0;
  shards_before_ = is_new_ ? 0 : format_.shards;
  return {};
}

DataDirectory::~DataDirectory() {
  if (settings_.open_damaged && alerts_) count_starts(0);
}

// The number is not synced. A power cut may lose it; the end of a process does not.
void DataDirectory::count_starts(unsigned number) const noexcept {
  const Descriptor file = open_at(directory_.number(), "starts", O_WRONLY | O_CREAT | O_TRUNC);
  if (file.is_open()) static_cast<void>(write_all(file.number(), std::to_string(number)));
}

Status DataDirectory::read_starts() {
  if (!settings_.open_damaged) return {};
  const Descriptor file = open_at(directory_.number(), "starts", O_RDONLY);
  char digit = '0';
  if (file.is_open() && ::read(file.number(), &digit, 1) == 1 && digit >= '0' && digit <= '9')
    starts_ = static_cast<unsigned>(digit - '0');
  count_starts(std::min(starts_ + 1, 9u));
  return {};
}

Status DataDirectory::write_format() const {
  const Status written = replace_file(directory_.number(), "format", format_file_text(format_));
  if (!written) return Error{settings_.path + ": " + written.error().message};
  return {};
}

// One more than the highest partition that exists. After a crash while the count grew, there may be more than `format`
// says.
unsigned DataDirectory::partitions_on_disk() const {
  for (unsigned number = kPartitionsMax; number > 0; --number) {
    struct stat about {};
    if (::fstatat(directory_.number(), partition_name(number - 1).c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0)
      return number;
  }
  return 0;
}

Status DataDirectory::open_stores() {
  // The hash key is stored before anything that is keyed by it.
  if (is_new_) {
    if (Status written = write_format(); !written) return written;
  }
  const unsigned must_exist = format_.partitions;
  const unsigned partitions = std::max({must_exist, settings_.shards, partitions_on_disk()});
  auto alerts = open_store<AlertStore>(std::string(kMergerName), must_exist > 0);
  if (!alerts) return alerts.error();
  alerts_ = std::move(alerts).value();
  for (unsigned number = 0; number < partitions; ++number) {
    auto store = open_store<BaselineStore>(partition_name(number), number < must_exist);
    if (!store) return store.error();
    partitions_.push_back(std::move(store).value());
  }
  if (format_.format < kStoreFormat) {
    format_.format = kStoreFormat;
    if (Status written = write_format(); !written) return written;
  }
  FormatUpgrade upgrade(format_.hash_key, *alerts_, partitions_, settings_.tell);
  if (Status upgraded = upgrade.carry_out(is_new_); !upgraded)
    return Error{settings_.path + ": " + upgraded.error().message};
  if (format_.partitions == partitions && format_.shards == settings_.shards) return {};
  if (::fsync(directory_.number()) != 0) return error("sync the directory", errno);
  format_.partitions = partitions;
  format_.shards = settings_.shards;
  return write_format();
}

template <class Interface>
Result<std::unique_ptr<Interface>> DataDirectory::open_store(const std::string& name, bool must_exist) const {
  constexpr Table kSome = std::is_same_v<Interface, BaselineStore> ? Table::facts : Table::alerts;
  if (std::string damage = damage_of(name, kSome, must_exist); !damage.empty()) {
    if (!settings_.open_damaged) return Error{std::move(damage)};
    return std::unique_ptr<Interface>(std::make_unique<DamagedStore<Interface>>(StoreDamage{name, std::move(damage)}));
  }
  auto environment = prepare_environment(name, must_exist);
  if (!environment) return environment.error();
  auto store = LmdbStore<Interface>::open(*environment);
  if (!store) return store.error();
  return std::unique_ptr<Interface>(std::move(store).value());
}

// The first thing that is wrong with an environment's file, in a sentence. Empty if nothing is, or if the file does not
// exist yet.
std::string DataDirectory::damage_of(const std::string& name, Table some, bool must_exist) const {
  const std::string file = name + "/data.mdb";
  struct stat about {};
  const bool is_there =
      ::fstatat(directory_.number(), file.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 && about.st_size > 0;
  if (!is_there)
    return must_exist ? fmt::format("{}/{} is missing: restore it from the backup", settings_.path, file)
                      : std::string();
  // A file of a first start that was interrupted holds nothing yet, so LMDB itself may open it.
  if (!must_exist || S_ISLNK(about.st_mode)) return {};
  std::string first;
  CheckCallbacks callbacks;
  callbacks.on_damage = [&first](std::string sentence) {
    if (first.empty()) first = std::move(sentence);
  };
  const bool whole =
      starts_ > kStartsTrusted || static_cast<std::uint64_t>(about.st_size) <= settings_.checked_whole_bytes_max;
  check_environment(settings_.path + "/" + name, some, whole ? WalkReach::rows : WalkReach::branches, callbacks);
  return first.empty() ? first : first + ": restore it from the backup";
}

Result<EnvSettings> DataDirectory::prepare_environment(const std::string& name, bool must_exist) const {
  if (::mkdirat(directory_.number(), name.c_str(), kDirectoryMode) != 0 && errno != EEXIST)
    return error("create " + name, errno);
  return EnvSettings{.directory = settings_.path + "/" + name,
                     .map_bytes = settings_.map_bytes,
                     .bytes_max = settings_.bytes_max,
                     .disk_free_bytes_min = settings_.disk_free_bytes_min,
                     .never_used = !must_exist};
}

}  // namespace straykey
