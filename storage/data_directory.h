#pragma once
// DataDirectory: data_dir with everything stored in it, opened by one process at a time.
//
// Shape:   lock, format, merger/ (the AlertStore) and shard-00/, shard-01/ ... (one BaselineStore each); see
//          storage/FORMAT.md. data_dir may be a symbolic link to it; in it, links are refused. A larger shard count
//          adds partitions. A smaller one leaves the old ones; they are opened, too, because facts and candidates in
//          them still count.
// Thread:  open and destroy at start-up; the stores as their own headers say.
// Durable: `format` is replaced by rename after fsync, and names a partition only once that exists, so a crash at any
//          point of the first start, of a changed shard count or of an upgrade leaves a directory that the next start
//          completes (format_upgrade.h).
// Bounds:  1 to 64 partitions. Directories have mode 0700 and files 0600, whatever the umask.
// Errors:  one sentence that names the path: not there, not a directory, a link to nothing, no permission, open to
//          others, on a network or FUSE file system, with a pipe, socket or device in it, in use, newer format,
//          damaged, a partition missing (without it old things would look new). Files are checked before LMDB
//          opens them, because LMDB trusts them.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/descriptor.h"
#include "core/base/hash.h"
#include "core/base/result.h"
#include "storage/format_file.h"
#include "storage/lmdb.h"
#include "storage/lmdb_store.h"

namespace straykey {

// The end of the Error's sentence if another process holds the directory open.
inline constexpr std::string_view kInUse = " is in use by another straykey";

struct DataDirectorySettings {
  std::string path;
  unsigned shards = 1;                                // 1 to 64
  HashKey new_hash_key;                               // random, from the caller; used only if the store is created now
  std::uint64_t map_bytes = EnvSettings{}.map_bytes;  // each environment
  std::uint64_t bytes_max = EnvSettings{}.bytes_max;  // each environment
  std::uint64_t disk_free_bytes_min = EnvSettings{}.disk_free_bytes_min;  // of the disk
  // A file up to this size is checked whole before it is opened. Of a larger one the leaves are left out. After two
  // starts in a row that did not complete, all files are checked whole, because LMDB may crash on a damaged leaf.
  std::uint64_t checked_whole_bytes_max = std::uint64_t{256} << 20;
  // If set, a damaged environment becomes a store that says so, instead of an Error, so that a server can still
  // deliver. Only then are starts counted that do not complete.
  bool open_damaged = false;
  // Takes a sentence before something that takes more than a moment. May be empty.
  std::function<void(const std::string&)> tell = {};
};

class DataDirectory {
 public:
  // Creates the directory (not its parents) and the store in it if there is none. REQUIRES: 1 <= settings.shards <= 64.
  [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> open(const DataDirectorySettings& settings);
  // Locks a store that exists and reads its format, but opens and changes nothing in it. For programs that look at its
  // files from outside.
  [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> hold(const std::string& path);
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory();

  [[nodiscard]] const std::string& path() const noexcept { return settings_.path; }
  [[nodiscard]] HashKey hash_key() const noexcept { return format_.hash_key; }
  // Call it when the server has run for a while. If it ends after that, the store was not the reason.
  void note_sound() noexcept { count_starts(0); }
  // "merger", "shard-00" ...: every environment that must be there, or is.
  [[nodiscard]] std::vector<std::string> environment_names() const;
  // The shard count of the start before this one; 0 if the store is new.
  [[nodiscard]] unsigned shards_before() const noexcept { return shards_before_; }

  // All partitions, at least `shards` of them. Those from [shards] on are of a former, larger shard count and are only
  // read and drained. REQUIRES: the directory was opened and not only held.
  [[nodiscard]] const std::vector<std::unique_ptr<BaselineStore>>& partitions() const noexcept { return partitions_; }
  [[nodiscard]] AlertStore& alerts() const noexcept { return *alerts_; }

 private:
  explicit DataDirectory(const DataDirectorySettings& settings) : settings_(settings) {}
  [[nodiscard]] Status open_directory();
  [[nodiscard]] Status follow_link();
  [[nodiscard]] Status lock_against_others();
  [[nodiscard]] Status close_to_others() const;
  [[nodiscard]] Status read_format();
  [[nodiscard]] Status write_format() const;
  [[nodiscard]] Status read_starts();
  void count_starts(unsigned number) const noexcept;
  [[nodiscard]] Status open_stores();
  template <class Interface>
  [[nodiscard]] Result<std::unique_ptr<Interface>> open_store(const std::string& name, bool must_exist) const;
  [[nodiscard]] Result<EnvSettings> prepare_environment(const std::string& name, bool must_exist) const;
  [[nodiscard]] std::string damage_of(const std::string& name, Table some, bool must_exist) const;
  [[nodiscard]] unsigned partitions_on_disk() const;
  [[nodiscard]] Error error(std::string_view what, int code) const;

  DataDirectorySettings settings_;
  Descriptor directory_;
  Descriptor lock_;  // released last: the stores are destroyed before it
  FormatFile format_;
  bool is_new_ = false;
  unsigned starts_ = 0;  // how many starts just before this one did not complete
  unsigned shards_before_ = 0;
  std::vector<std::unique_ptr<BaselineStore>> partitions_;
  std::unique_ptr<AlertStore> alerts_;
};

// The name of a file system, by its statfs type, on which LMDB is not safe, because locks or mapped pages may differ
// between processes or machines.
[[nodiscard]] std::optional<std::string_view> refused_file_system(std::uint64_t type) noexcept;

}  // namespace straykey
