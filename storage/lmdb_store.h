#pragma once
// LmdbBaselineStore and LmdbAlertStore: the tables of core/engine/store.h on disk, each store one LMDB environment.
//
// Shape:   a named LMDB database for each Table of the store's half; a value is followed by the run hour of its put
//          and a CRC-32C (storage/FORMAT.md).
// Thread:  any (synchronised inside): one writer at a time, readers do not wait for it.
// Durable: commit() == committed means fsync returned.
// Bounds:  EnvSettings. Readers are held for less than 100 ms, because as long as there is one, freed pages cannot be
//          used again and the file grows.
// Errors:  as store.h. A wrong checksum is a failure of the transaction: "value of table facts fails its checksum".
//          After an unknown outcome every later writer fails; readers go on.
// Source:  rows of 24 + 60 bytes, ext4 on a 2-core VM, 2026-11-22. In a store of 1 M rows: get 1.4 us, scan 71 ns a
//          row, read() and its end 118 ns, write() and a commit that changes nothing 69 ns; durable commits of 1, 64,
//          512 new rows in random places 2,700, 380 and 69 a second. In an empty store 3,500 commits a second.
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/result.h"
#include "core/engine/store.h"
#include "storage/lmdb.h"

namespace straykey {

// The table of that name in the half of the store that `some` belongs to.
[[nodiscard]] std::optional<Table> table_named(std::string_view name, Table some) noexcept;
// The parts of what is stored as a row's value; nothing if its checksum is wrong.
struct StoredRow {
  std::string_view value;
  RunHour put_at = 0;
};
[[nodiscard]] std::optional<StoredRow> stored_row(Table table, std::string_view key, std::string_view stored);

// What both stores are made of.
class LmdbTables {
 public:
  // `some`: any table of the half that the store holds.
  [[nodiscard]] static Result<std::unique_ptr<LmdbTables>> open(const EnvSettings& settings, Table some);

  [[nodiscard]] std::unique_ptr<StoreReader> read();
  [[nodiscard]] std::unique_ptr<StoreWriter> write();
  [[nodiscard]] Status verify();
  void set_run_hour(RunHour hour) noexcept { run_hour_ = hour; }
  [[nodiscard]] const Env& env() const noexcept { return *env_; }

 private:
  LmdbTables(std::unique_ptr<Env> env, std::size_t half) : env_(std::move(env)), half_(half) {}

  std::unique_ptr<Env> env_;
  std::size_t half_;
  RunHour run_hour_ = 0;  // the writing thread's
};

template <class Interface>
class LmdbStore final : public Interface {
 public:
  // Opens or creates the environment in settings.directory, which exists.
  [[nodiscard]] static Result<std::unique_ptr<LmdbStore>> open(const EnvSettings& settings) {
    auto tables = LmdbTables::open(settings, std::is_same_v<Interface, BaselineStore> ? Table::facts : Table::alerts);
    if (!tables) return tables.error();
    return std::unique_ptr<LmdbStore>(new LmdbStore(std::move(tables).value()));
  }

  [[nodiscard]] std::unique_ptr<StoreReader> read() override { return tables_->read(); }
  [[nodiscard]] std::unique_ptr<StoreWriter> write() override { return tables_->write(); }
  void set_run_hour(RunHour hour) override { tables_->set_run_hour(hour); }
  [[nodiscard]] std::optional<StoreDamage> damage() const override { return tables_->env().damage(); }
  [[nodiscard]] double fullness() const override {
    return static_cast<double>(used_bytes()) / static_cast<double>(budget_bytes());
  }

  // Reads every row of every table. Checks that the tree is whole, has as many rows as it says, and that each value has
  // its checksum. It reads the whole file and holds a reader meanwhile, so do not call it while serving.
  [[nodiscard]] Status verify() { return tables_->verify(); }
  // Bytes of pages in use after the last commit, and how many there may be.
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return tables_->env().used_bytes(); }
  [[nodiscard]] std::uint64_t budget_bytes() const noexcept { return tables_->env().budget_bytes(); }

 private:
  explicit LmdbStore(std::unique_ptr<LmdbTables> tables) : tables_(std::move(tables)) {}

  std::unique_ptr<LmdbTables> tables_;
};

using LmdbBaselineStore = LmdbStore<BaselineStore>;
using LmdbAlertStore = LmdbStore<AlertStore>;

}  // namespace straykey
