#include "storage/lmdb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::size_t kKeyBytesMax = 511;
constexpr std::uint64_t kMapGranule = std::uint64_t{1} << 20;

void check_key(std::string_view key) {
  INVARIANT(!key.empty() && key.size() <= kKeyBytesMax);
}

// LMDB's functions take pointers to non-const, but do not write through them.
MDB_val val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
std::string_view view(const MDB_val& v) {
  return {static_cast<const char*>(v.mv_data), v.mv_size};
}

// The codes that LMDB returns only if its file was changed behind its back.
bool means_damage(int code) {
  return code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID || code == MDB_CURSOR_FULL ||
         code == MDB_PAGE_FULL || code == MDB_INCOMPATIBLE;
}

bool is_link(int directory, const char* name) {
  struct stat about {};
  return ::fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode);
}

}  // namespace

CommitOutcome outcome_of_commit_error(int code, bool environment_panicked, bool disk_is_full) noexcept {
  if (environment_panicked || code == MDB_PANIC) return CommitOutcome::unknown;
  if (code == MDB_MAP_FULL || code == MDB_TXN_FULL || code == ENOSPC || code == EDQUOT || code == ENOMEM) {
    return CommitOutcome::failed;
  }
  // LMDB 0.9 answers EIO when the disk is full and a write was cut short.
  if (code == EIO && disk_is_full) return CommitOutcome::failed;
  return CommitOutcome::unknown;
}

// --- Env ---

Env::Env(const EnvSettings& settings) : settings_(settings) {
  settings_.map_bytes = std::max(settings.map_bytes / kMapGranule, std::uint64_t{1}) * kMapGranule;
  budget_bytes_ = std::min(settings_.map_bytes / 100 * kMapUsePercentMax, settings_.bytes_max);
}

Env::~Env() {
  INVARIANT(transactions_.load() == 0);
  if (env_ != nullptr) mdb_env_close(env_);
}

Error Env::error(std::string_view doing, int code) const {
  return {settings_.directory + ": cannot " + std::string(doing) + ": " + mdb_strerror(code)};
}

std::optional<StoreDamage> Env::damage() const {
  if (!is_damaged_.load(std::memory_order_acquire)) return std::nullopt;
  const std::lock_guard lock(damage_mutex_);
  return damage_;
}

void Env::note_damage(std::string_view sentence) {
  const std::lock_guard lock(damage_mutex_);
  if (is_damaged_.load(std::memory_order_relaxed)) return;
  const std::size_t end = settings_.directory.find_last_not_of('/');
  const std::size_t slash = settings_.directory.find_last_of('/', end);
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  damage_ = {settings_.directory.substr(begin, end + 1 - begin), std::string(sentence)};
  is_damaged_.store(true, std::memory_order_release);
}

Env::OldMeta Env::meta_before(MDB_txn* txn) const {
  OldMeta meta;
  MDB_stat root{};
  int file = -1;
  if (mdb_env_stat(env_, &root) != 0 || mdb_env_get_fd(env_, &file) != 0) return meta;
  meta.offset = static_cast<std::int64_t>(mdb_txn_id(txn) & 1) * root.ms_psize;
  meta.is_read =
      ::pread(file, meta.bytes.data(), meta.bytes.size(), meta.offset) == static_cast<ssize_t>(meta.bytes.size());
  return meta;
}

// If LMDB fails to write a meta page, it leaves the new trees under the old transaction's number. That does not harm
// LMDB, but storage/page_walk would call the store damaged, so the former meta page is put back. If this fails as well,
// the disk is probably broken.
void Env::put_back(const OldMeta& meta) const {
  int file = -1;
  if (!meta.is_read || mdb_env_get_fd(env_, &file) != 0) return;
  if (::pwrite(file, meta.bytes.data(), meta.bytes.size(), meta.offset) > 0) ::fdatasync(file);
}

