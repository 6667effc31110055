#pragma once
// Store: the ordered, transactional tables that the engine needs. BaselineStore is one partition (one shard writes it,
// the merger reads it); AlertStore is the merger's own. storage/ implements both on LMDB, memory_store in memory.
//
// Shape:  a table maps a key (1 to 511 bytes, ordered as unsigned bytes) to a value of any bytes.
// Order:  one writer at a time for each store; readers see the last commit before read() and do not wait for the
//         writer.
// Durable: after commit() returned committed, the write survives power loss (LMDB); the memory store forgets with the
//          process.
// Errors: the first failure of a transaction stays. After it every get answers nothing, every scan ends at once,
//         failure() tells the reason and commit() returns failed. So callers check once, before they use what they
//         concluded.
// Thread: a transaction stays on the thread that began it. read() may be called on any thread.
// Bounds: a reader is held for less than 100 ms, because the file grows while an old reader needs its pages.
// Units:  a row's age is told in run hours: full hours that straykey has run since the store was made, over all its
//         runs. Neither an event's time nor the wall clock moves them (core/engine/expiry).
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace straykey {

// Tables below 16 belong to a BaselineStore, the others to the AlertStore. The numbers are part of the format
// (storage/FORMAT.md), so they never change and new ones are added at the end.
enum class Table : std::uint8_t {
  // BaselineStore
  facts = 0,       // fact_key() -> Fact, its presence and full text
  tokens = 1,      // access key id -> where the key was issued
  pending = 2,     // what an unproven key did, until proof comes
  proposed = 3,    // combination and day -> already proposed as a candidate
  candidates = 4,  // sequence number -> Candidate
  activity = 5,    // access key id -> calls made with it
  shard_meta = 6,  // the partition's next sequence number
  // AlertStore
  alerts = 16,          // alert id -> the facts of an alert, report or summary, written once
  alert_state = 17,     // alert id -> occurrences, last seen, acknowledgement ...
  dedup = 18,           // dedup key -> the alerts of it
  hits = 19,            // combination and day -> the alerts it was taken into
  quarantine = 20,      // pair -> days on which it hit, acknowledgement
  progress = 21,        // shard -> which candidates are judged
  outbox = 22,          // endpoint, alert id -> body, attempts so far
  activated = 23,       // account -> first day on which it was active
  flood = 24,           // what counts against a cap -> alerts raised, hits suppressed; summaries that wait
  alerts_by_time = 25,  // day, alert id -> nothing: the order in which alerts are listed
  alert_pairs = 26,     // alert id -> the pairs that an acknowledgement of it clears
  operator_log = 27,    // time, number -> what an operator changed, as text
  campaigns = 28,       // campaign id -> what it is about, its counts; and each of its alerts
};

// The table's name on disk, in messages and in metrics; empty for a number that is no table.
[[nodiscard]] constexpr std::string_view table_name(Table table) noexcept {
  switch (table) {
    case Table::facts:
      return "facts";
    case Table::tokens:
      return "tokens";
    case Table::pending:
      return "pending";
    case Table::proposed:
      return "proposed";
    case Table::candidates:
      return "candidates";
    case Table::activity:
      return "activity";
    case Table::shard_meta:
      return "shard_meta";
    case Table::alerts:
      return "alerts";
    case Table::alert_state:
      return "alert_state";
    case Table::dedup:
      return "dedup";
    case Table::hits:
      return "hits";
    case Table::quarantine:
      return "quarantine";
    case Table::progress:
      return "progress";
    case Table::outbox:
      return "outbox";
    case Table::activated:
      return "activated";
    case Table::flood:
      return "flood";
    case Table::alerts_by_time:
      return "alerts_by_time";
    case Table::alert_pairs:
      return "alert_pairs";
    case Table::operator_log:
      return "operator_log";
    case Table::campaigns:
      return "campaigns";
  }
  return {};
}

using RunHour = std::uint32_t;

enum class CommitOutcome : std::uint8_t {
  committed,
  failed,   // nothing of the transaction is stored, and nothing will be
  unknown,  // an fsync failed: the transaction may or may not be stored. Acknowledge nothing more, and restart.
};

struct AgedValue {
  std::string_view value;
  RunHour put_at = 0;  // when the row was last put
};

class StoreReader {
 public:
  virtual ~StoreReader() = default;
  // A view into the store, good until the transaction ends (a write transaction: until its next put or erase).
  [[nodiscard]] virtual std::optional<AgedValue> get_aged(Table table, std::string_view key) = 0;
  [[nodiscard]] std::optional<std::string_view> get(Table table, std::string_view key) {
    const auto found = get_aged(table, key);
    return found ? std::optional(found->value) : std::nullopt;
  }
  // Calls visit(key, value) for each key >= from that starts with prefix, in order, until it returns false. visit must
  // not write.
  virtual void scan(Table table, std::string_view prefix, std::string_view from,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) = 0;
  // The same, with the run hour at which each row was last put.
  virtual void scan_aged(
      Table table, std::string_view prefix, std::string_view from,
      const std::function<bool(std::string_view key, std::string_view value, RunHour put_at)>& visit) = 0;
  // How many rows the table has. A writer's own changes may be missing from it.
  [[nodiscard]] virtual std::uint64_t rows(Table table) = 0;
  // The first thing that went wrong in this transaction, in one sentence; empty if nothing did.
  [[nodiscard]] virtual std::string_view failure() const = 0;
};

class StoreWriter : public StoreReader {
 public:
  virtual void put(Table table, std::string_view key, std::string_view value) = 0;
  virtual void erase(Table table, std::string_view key) = 0;
  // Ends the transaction. Destroying a writer without commit() forgets it.
  [[nodiscard]] virtual CommitOutcome commit() = 0;
};

// Which part of a store was found damaged. It may have lost rows, so nothing may be concluded from a row's absence.
struct StoreDamage {
  std::string part;      // "shard-01": shown to everybody
  std::string sentence;  // names the file: for the log
};

class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual std::unique_ptr<StoreReader> read() = 0;
  // REQUIRES: no other writer of this store is alive.
  [[nodiscard]] virtual std::unique_ptr<StoreWriter> write() = 0;
  // Rows that are put by writers begun from now on carry this hour. Call it on the writing thread, or before there is
  // one.
  virtual void set_run_hour(RunHour hour) = 0;
  // The share of its budget that the store uses: 0 to 1, or more if the budget was lowered. Any thread.
  [[nodiscard]] virtual double fullness() const = 0;
  // The first damage that was found, when it was opened or by any transaction since. It stays until the process ends.
  // Any thread; cheap.
  [[nodiscard]] virtual std::optional<StoreDamage> damage() const { return std::nullopt; }
};

class BaselineStore : public Store {};
class AlertStore : public Store {};

}  // namespace straykey
