#pragma once
// AlertWatch: an AlertStore that tells which alerts each commit raised or changed.
//
// Shape:  it stands before the real store and passes everything on. What counts as a change is a row of
//         Table::alert_state that was put, and a contradiction that was stored.
// Order:  on_changed is called behind the commit that made the changes durable, and not for one that failed.
// Thread: the writer's, where on_changed is called; it must not block. Readers are the store's own.
// Bounds: kChangesMax alerts a transaction; beyond it `all` is true instead.
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/engine/store.h"

namespace straykey {

struct ChangedAlerts {
  std::vector<Hash128> alerts;  // each once
  bool all = false;             // too many to name
};

class AlertWatch final : public AlertStore {
 public:
  static constexpr std::size_t kChangesMax = 20'000;
  using OnChanged = std::function<void(ChangedAlerts changed)>;

  // `store` outlives it.
  AlertWatch(AlertStore& store, OnChanged on_changed) : store_(store), on_changed_(std::move(on_changed)) {}

  [[nodiscard]] std::unique_ptr<StoreReader> read() override { return store_.read(); }
  [[nodiscard]] std::unique_ptr<StoreWriter> write() override;
  void set_run_hour(RunHour hour) override { store_.set_run_hour(hour); }
  [[nodiscard]] double fullness() const override { return store_.fullness(); }
  [[nodiscard]] std::optional<StoreDamage> damage() const override { return store_.damage(); }

 private:
  AlertStore& store_;
  const OnChanged on_changed_;
};

}  // namespace straykey
