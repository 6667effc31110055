#pragma once
// FaultyStore: a memory store whose commits fail or have unknown outcomes, or during whose operations the process dies.
//
// Shape:  Faults, one for all stores of a seed, decides; FaultyStore<Interface> passes on to a MemoryStore.
// Order:  what committed survives a crash, nothing else does; after an unknown outcome it may or may not be there.
// Errors: Crash is thrown out of any operation; the simulation then destroys the engine and starts another.
// Thread: one.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/engine/memory_store.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/random.h"

namespace straykey {

struct Crash {};

// What the disk and the power supply do next.
class Faults {
 public:
  Faults(std::uint64_t seed, Coverage& coverage) : random_(seed), coverage_(coverage) {}

  double commit_failed = 0, unknown = 0;  // chance a commit
  bool calm = false;                      // nothing fails any more
  Step step = Step::idle;

  // The process dies at the `operations`-th store operation from now.
  void crash_in(int operations) { crash_in_ = operations; }
  void forget_crash() { crash_in_ = 0; }
  void operation() {
    if (crash_in_ == 0 || calm || --crash_in_ > 0) return;
    coverage_.note(Fault::crash, step);
    throw Crash{};
  }
  struct Decision {
    CommitOutcome outcome = CommitOutcome::committed;
    bool kept = false;
  };
  Decision decide() {
    if (calm) return {};
    if (random_.chance(commit_failed)) {
      coverage_.note(Fault::commit_failed, step);
      return {CommitOutcome::failed, false};
    }
    if (random_.chance(unknown)) {
      const bool kept = random_.chance(0.5);
      coverage_.note(kept ? Fault::unknown_kept : Fault::unknown_lost, step);
      return {CommitOutcome::unknown, kept};
    }
    return {};
  }
  void note(Fault fault) { coverage_.note(fault, step); }

 private:
  Random random_;
  Coverage& coverage_;
  int crash_in_ = 0;
};

template <class Interface>
class FaultyStore final : public Interface {
 public:
  explicit FaultyStore(Faults& faults) : faults_(faults) {}

  // No commit succeeds, and reads go on.
  bool full = false;
  // Every transaction fails from its beginning.
  bool unreadable = false;

  std::unique_ptr<StoreReader> read() override {
    faults_.operation();
    return std::make_unique<Reader>(*this, memory_.read());
  }
  std::unique_ptr<StoreWriter> write() override {
    faults_.operation();
    return std::make_unique<Writer>(*this, memory_.write());
  }
  void set_run_hour(RunHour hour) override { memory_.set_run_hour(hour); }
  double fullness() const override { return memory_.fullness(); }
  void set_fullness(double share) { memory_.set_fullness(share); }

  // After a crash and before the next start. REQUIRES: no transaction is alive.
  void restart() { memory_.restart(); }
  // For the checks. No fault happens here.
  [[nodiscard]] std::unique_ptr<StoreReader> look() { return memory_.read(); }

 private:
  using Visit = std::function<bool(std::string_view, std::string_view)>;
  using VisitAged = std::function<bool(std::string_view, std::string_view, RunHour)>;

  template <class Base>
  struct Passing : Base {
    Passing(FaultyStore& owner, std::unique_ptr<Base> inner) : store(owner), real(std::move(inner)) {
      if (!store.unreadable) return;
      failed = "the disk cannot be read, as asked for";
      store.faults_.note(Fault::disk_error);
    }
    std::optional<AgedValue> get_aged(Table table, std::string_view key) override {
      store.faults_.operation();
      if (!failed.empty()) return std::nullopt;
      return real->get_aged(table, key);
    }
    void scan(Table table, std::string_view prefix, std::string_view from, const Visit& visit) override {
      store.faults_.operation();
      if (failed.empty()) real->scan(table, prefix, from, visit);
    }
    void scan_aged(Table table, std::string_view prefix, std::string_view from, const VisitAged& visit) override {
      store.faults_.operation();
      if (failed.empty()) real->scan_aged(table, prefix, from, visit);
    }
    std::uint64_t rows(Table table) override { return failed.empty() ? real->rows(table) : 0; }
    std::string_view failure() const override { return failed.empty() ? real->failure() : std::string_view(failed); }

    FaultyStore& store;
    std::unique_ptr<Base> real;
    std::string failed;
  };
  using Reader = Passing<StoreReader>;
  struct Writer final : Passing<StoreWriter> {
    using Passing<StoreWriter>::Passing;
    void put(Table table, std::string_view key, std::string_view value) override {
      this->store.faults_.operation();
      changed = true;
      this->real->put(table, key, value);
    }
    void erase(Table table, std::string_view key) override {
      this->store.faults_.operation();
      changed = true;
      this->real->erase(table, key);
    }
    CommitOutcome commit() override {
      if (!this->failed.empty()) return CommitOutcome::failed;
      this->store.faults_.operation();
      if (changed && this->store.full) {
        this->failed = "the map is full, as asked for";
        this->store.faults_.note(Fault::map_full);
        return CommitOutcome::failed;
      }
      if (changed) {
        const Faults::Decision decision = this->store.faults_.decide();
        if (decision.outcome != CommitOutcome::committed)
          this->store.memory_.fail_next_commit(decision.outcome, decision.kept);
      }
      const CommitOutcome outcome = this->real->commit();
      this->store.faults_.operation();  // the process may die here: the commit is on disk, and nobody was told
      return outcome;
    }
    bool changed = false;
  };

  Faults& faults_;
  MemoryStore<Interface> memory_;
};

using FaultyBaselineStore = FaultyStore<BaselineStore>;
using FaultyAlertStore = FaultyStore<AlertStore>;

}  // namespace straykey
