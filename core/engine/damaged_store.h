#pragma once
// DamagedBaselineStore and DamagedAlertStore: they stand in for a store that was found damaged before it was opened.
//
// Shape:  every transaction fails from its beginning, with the sentence of the damage. Nothing is read and nothing is
//         written.
// Thread: any (immutable).
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/engine/store.h"

namespace straykey {

class DamagedTransaction final : public StoreWriter {
 public:
  explicit DamagedTransaction(std::string failure) : failure_(std::move(failure)) {}

  std::optional<AgedValue> get_aged(Table, std::string_view) override { return std::nullopt; }
  void scan(Table, std::string_view, std::string_view,
            const std::function<bool(std::string_view, std::string_view)>&) override {}
  void scan_aged(Table, std::string_view, std::string_view,
                 const std::function<bool(std::string_view, std::string_view, RunHour)>&) override {}
  std::uint64_t rows(Table) override { return 0; }
  std::string_view failure() const override { return failure_; }
  void put(Table, std::string_view, std::string_view) override {}
  void erase(Table, std::string_view) override {}
  CommitOutcome commit() override { return CommitOutcome::failed; }

 private:
  std::string failure_;
};

template <class Interface>
class DamagedStore final : public Interface {
 public:
  explicit DamagedStore(StoreDamage damage) : damage_(std::move(damage)) {}

  std::unique_ptr<StoreReader> read() override { return write(); }
  std::unique_ptr<StoreWriter> write() override { return std::make_unique<DamagedTransaction>(damage_.sentence); }
  void set_run_hour(RunHour) override {}
  double fullness() const override { return 0; }
  std::optional<StoreDamage> damage() const override { return damage_; }

 private:
  StoreDamage damage_;
};

using DamagedBaselineStore = DamagedStore<BaselineStore>;
using DamagedAlertStore = DamagedStore<AlertStore>;

}  // namespace straykey
