#pragma once
// MemoryBaselineStore and MemoryAlertStore: the tables in memory, for offline scan, scenarios and simulation.
//
// Shape:  each table is a hash map; its order is built at the first scan of that table and kept from then on, so tables
//         that are only looked up never pay for it. A writer collects its changes aside, in tables of the same kind,
//         and moves their rows over in commit().
// Thread: one thread at a time for a store and all its transactions (the pipeline with real threads uses LMDB).
// Order:  as store.h says, with one restriction that is an INVARIANT: a reader must not be alive when a commit changes
//         something.
// Errors: none of its own; those asked for with fail_next_commit() and break_down(), which do what LMDB and a disk do.
// Bounds: none. It holds what it is given, at about 200 bytes a row plus key and value beyond 15 bytes.
// Source: 1 M rows of 24 + 60 bytes, random order, 100 a commit, 2-core VM under load, 2026-11-22: put 1,570 ns and get
//         710 ns (std::unordered_map of strings, changes in a std::map: 4,180 and 970); building the order of all of
//         them at the first scan 2.4 s, keeping it 13,000 ns for each new key.
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/invariant.h"
#include "core/engine/store.h"

namespace straykey {

// What both stores are made of: the tables of one half, and the faults that a test asked for.
class MemoryTables {
 public:
  // REQUIRES: `some` is a table of the half that this store holds.
  explicit MemoryTables(Table some) : half_(half_of(some)) {}
  MemoryTables(const MemoryTables&) = delete;
  MemoryTables& operator=(const MemoryTables&) = delete;
  // REQUIRES: no transaction is alive.
  ~MemoryTables();

  [[nodiscard]] std::unique_ptr<StoreReader> read();
  [[nodiscard]] std::unique_ptr<StoreWriter> write();
  void fail_next_commit(CommitOutcome outcome, bool kept);
  void break_down(std::string sentence);
  void restart();
  void set_run_hour(RunHour hour) noexcept { run_hour_ = hour; }
  void set_fullness(double share) noexcept { fullness_ = share; }
  [[nodiscard]] double fullness() const noexcept { return fullness_; }

 private:
  friend class MemoryReader;
  friend class MemoryWriter;

  struct TextHash {
    using is_avalanching = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct Value {
    std::string bytes = {};
    RunHour put_at = 0;
    bool erased = false;  // of a writer's changes only
  };
  struct Row {
    std::string key;
    Value value;
  };
  // The key of the map is a view of the row's own key. Most look-ups find nothing, and a flat map finds that out
  // without touching a row.
  using Rows = boost::unordered_flat_map<std::string_view, std::unique_ptr<Row>, TextHash>;
  struct ByKey {
    using is_transparent = void;
    bool operator()(const Row* a, const Row* b) const noexcept { return a->key < b->key; }
    bool operator()(const Row* a, std::string_view b) const noexcept { return a->key < b; }
    bool operator()(std::string_view a, const Row* b) const noexcept { return a < b->key; }
  };
  using Order = std::set<const Row*, ByKey>;
  struct TableRows {
    Rows rows;
    std::optional<Order> order;  // from the first scan on

    const Order& ordered();
    void put(std::string_view key, Value value);
    void add(std::unique_ptr<Row> row);
    // Moves the changed rows here and erases what the changes erase.
    void adopt(Rows changes);
  };
  static constexpr std::size_t kTablesMax = 16;  // in each half: the table's number is half * 16 + slot

  [[nodiscard]] static std::size_t half_of(Table table) noexcept {
    return static_cast<std::size_t>(table) / kTablesMax;
  }
  [[nodiscard]] TableRows& rows_of(Table table);
  [[nodiscard]] std::size_t slot_of(Table table) const;

  std::size_t half_;
  std::array<TableRows, kTablesMax> tables_;
  int readers_ = 0;
  bool writing_ = false;
  std::string broken_;  // why every transaction fails from now on; empty if none does
  CommitOutcome next_outcome_ = CommitOutcome::committed;
  bool next_kept_ = false;
  RunHour run_hour_ = 0;
  double fullness_ = 0;
};

template <class Interface>
class MemoryStore final : public Interface {
 public:
  MemoryStore() : tables_(std::is_same_v<Interface, BaselineStore> ? Table::facts : Table::alerts) {}

  [[nodiscard]] std::unique_ptr<StoreReader> read() override { return tables_.read(); }
  [[nodiscard]] std::unique_ptr<StoreWriter> write() override { return tables_.write(); }
  void set_run_hour(RunHour hour) override { tables_.set_run_hour(hour); }
  [[nodiscard]] double fullness() const override { return tables_.fullness(); }
  [[nodiscard]] std::optional<StoreDamage> damage() const override { return damage_; }

  // The next commit that has something to write answers `outcome`. After `unknown` every transaction fails until
  // restart(), and the changes are there then if `kept`. REQUIRES: outcome is not committed; kept only with unknown.
  void fail_next_commit(CommitOutcome outcome, bool kept = false) { tables_.fail_next_commit(outcome, kept); }
  // Until restart() every new transaction fails from its beginning with this sentence, as on a damaged disk.
  void break_down(std::string sentence) { tables_.break_down(std::move(sentence)); }
  // Does break_down(), and damage() tells of the damage.
  void damage_as(StoreDamage damage) {
    break_down(damage.sentence);
    damage_ = std::move(damage);
  }
  // The store has no budget of its own: what fullness() answers.
  void set_fullness(double share) { tables_.set_fullness(share); }
  // Does what a restart of the process does: the faults that were asked for are forgotten, what was committed stays. To
  // simulate a crash, destroy the transactions first. REQUIRES: no transaction is alive.
  void restart() {
    tables_.restart();
    damage_.reset();
  }

 private:
  MemoryTables tables_;
  std::optional<StoreDamage> damage_;
};

using MemoryBaselineStore = MemoryStore<BaselineStore>;
using MemoryAlertStore = MemoryStore<AlertStore>;

}  // namespace straykey
