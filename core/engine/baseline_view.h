#pragma once
// BaselineView: what the tenant knows, read across all partitions: the OR of their facts, less what is in quarantine.
//
// Shape:  borrows one reader a partition and the merger's transaction for the length of one judgement.
// Errors: a reader that failed answers nothing; failed() tells, and the caller must not use what it concluded.
// Thread: the merger's.
// Bounds: counting stops at kUsersCounted users; each() reads no further than its visitor wants.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/baseline/fact.h"
#include "core/engine/activity.h"
#include "core/engine/store.h"

namespace straykey {

class BaselineView {
 public:
  static constexpr int kUsersCounted = 100;

  BaselineView(HashKey hash_key, const std::vector<std::unique_ptr<StoreReader>>& partitions, StoreReader& alerts)
      : hash_key_(hash_key), partitions_(partitions), alerts_(alerts) {}

  [[nodiscard]] Fact fact(FactKind kind, std::string_view scope, std::string_view value) const;
  [[nodiscard]] Fact quarantine(FactKind kind, std::string_view scope, std::string_view value) const;
  // Hit on one of the window's days before `day`, and nobody acknowledged it.
  [[nodiscard]] bool quarantined(FactKind kind, std::string_view scope, std::string_view value, Day day,
                                 int window_days) const;

  // Calls visit(value, fact) once for each value of a scope, partitions merged, until it returns false.
  void each(FactKind kind, std::string_view scope,
            const std::function<bool(const std::string& value, const Fact&)>& visit) const;

  // Calls visit(fact) for each fact of a kind in each partition, not merged, until it returns false.
  void each_of_kind(FactKind kind, const std::function<bool(const NamedFact&)>& visit) const;

  // On which any account was seen last, of all that were seen. The first call reads all accounts' facts.
  [[nodiscard]] Day newest_account_day() const;

  // A row of Table::activity, merged over the partitions.
  [[nodiscard]] Activity activity(std::string_view row) const;
  [[nodiscard]] bool failed() const;
  [[nodiscard]] HashKey hash_key() const noexcept { return hash_key_; }

 private:
  HashKey hash_key_;
  const std::vector<std::unique_ptr<StoreReader>>& partitions_;
  StoreReader& alerts_;
  mutable std::optional<Day> newest_account_day_;
};

}  // namespace straykey
