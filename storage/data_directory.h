#pragma once
// DataDirectory: data_dir with everything stored in it, opened by one process at a time.
//
// Shape:   lock, format, merger/ (the AlertStore) and shard-00/, shard-01/ ... (one BaselineStore each); see
//          storage/FORMAT.md. A larger shard count adds partitions; a smaller one leaves the old ones, which are opened
//          too, since facts and candidates in them still count.
// Thread:  open and destroy at start-up; the stores as their own headers say.
// Durable: `format` is replaced by rename after fsync, and names a partition only once that exists, so a crash at any
//          point of the first start or of a changed shard count leaves a directory that the next start completes.
// Bounds:  1 to 64 partitions. Directories have mode 0700 and files 0600, whatever the umask.
// Errors:  one sentence that names the path: not there, not a directory, a symbolic link, no permission, open to
//          others, on a network or FUSE file system, with a pipe, socket or device in it, in use, newer format,
//          damaged, a partition missing (starting without it would make old things look new). Files are checked before
//          LMDB, which trusts them, opens them.
#include <cstdint>
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

// How the Error ends that a directory is given which another process holds open.
inline constexpr std::string_view kInUse = " is in use by another straykey";

struct DataDirectorySettings {
  std::string path;
  unsigned shards = 1;   // 1 to 64
  HashKey new_hash_key;  // random, from the caller; kept if the store is created now, else ignored
  std::uint64_t map_bytes = EnvSettings{}.map_bytes;                      // each environment
  std::uint64_t bytes_max = EnvSettings{}.bytes_max;                      // each environment
  std::uint64_t disk_free_bytes_min = EnvSettings{}.disk_free_bytes_min;  // of the disk
  // A file up to this size is looked through whole before it is opened, a larger one but for its leaves; all of them
  // whole after two starts in a row that came to no end, for LMDB may crash on a damaged leaf.
  std::uint64_t checked_whole_bytes_max = std::uint64_t{256} << 20;
  // A damaged environment becomes a store that says so, instead of an Error (for a server that still delivers). Starts
  // that come to no end are counted only with it.
  bool open_damaged = false;
};

class DataDirectory {
 public:
  // Creates the directory (not its parents) and the store in it where there is none.
  // REQUIRES: 1 <= settings.shards <= 64.
  [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> open(const DataDirectorySettings& settings);
  // Takes the lock of a store that exists and reads its format; opens and changes nothing in it. For whoever looks at
  // its files from outside.
  [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> hold(const std::string& path);
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory();

  [[nodiscard]] const std::string& path() const noexcept { return settings_.path; }
  [[nodiscard]] HashKey hash_key() const noexcept { return format_.hash_key; }
  // The server has run for a while: whatever ends it now, the store is not why.
  void note_sound() noexcept { count_starts(0); }
  // "merger", "shard-00" ...: every environment that must be there, or is.
  [[nodiscard]] std::vector<std::string> environment_names() const;
  // The shard count of the start before this one; 0 if the store is new.
  [[nodiscard]] unsigned shards_before() const noexcept { return shards_before_; }

  // Of a directory that was opened, not held. All partitions, at least `shards` of them: those from [shards] on are old
  // ones, to be read and drained.
  [[nodiscard]] const std::vector<std::unique_ptr<BaselineStore>>& partitions() const noexcept { return partitions_; }
  [[nodiscard]] AlertStore& alerts() const noexcept { return *alerts_; }

 private:
  explicit DataDirectory(const DataDirectorySettings& settings) : settings_(settings) {}
  [[nodiscard]] Status open_directory();
  [[nodiscard]] Status take_lock();
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
  unsigned starts_ = 0;  // before this one that came to no end
  unsigned shards_before_ = 0;
  std::vector<std::unique_ptr<BaselineStore>> partitions_;
  std::unique_ptr<AlertStore> alerts_;
};

// The name of a file system that LMDB cannot be trusted on (locks or mapped pages are not kept in step), by its statfs
// type.
[[nodiscard]] std::optional<std::string_view> refused_file_system(std::uint64_t type) noexcept;

}  // namespace straykey
