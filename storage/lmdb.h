#pragma once
// Env, ReadTxn, WriteTxn: LMDB with owners, limits and errors as sentences. They handle bytes; lmdb_store knows what
// the bytes mean.
//
// Shape:   one environment is one directory (data.mdb, lock.mdb) with up to 16 ordered tables, named when it is opened.
// Thread:  Env: any (synchronised inside), one writer at a time. A transaction stays on the thread that began it.
// Durable: the flags are MDB_NOTLS and MDB_NORDAHEAD and nothing else, so a commit syncs the data and then the meta
//          page. NOSYNC lost commits in 99.9 % and NOMETASYNC in 53 % of power-cut images; WRITEMAP turns a full disk
//          into SIGBUS.
// Bounds:  keys 1 to 511 bytes (INVARIANT: keys that a sender influences are hashed to a fixed size before). A commit
//          that makes the tables grow beyond 70 % of the map or bytes_max, or that finds less than disk_free_bytes_min
//          free, fails; one that shrinks them is let through, so that a full store can be emptied.
// Errors:  the first failure of a transaction stays, as in core/engine/store.h. Opening the same directory twice, from
//          this process or another, is an Error. The directory is held with flock for that, because LMDB itself would
//          not notice and would lose its own locks.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/descriptor.h"
#include "core/base/result.h"
#include "core/engine/store.h"

struct MDB_env;
struct MDB_txn;

namespace straykey {

// Of the LMDB that runs: "0.9.24".
[[nodiscard]] std::string lmdb_version();

struct EnvSettings {
  std::string directory;                              // exists already
  std::uint64_t map_bytes = std::uint64_t{64} << 30;  // address space, not memory; the file grows as needed
  std::uint64_t bytes_max = UINT64_MAX;               // of pages in use, for this environment
  std::uint64_t disk_free_bytes_min = std::uint64_t{64} << 20;
  // Whether nothing was ever stored here. Then a file that LMDB cannot read is one whose making a crash interrupted.
  bool never_used = false;
};

class Env {
 public:
  static constexpr std::size_t kTablesMax = 16;
  static constexpr unsigned kReadersMax = 126;
  static constexpr int kMapUsePercentMax = 70;
  static constexpr std::uint64_t kCommitsAReaderCheck = 256;
  // The table's name at its slot; an empty name leaves the slot unused.
  using TableNames = std::array<std::string_view, kTablesMax>;

  // Opens or creates; reads no rows.
  [[nodiscard]] static Result<std::unique_ptr<Env>> open(const EnvSettings& settings, const TableNames& names);
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  // REQUIRES: no transaction is alive.
  ~Env();

  // Bytes of the pages that hold rows, after the last commit. Free pages inside the file don't count.
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return used_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t budget_bytes() const noexcept { return budget_bytes_; }
  // The first damage that a transaction found in the file.
  [[nodiscard]] std::optional<StoreDamage> damage() const;

 private:
  friend class Txn;
  friend class ReadTxn;
  friend class WriteTxn;

  explicit Env(const EnvSettings& settings);
  [[nodiscard]] Status open_file();
  [[nodiscard]] int open_environment();
  void remove_unfinished() const;
  [[nodiscard]] Status open_tables(const TableNames& names);
  [[nodiscard]] Error error(std::string_view doing, int code) const;
  [[nodiscard]] std::uint64_t used_bytes_in(MDB_txn* txn) const;
  [[nodiscard]] bool disk_is_full() const;
  // The meta page that a commit of this transaction overwrites. It is the one of the commit before the last.
  struct OldMeta {
    std::array<char, 512> bytes;
    std::int64_t offset = 0;
    bool is_read = false;
  };
  [[nodiscard]] OldMeta meta_before(MDB_txn* txn) const;
  void put_back(const OldMeta& meta) const;
  void note_damage(std::string_view sentence);

  EnvSettings settings_;
  std::uint64_t budget_bytes_;
  Descriptor directory_;  // holds the flock
  MDB_env* env_ = nullptr;
  std::array<std::optional<unsigned>, kTablesMax> handles_;
  std::atomic<std::uint64_t> used_bytes_{0};
  std::atomic<int> transactions_{0};
  std::atomic<bool> writing_{false};
  std::atomic<bool> is_damaged_{false};
  mutable std::mutex damage_mutex_;
  StoreDamage damage_;
  std::uint64_t commits_ = 0;     // the writer's
  bool outcome_unknown_ = false;  // the writer's; after a commit with an unknown outcome there is no other
};

// What a reading and a writing transaction share.
class Txn {
 public:
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;

  // REQUIRES: 1 <= key.size() <= 511.
  [[nodiscard]] std::optional<std::string_view> get(std::size_t slot, std::string_view key);
  // Does what StoreReader::scan says.
  void scan(std::size_t slot, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view key, std::string_view value)>& visit);
  // How many rows the tree says the table has; 0 after a failure.
  [[nodiscard]] std::uint64_t rows(std::size_t slot);

  [[nodiscard]] std::string_view failure() const noexcept { return failure_; }
  // Notes a failure. The first sentence is kept, with the directory before it. REQUIRES: not empty, because "" means no
  // failure.
  void fail(std::string_view sentence);
  // Notes a failure that only a damaged file can explain.
  void fail_damaged(std::string_view sentence);

 protected:
  explicit Txn(Env& env) : env_(env) { env.transactions_.fetch_add(1, std::memory_order_relaxed); }
  ~Txn();
  void begin(unsigned flags);
  void fail(std::string_view doing, int code);
  [[nodiscard]] unsigned handle(std::size_t slot) const;

  Env& env_;
  MDB_txn* txn_ = nullptr;  // null if it could not begin (then failure() says why), and after commit
  std::string failure_;
  int scans_ = 0;  // under way
};

class ReadTxn : public Txn {
 public:
  explicit ReadTxn(Env& env);
};

class WriteTxn : public Txn {
 public:
  // REQUIRES: no other WriteTxn of this Env is alive.
  explicit WriteTxn(Env& env);
  // Forgets what was not committed.
  ~WriteTxn();

  // The value is the two parts one after the other. Parts may be views from this transaction. REQUIRES: 1 <= key.size()
  // <= 511.
  void put(std::size_t slot, std::string_view key, std::string_view value, std::string_view value_end);
  void erase(std::size_t slot, std::string_view key);
  // Costs nothing if nothing was put or erased.
  [[nodiscard]] CommitOutcome commit();

 private:
  [[nodiscard]] CommitOutcome finish_commit();

  bool changed_ = false;
  bool ended_ = false;
  std::string copy_;  // key and value of the row being put, because they may be views into pages that the put moves
};

// What a failed mdb_txn_commit means. LMDB writes the meta page last, and refuses all further work (a panic) if that
// fails. Then, or after a failed fsync, the outcome is unknown. If the disk or the map was full before that, nothing
// was stored.
[[nodiscard]] CommitOutcome outcome_of_commit_error(int code, bool environment_panicked, bool disk_is_full) noexcept;

}  // namespace straykey
