#pragma once
// ActivationPairs: collects an account's ActivationReport (core/detect/activation.h) from facts.
//
// Thread: any; with a BaselineView, the merger's.
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/baseline/fact.h"
#include "core/detect/activation.h"

namespace straykey {

class BaselineView;

// Builds the report from facts that the caller reads in its own way.
class ActivationPairs {
 public:
  explicit ActivationPairs(std::string_view account) : account_(account), prefix_(std::string(account) + '/') {}

  // Adds a fact of any kind, account and partition; only networks of the account's identities count. False: kPairsMax
  // pairs are held, and no more are wanted.
  bool add(FactKind kind, const NamedFact& fact);
  // The report of what was seen in the window before `day`.
  [[nodiscard]] ActivationReport report(Day day, int window_days) const;

 private:
  std::string account_, prefix_;
  std::map<std::pair<std::string, std::string>, Fact> merged_;
};

// Every external (identity, network) pair of the account that was seen in the window before `day`.
[[nodiscard]] ActivationReport activation_report(std::string_view account, Day day, int window_days,
                                                 const BaselineView& view);

}  // namespace straykey
