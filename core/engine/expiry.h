#pragma once
// Expiry: erases rows that nobody needs any more, a few at a time, and makes room in a store that is nearly full.
//
// Shape:  each table has a rule that says after how many run hours without a new put a row may be erased. sweep() looks
//         at some rows of every table and goes on behind them the next time. relieve() is for a store that is nearly
//         full: it erases the least valuable rows early, without waiting for their age.
// Units:  hours of running (engine/store.h). No event and no step of the clock can make a row old: only running does.
// Order:  limits are longer than anything that decides looks back (training 30 days + 33 days late), so no verdict
//         depends on when a row went.
// Bounds: sweep() erases at most ExpiryRule::percent_an_hour of a table's rows in an hour, nothing in the rest of the
//         hour in which the process started (restarts must not add up), and looks at rows_a_sweep rows of a table.
//         relieve() never takes an issued key, what dedup rests on, or a fact or quarantined
//         pair that was seen on two days or acknowledged.
// Errors: the writer's; the caller commits.
// Thread: the writer's.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/engine/store.h"

namespace straykey {

struct ExpiryRule {
  Table table;
  RunHour hours;
  unsigned percent_an_hour;
  bool gives_way = false;  // whether relieve() may erase a row that says little before its age
};

// How often the row of a key in use is put again, so that its 36 hours count from its last use.
inline constexpr RunHour kTokenTouchHours = 6;
[[nodiscard]] std::span<const ExpiryRule> baseline_expiry_rules() noexcept;
[[nodiscard]] std::span<const ExpiryRule> alert_expiry_rules() noexcept;

class Expiry {
 public:
  struct Settings {
    std::span<const ExpiryRule> rules;
    std::size_t rows_a_sweep = 1'000;
    // The other partitions, borrowed and only read by relieve(): other days of a fact may lie there.
    std::vector<BaselineStore*> others = {};
  };
  // When this share of the store's budget is used, relieve() starts to erase.
  static constexpr double kRelieveFrom = 0.85;
  // When this share is used, relieve() also erases rows that are less than a day old.
  static constexpr double kRelieveAllFrom = 0.92;

  Expiry(Settings settings, Metrics& metrics);

  // Returns how many rows were erased.
  std::size_t sweep(StoreWriter& writer, RunHour now);
  // Looks at `rows` rows of each table that gives way.
  std::size_t relieve(StoreWriter& writer, std::size_t rows, RunHour now, double fullness);

 private:
  struct Pass {
    ExpiryRule rule;
    std::string from;          // the next row to look at
    std::string relieve_from;  // the same for relieve()
    std::uint64_t left = 0;    // rows that may still go in this hour
    Counter* expired = nullptr;
    Counter* evicted = nullptr;
  };

  std::size_t sweep_table(StoreWriter& writer, Pass& pass, RunHour now);

  Settings settings_;
  std::vector<Pass> passes_;
  RunHour hour_ = 0;
  bool started_ = false;
};

}  // namespace straykey
