#pragma once
// LoggedAlertStore: an AlertStore whose transactions stand in the log before they stand in the store.
//
// Shape:  it stands before the real store. While is_logged(), a writer remembers what is put and erased; commit() gives
//         that to the log, and then commits with the position behind it. Otherwise everything passes through.
// Order:  log first, then store. So the store never holds what the log does not, and what the log holds beyond the
//         store is read from there (Standby).
// Durable: the position is a row of the same transaction (LogPlace), so each transaction is applied exactly once.
// Errors: what the log does not take fails the transaction, and nothing of it is stored. After it, and after a local
//         commit that failed behind the log's, lost() is true until log_to() is called again.
// Thread: the merger's. fullness() and damage(): any.
// Bounds: a transaction is held in memory once more, as the log wants it.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/engine/alert_log.h"
#include "core/engine/log_place.h"
#include "core/engine/store.h"

namespace straykey {

class LoggedAlertStore final : public AlertStore {
 public:
  // Both outlive it.
  LoggedAlertStore(AlertStore& store, AlertLog& log) : store_(store), log_(log) {}

  [[nodiscard]] std::unique_ptr<StoreReader> read() override { return store_.read(); }
  [[nodiscard]] std::unique_ptr<StoreWriter> write() override;
  void set_run_hour(RunHour hour) override { store_.set_run_hour(hour); }
  [[nodiscard]] double fullness() const override { return store_.fullness(); }
  [[nodiscard]] std::optional<StoreDamage> damage() const override { return store_.damage(); }

  // From now on transactions go to the log, or pass it by.
  void log_to(const LogPlace& place);
  void pass_through() noexcept { is_logged_ = false; }
  void lose() noexcept { lost_ = true; }
  [[nodiscard]] bool is_logged() const noexcept { return is_logged_; }
  [[nodiscard]] bool lost() const noexcept { return lost_; }
  [[nodiscard]] const LogPlace& place() const noexcept { return place_; }

  // What the transaction that is open, or the next one, tells besides its rows. A transaction that is not committed
  // forgets it.
  void note_judged(Hash128 combination);
  void note_claim(LogTransaction::Claim claim);

 private:
  friend class LoggedWriter;

  AlertStore& store_;
  AlertLog& log_;
  bool is_logged_ = false, lost_ = false;
  LogPlace place_;
  LogTransaction told_;  // of the open transaction, besides its rows
};

}  // namespace straykey