bool Env::disk_is_full() const {
  struct statvfs disk {};
  if (::fstatvfs(directory_.number(), &disk) != 0) return false;
  return disk.f_bavail * disk.f_frsize < settings_.disk_free_bytes_min;
}

std::string lmdb_version() {
  int major = 0, minor = 0, patch = 0;
  mdb_version(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

Result<std::unique_ptr<Env>> Env::open(const EnvSettings& settings, const TableNames& names) {
  std::unique_ptr<Env> env(new Env(settings));
  if (Status opened = env->open_file(); !opened) return opened.error();
  if (Status opened = env->open_tables(names); !opened) return opened.error();
  return env;
}

namespace {

// A failed assertion of LMDB means that the file is damaged. LMDB itself would end the process without saying which
// file.
void on_assertion(MDB_env* env, const char* message) {
  const char* directory = nullptr;
  mdb_env_get_path(env, &directory);
  std::fprintf(stderr, "straykey: %s/data.mdb is damaged (LMDB: %s): run straykey check and restore a backup\n",
               directory == nullptr ? "" : directory, message);
  std::abort();
}

}  // namespace

int Env::open_environment() {
  if (const int code = mdb_env_create(&env_); code != 0) return code;
  mdb_env_set_assert(env_, on_assertion);
  mdb_env_set_mapsize(env_, settings_.map_bytes);
  mdb_env_set_maxdbs(env_, kTablesMax);
  mdb_env_set_maxreaders(env_, kReadersMax);
  unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
  const int code = mdb_env_open(env_, settings_.directory.c_str(), flags, 0600);
  if (code != 0) mdb_env_close(std::exchange(env_, nullptr));
  return code;
}

// LMDB does not sync the two meta pages with which it begins a file, so a power cut may leave only a part of them.
void Env::remove_unfinished() const {
  for (const char* name : {"data.mdb", "lock.mdb"}) ::unlinkat(directory_.number(), name, 0);
}

Status Env::open_file() {
  directory_ = Descriptor(::open(settings_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_.is_open()) return error("open the directory", errno);
  if (::flock(directory_.number(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? Error{settings_.directory + " is open already, here or in another process"}
                                : error("lock the directory", errno);
  }
  for (const char* name : {"data.mdb", "lock.mdb"}) {
    if (is_link(directory_.number(), name)) return Error{settings_.directory + "/" + name + " is a symbolic link"};
  }
  int code = open_environment();
  if (code == MDB_INVALID && settings_.never_used) {
    remove_unfinished();
    code = open_environment();
  }
  if (code == MDB_INVALID) return Error{settings_.directory + "/data.mdb is damaged or not an LMDB file"};
  if (code == ENOMEM) {
    return Error{settings_.directory + ": no address space for a map of " + std::to_string(settings_.map_bytes) +
                 " bytes: lower storage.map_bytes"};
  }
  if (code != 0) return error("open data.mdb", code);

  // If the file is shorter than it should be, touching a missing page would raise SIGBUS. Filled with zeros, it is an
  // error that LMDB finds. (Pages at the end that were never written may be missing, so a short file alone does not
  // prove damage.)
  int file = -1;
  mdb_env_get_fd(env_, &file);
  MDB_envinfo shape{};
  MDB_stat root{};
  mdb_env_info(env_, &shape);
  mdb_env_stat(env_, &root);
  struct stat about {};
  if (::fstat(file, &about) != 0) return error("look at data.mdb", errno);
  const auto bytes = static_cast<off_t>((shape.me_last_pgno + 1) * root.ms_psize);
  if (about.st_size < bytes && ::ftruncate(file, bytes) != 0) return error("extend data.mdb", errno);

  int stale = 0;
  if (const int checked = mdb_reader_check(env_, &stale); checked != 0) return error("check the readers", checked);
  return {};
}

Status Env::open_tables(const TableNames& names) {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(env_, nullptr, 0, &txn); code != 0) return error("begin a transaction", code);
  for (std::size_t slot = 0; slot < names.size(); ++slot) {
    if (names[slot].empty()) continue;
    MDB_dbi handle = 0;
    const std::string name(names[slot]);
    if (const int code = mdb_dbi_open(txn, name.c_str(), MDB_CREATE, &handle); code != 0) {
      mdb_txn_abort(txn);
      return error("open table " + name, code);
    }
    handles_[slot] = handle;
  }
  used_bytes_ = used_bytes_in(txn);
  if (const int code = mdb_txn_commit(txn); code != 0) return error("create the tables", code);
  // The names of the files must survive a power cut as well as their bytes. LMDB does not sync the directory.
  if (::fsync(directory_.number()) != 0) return error("sync the directory", errno);
  return {};
}

std::uint64_t Env::used_bytes_in(MDB_txn* txn) const {
  std::uint64_t pages = 0;
  std::uint64_t page_bytes = 0;
  for (const auto& handle : handles_) {
    MDB_stat stat{};
    if (!handle || mdb_stat(txn, *handle, &stat) != 0) continue;
    pages += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    page_bytes = stat.ms_psize;
  }
  return pages * page_bytes;
}

// --- Txn ---

void Txn::begin(unsigned flags) {
  if (const int code = mdb_txn_begin(env_.env_, nullptr, flags, &txn_); code != 0) {
    txn_ = nullptr;
    fail("begin a transaction", code);
  }
}

Txn::~Txn() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
  env_.transactions_.fetch_sub(1, std::memory_order_relaxed);
}

void Txn::fail(std::string_view sentence) {
  if (failure_.empty()) failure_ = env_.settings_.directory + ": " + std::string(sentence);
}

void Txn::fail_damaged(std::string_view sentence) {
  fail("data.mdb is damaged: " + std::string(sentence));
  env_.note_damage(failure_);
}

void Txn::fail(std::string_view doing, int code) {
  if (failure_.empty()) failure_ = env_.error(doing, code).message;
  if (means_damage(code)) env_.note_damage(failure_);
}

unsigned Txn::handle(std::size_t slot) const {
  INVARIANT(slot < env_.handles_.size() && env_.handles_[slot].has_value());
  return *env_.handles_[slot];
}

std::optional<std::string_view> Txn::get(std::size_t slot, std::string_view key) {
  check_key(key);
  const MDB_dbi table = handle(slot);
  if (!failure_.empty()) return std::nullopt;
  INVARIANT(txn_ != nullptr);
  MDB_val wanted = val(key);
  MDB_val found{};
  const int code = mdb_get(txn_, table, &wanted, &found);
  if (code == 0) return view(found);
  if (code != MDB_NOTFOUND) fail("read", code);
  return std::nullopt;
}

void Txn::scan(std::size_t slot, std::string_view prefix, std::string_view from,
               const std::function<bool(std::string_view, std::string_view)>& visit) {
  const MDB_dbi table = handle(slot);
  if (!failure_.empty()) return;
  INVARIANT(txn_ != nullptr);
  MDB_cursor* cursor = nullptr;
  if (const int code = mdb_cursor_open(txn_, table, &cursor); code != 0) return fail("scan", code);
  ++scans_;
  const std::string_view start = std::max(prefix, from);
  MDB_val key = val(start);
  MDB_val value{};
  int code = mdb_cursor_get(cursor, &key, &value, start.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (code == 0 && view(key).starts_with(prefix) && visit(view(key), view(value)) && failure_.empty()) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
  }
  --scans_;
  mdb_cursor_close(cursor);
  if (code != 0 && code != MDB_NOTFOUND) fail("scan", code);
}

std::uint64_t Txn::rows(std::size_t slot) {
  const MDB_dbi table = handle(slot);
  if (!failure_.empty()) return 0;
  MDB_stat stat{};
  if (const int code = mdb_stat(txn_, table, &stat); code != 0) {
    fail("count rows", code);
    return 0;
  }
  return stat.ms_entries;
}

ReadTxn::ReadTxn(Env& env) : Txn(env) {
  begin(MDB_RDONLY);
}

// --- WriteTxn ---

WriteTxn::WriteTxn(Env& env) : Txn(env) {
  INVARIANT(!env.writing_.exchange(true, std::memory_order_acquire));
  if (env.outcome_unknown_) {
    fail("the outcome of an earlier commit is unknown: restart");
  } else {
    begin(0);
  }
}

WriteTxn::~WriteTxn() {
  if (ended_) return;
  if (txn_ != nullptr) mdb_txn_abort(txn_);
  txn_ = nullptr;
  env_.writing_.store(false, std::memory_order_release);
}

void WriteTxn::put(std::size_t slot, std::string_view key, std::string_view value, std::string_view value_end) {
  check_key(key);
  INVARIANT(!ended_ && scans_ == 0);
  const MDB_dbi table = handle(slot);
  if (!failure_.empty()) return;
  copy_.assign(key).append(value).append(value_end);
  const std::string_view copy = copy_;
  MDB_val k = val(copy.substr(0, key.size()));
  MDB_val v = val(copy.substr(key.size()));
  if (const int code = mdb_put(txn_, table, &k, &v, 0); code != 0) {
    if (code == MDB_MAP_FULL) {
      fail("the map is full: raise storage.map_bytes");
    } else {
      fail("write", code);
    }
  }
  changed_ = true;
}

void WriteTxn::erase(std::size_t slot, std::string_view key) {
  check_key(key);
  INVARIANT(!ended_ && scans_ == 0);
  const MDB_dbi table = handle(slot);
  if (!failure_.empty()) return;
  copy_.assign(key);
  MDB_val k = val(copy_);
  const int code = mdb_del(txn_, table, &k, nullptr);
  if (code == 0) changed_ = true;
  if (code != 0 && code != MDB_NOTFOUND) fail("erase", code);
}

CommitOutcome WriteTxn::commit() {
  INVARIANT(!ended_ && scans_ == 0);
  const CommitOutcome outcome = finish_commit();
  ended_ = true;
  if (outcome == CommitOutcome::unknown) env_.outcome_unknown_ = true;
  env_.writing_.store(false, std::memory_order_release);
  return outcome;
}

CommitOutcome WriteTxn::finish_commit() {
  std::uint64_t used = 0;
  if (failure_.empty() && changed_) {
    used = env_.used_bytes_in(txn_);
    if (used > env_.used_bytes() && used > env_.budget_bytes_) {
      fail("full: " + std::to_string(used) + " of " + std::to_string(env_.budget_bytes_) +
           " bytes used: raise storage.map_bytes or storage.bytes_max");
    } else if (used > env_.used_bytes() && env_.disk_is_full()) {
      fail("the disk is full");
    }
  }
  MDB_txn* const txn = txn_;
  txn_ = nullptr;
  if (!failure_.empty() || !changed_) {
    if (txn != nullptr) mdb_txn_abort(txn);
    return failure_.empty() ? CommitOutcome::committed : CommitOutcome::failed;
  }
  const Env::OldMeta before = env_.meta_before(txn);
  const int code = mdb_txn_commit(txn);
  if (code == 0) {
    env_.used_bytes_.store(used, std::memory_order_relaxed);
    // A backup that was killed stays registered as a reader, and while it does the file grows.
    int stale = 0;
    if (++env_.commits_ % Env::kCommitsAReaderCheck == 0) mdb_reader_check(env_.env_, &stale);
    return CommitOutcome::committed;
  }
  MDB_txn* probe = nullptr;
  const bool panicked = mdb_txn_begin(env_.env_, nullptr, MDB_RDONLY, &probe) == MDB_PANIC;
  if (probe != nullptr) mdb_txn_abort(probe);
  if (panicked) env_.put_back(before);
  const bool disk_full = env_.disk_is_full();
  if (disk_full) {
    fail("the disk is full");
  } else {
    fail("commit", code);
  }
  return outcome_of_commit_error(code, panicked, disk_full);
}

}  // namespace straykey
