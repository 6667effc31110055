#include "core/engine/memory_store.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace straykey {
namespace {

constexpr std::size_t kKeyBytesMax =
    511;  // LMDB's limit. It holds here too, so that a simulation finds what would break on LMDB

using Visit = std::function<bool(std::string_view, std::string_view)>;
using VisitAged = std::function<bool(std::string_view, std::string_view, RunHour)>;

VisitAged without_age(const Visit& visit) {
  return [&visit](std::string_view key, std::string_view value, RunHour) { return visit(key, value); };
}

void check_key(std::string_view key) {
  INVARIANT(!key.empty() && key.size() <= kKeyBytesMax, key.size());
}

}  // namespace

const MemoryTables::Order& MemoryTables::TableRows::ordered() {
  if (!order) {
    std::vector<const Row*> sorted;
    sorted.reserve(rows.size());
    for (const auto& [key, row] : rows) sorted.push_back(row.get());
    std::sort(sorted.begin(), sorted.end(), ByKey{});
    order.emplace(sorted.begin(), sorted.end());
  }
  return *order;
}

void MemoryTables::TableRows::put(std::string_view key, Value value) {
  if (const auto found = rows.find(key); found != rows.end()) {
    found->second->value = std::move(value);
    return;
  }
  add(std::make_unique<Row>(Row{std::string(key), std::move(value)}));
}

void MemoryTables::TableRows::add(std::unique_ptr<Row> row) {
  if (order) order->insert(row.get());
  const std::string_view key = row->key;
  rows.emplace(key, std::move(row));
}

void MemoryTables::TableRows::adopt(Rows changes) {
  for (auto& [key, change] : changes) {
    const auto found = rows.find(key);
    if (found == rows.end()) {
      if (!change->value.erased) add(std::move(change));
    } else if (change->value.erased) {
      if (order) order->erase(found->second.get());
      // Kept until its place in the map, which views its key, is gone
      const std::unique_ptr<Row> erased = std::move(found->second);
      rows.erase(found);
    } else {
      found->second->value = std::move(change->value);
    }
  }
}

MemoryTables::~MemoryTables() {
  INVARIANT(readers_ == 0 && !writing_, readers_, writing_);
}

std::size_t MemoryTables::slot_of(Table table) const {
  INVARIANT(half_of(table) == half_, table);
  return static_cast<std::size_t>(table) % kTablesMax;
}

MemoryTables::TableRows& MemoryTables::rows_of(Table table) {
  return tables_[slot_of(table)];
}

void MemoryTables::fail_next_commit(CommitOutcome outcome, bool kept) {
  INVARIANT(outcome != CommitOutcome::committed, outcome);
  INVARIANT(!kept || outcome == CommitOutcome::unknown);
  next_outcome_ = outcome;
  next_kept_ = kept;
}

void MemoryTables::break_down(std::string sentence) {
  INVARIANT(!sentence.empty());
  broken_ = std::move(sentence);
}

void MemoryTables::restart() {
  INVARIANT(readers_ == 0 && !writing_, readers_, writing_);
  broken_.clear();
  next_outcome_ = CommitOutcome::committed;
  next_kept_ = false;
}

class MemoryReader final : public StoreReader {
 public:
  explicit MemoryReader(MemoryTables& tables) : tables_(tables), failure_(tables.broken_) { ++tables_.readers_; }
  MemoryReader(const MemoryReader&) = delete;
  MemoryReader& operator=(const MemoryReader&) = delete;
  ~MemoryReader() override { --tables_.readers_; }

  std::optional<AgedValue> get_aged(Table table, std::string_view key) override {
    check_key(key);
    const auto& rows = tables_.rows_of(table).rows;
    if (!failure_.empty()) return std::nullopt;
    const auto found = rows.find(key);
    if (found == rows.end()) return std::nullopt;
    const auto& value = found->second->value;
    return AgedValue{value.bytes, value.put_at};
  }

  void scan(Table table, std::string_view prefix, std::string_view from, const Visit& visit) override {
    scan_aged(table, prefix, from, without_age(visit));
  }

  void scan_aged(Table table, std::string_view prefix, std::string_view from, const VisitAged& visit) override {
    auto& rows = tables_.rows_of(table);
    if (!failure_.empty()) return;
    const auto& order = rows.ordered();
    for (auto at = order.lower_bound(std::max(prefix, from)); at != order.end(); ++at) {
      const auto& [key, value] = **at;
      if (!key.starts_with(prefix) || !visit(key, value.bytes, value.put_at)) return;
    }
  }

  std::uint64_t rows(Table table) override { return tables_.rows_of(table).rows.size(); }

  std::string_view failure() const override { return failure_; }

 private:
  MemoryTables& tables_;
  std::string failure_;
};

