#include "storage/lmdb_store.h"

#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "core/base/hash.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::size_t kHourBytes = 4;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kHalves = 2;

std::size_t half_of(Table table) {
  return static_cast<std::size_t>(table) / Env::kTablesMax;
}

Table table_at(std::size_t half, std::size_t slot) {
  return static_cast<Table>(half * Env::kTablesMax + slot);
}

std::size_t slot_of(Table table, std::size_t half) {
  INVARIANT(half_of(table) == half);
  return static_cast<std::size_t>(table) % Env::kTablesMax;
}

using Trailer = std::array<char, kHourBytes + kChecksumBytes>;

// The hour, then the checksum. The checksum covers table, key, value and hour, so a value under a wrong key or in a
// wrong table fails as well.
Trailer trailer(Table table, std::string_view key, std::string_view value, RunHour hour) {
  static_assert(std::endian::native == std::endian::little);
  Trailer bytes;
  std::memcpy(bytes.data(), &hour, kHourBytes);
  const char number = static_cast<char>(table);
  const std::uint32_t crc =
      crc32c({bytes.data(), kHourBytes}, crc32c(value, crc32c(key, crc32c({&number, sizeof number}))));
  std::memcpy(bytes.data() + kHourBytes, &crc, kChecksumBytes);
  return bytes;
}

// Like stored_row(), but a wrong checksum makes the transaction fail.
std::optional<StoredRow> checked(Txn& txn, Table table, std::string_view key, std::string_view stored) {
  const auto row = stored_row(table, key, stored);
  if (!row) txn.fail_damaged("a value of table " + std::string(table_name(table)) + " fails its checksum");
  return row;
}

// Reader and writer share this: they differ in their interface and their transaction, but look things up in the same
// way.
template <class Interface, class Transaction>
class LmdbTransaction : public Interface {
 public:
  LmdbTransaction(Env& env, std::size_t half) : txn_(env), half_(half) {}

  std::optional<AgedValue> get_aged(Table table, std::string_view key) override {
    const auto stored = txn_.get(slot_of(table, half_), key);
    if (!stored) return std::nullopt;
    const auto row = checked(txn_, table, key, *stored);
    if (!row) return std::nullopt;
    return AgedValue{row->value, row->put_at};
  }

  void scan(Table table, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    txn_.scan(slot_of(table, half_), prefix, from, [&](std::string_view key, std::string_view stored) {
      const auto row = checked(txn_, table, key, stored);
      return row && visit(key, row->value);
    });
  }

  void scan_aged(Table table, std::string_view prefix, std::string_view from,
                 const std::function<bool(std::string_view, std::string_view, RunHour)>& visit) override {
    txn_.scan(slot_of(table, half_), prefix, from, [&](std::string_view key, std::string_view stored) {
      const auto row = checked(txn_, table, key, stored);
      return row && visit(key, row->value, row->put_at);
    });
  }

  std::uint64_t rows(Table table) override { return txn_.rows(slot_of(table, half_)); }

  std::string_view failure() const override { return txn_.failure(); }

 protected:
  Transaction txn_;
  std::size_t half_;
};

using LmdbReader = LmdbTransaction<StoreReader, ReadTxn>;

class LmdbWriter final : public LmdbTransaction<StoreWriter, WriteTxn> {
 public:
  LmdbWriter(Env& env, std::size_t half, RunHour hour) : LmdbTransaction(env, half), hour_(hour) {}

  void put(Table table, std::string_view key, std::string_view value) override {
    const Trailer end = trailer(table, key, value, hour_);
    txn_.put(slot_of(table, half_), key, value, {end.data(), end.size()});
  }
  void erase(Table table, std::string_view key) override { txn_.erase(slot_of(table, half_), key); }
  CommitOutcome commit() override { return txn_.commit(); }

 private:
  RunHour hour_;
};

}  // namespace

std::optional<Table> table_named(std::string_view name, Table some) noexcept {
  for (std::size_t slot = 0; slot < Env::kTablesMax; ++slot) {
    const Table table = table_at(half_of(some), slot);
    if (!name.empty() && table_name(table) == name) return table;
  }
  return std::nullopt;
}

std::optional<StoredRow> stored_row(Table table, std::string_view key, std::string_view stored) {
  if (stored.size() < sizeof(Trailer)) return std::nullopt;
  StoredRow row{stored.substr(0, stored.size() - sizeof(Trailer))};
  std::memcpy(&row.put_at, stored.data() + row.value.size(), kHourBytes);
  const Trailer expected = trailer(table, key, row.value, row.put_at);
  if (std::memcmp(expected.data(), stored.data() + row.value.size(), sizeof(Trailer)) != 0) return std::nullopt;
  return row;
}

Result<std::unique_ptr<LmdbTables>> LmdbTables::open(const EnvSettings& settings, Table some) {
  const std::size_t half = half_of(some);
  INVARIANT(half < kHalves);
  Env::TableNames names;
  for (std::size_t slot = 0; slot < names.size(); ++slot) names[slot] = table_name(table_at(half, slot));
  auto env = Env::open(settings, names);
  if (!env) return env.error();
  return std::unique_ptr<LmdbTables>(new LmdbTables(std::move(env).value(), half));
}

std::unique_ptr<StoreReader> LmdbTables::read() {
  return std::make_unique<LmdbReader>(*env_, half_);
}
std::unique_ptr<StoreWriter> LmdbTables::write() {
  return std::make_unique<LmdbWriter>(*env_, half_, run_hour_);
}

Status LmdbTables::verify() {
  ReadTxn txn(*env_);
  for (std::size_t slot = 0; slot < Env::kTablesMax && txn.failure().empty(); ++slot) {
    const Table table = table_at(half_, slot);
    if (table_name(table).empty()) continue;
    std::uint64_t rows = 0;
    std::string last;
    txn.scan(slot, {}, {}, [&](std::string_view key, std::string_view stored) {
      if (rows > 0 && key <= last) txn.fail_damaged("table " + std::string(table_name(table)) + " is out of order");
      last = key;
      ++rows;
      return checked(txn, table, key, stored).has_value();
    });
    if (txn.failure().empty() && rows != txn.rows(slot)) {
      txn.fail_damaged("table " + std::string(table_name(table)) + " does not have as many rows as it says");
    }
  }
  if (!txn.failure().empty()) return Error{std::string(txn.failure())};
  return {};
}

}  // namespace straykey