class MemoryWriter final : public StoreWriter {
 public:
  explicit MemoryWriter(MemoryTables& tables) : tables_(tables), failure_(tables.broken_) {
    INVARIANT(!tables_.writing_);
    tables_.writing_ = true;
  }
  MemoryWriter(const MemoryWriter&) = delete;
  MemoryWriter& operator=(const MemoryWriter&) = delete;
  ~MemoryWriter() override {
    if (!ended_) tables_.writing_ = false;
  }

  std::optional<AgedValue> get_aged(Table table, std::string_view key) override {
    INVARIANT(!ended_);
    check_key(key);
    const auto& changes = changes_[tables_.slot_of(table)].rows;
    if (!failure_.empty()) return std::nullopt;
    if (const auto change = changes.find(key); change != changes.end()) {
      const auto& value = change->second->value;
      if (value.erased) return std::nullopt;
      return AgedValue{value.bytes, hour_};
    }
    const auto& rows = tables_.rows_of(table).rows;
    const auto found = rows.find(key);
    if (found == rows.end()) return std::nullopt;
    const auto& value = found->second->value;
    return AgedValue{value.bytes, value.put_at};
  }

  void scan(Table table, std::string_view prefix, std::string_view from, const Visit& visit) override {
    scan_aged(table, prefix, from, without_age(visit));
  }
  void scan_aged(Table table, std::string_view prefix, std::string_view from, const VisitAged& visit) override;
  std::uint64_t rows(Table table) override { return tables_.rows_of(table).rows.size(); }

  std::string_view failure() const override { return failure_; }

  void put(Table table, std::string_view key, std::string_view value) override {
    change(table, key, {std::string(value), hour_});
  }
  void erase(Table table, std::string_view key) override { change(table, key, {.erased = true}); }

  CommitOutcome commit() override;

 private:
  void change(Table table, std::string_view key, MemoryTables::Value value) {
    INVARIANT(!ended_ && scans_ == 0, ended_, scans_);
    check_key(key);
    auto& changes = changes_[tables_.slot_of(table)];
    if (failure_.empty()) changes.put(key, std::move(value));
  }
  void apply();

  MemoryTables& tables_;
  std::array<MemoryTables::TableRows, MemoryTables::kTablesMax> changes_;
  std::string failure_;
  RunHour hour_ = tables_.run_hour_;
  int scans_ = 0;  // how many scans are running; nothing may be written from inside one
  bool ended_ = false;
};

// The committed rows and the changes, both in order, walked side by side; a change hides the row of the same key.
void MemoryWriter::scan_aged(Table table, std::string_view prefix, std::string_view from, const VisitAged& visit) {
  INVARIANT(!ended_);
  auto& rows = tables_.rows_of(table);
  if (!failure_.empty()) return;
  const auto& order = rows.ordered();
  const auto& changes = changes_[tables_.slot_of(table)].ordered();
  const std::string_view start = std::max(prefix, from);
  auto row = order.lower_bound(start);
  auto change = changes.lower_bound(start);
  ++scans_;
  for (bool more = true; more && (row != order.end() || change != changes.end());) {
    const bool take_change = change != changes.end() && (row == order.end() || (*change)->key <= (*row)->key);
    const auto& [key, value] = take_change ? **change : **row;
    if (!key.starts_with(prefix)) break;
    if (take_change) {
      if (row != order.end() && (*row)->key == key) ++row;
      ++change;
    } else {
      ++row;
    }
    if (!value.erased) more = visit(key, value.bytes, value.put_at);
  }
  --scans_;
}

void MemoryWriter::apply() {
  INVARIANT(tables_.readers_ == 0, tables_.readers_);  // a reader's views would change under it
  for (std::size_t slot = 0; slot < changes_.size(); ++slot)
    tables_.tables_[slot].adopt(std::move(changes_[slot].rows));
}

CommitOutcome MemoryWriter::commit() {
  INVARIANT(!ended_ && scans_ == 0, ended_, scans_);
  ended_ = true;
  tables_.writing_ = false;
  if (!failure_.empty()) return CommitOutcome::failed;
  const bool changes_something =
      std::any_of(changes_.begin(), changes_.end(), [](const auto& table) { return !table.rows.empty(); });
  if (!changes_something) return CommitOutcome::committed;
  const CommitOutcome outcome = std::exchange(tables_.next_outcome_, CommitOutcome::committed);
  const bool kept = std::exchange(tables_.next_kept_, false);
  if (outcome == CommitOutcome::committed || kept) apply();
  if (outcome == CommitOutcome::failed) failure_ = "the commit failed, as asked for";
  if (outcome == CommitOutcome::unknown) {
    failure_ = "the outcome of the commit is unknown, as asked for";
    tables_.broken_ = "an earlier commit has an unknown outcome: restart";
  }
  return outcome;
}

std::unique_ptr<StoreReader> MemoryTables::read() {
  return std::make_unique<MemoryReader>(*this);
}
std::unique_ptr<StoreWriter> MemoryTables::write() {
  return std::make_unique<MemoryWriter>(*this);
}

}  // namespace straykey
