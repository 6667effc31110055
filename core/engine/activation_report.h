#pragma once
// ActivationReport: what an account's service identities use outside AWS at the moment the account becomes active. A
// thief who was there first would be among it: nobody was warned of him.
//
// Thread: any; a view's is the merger's.
// Bounds: kPairsShown pairs in the document; all of them in the report, up to kPairsMax.
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/baseline/fact.h"

namespace straykey {

class BaselineView;

struct ActivationReport {
  static constexpr std::size_t kPairsShown = 100;
  static constexpr std::size_t kPairsMax = 10'000;

  struct Pair {
    std::string identity, network;
    int days = 0;  // in the window before `day`
    Day first_day = 0, last_day = 0;
  };
  Hash128 id;
  std::string account;
  Day day = 0;
  std::vector<Pair> pairs;  // most days first
};

// The report in the making: for who reads facts in a way of his own.
class ActivationPairs {
 public:
  explicit ActivationPairs(std::string_view account) : account_(account), prefix_(std::string(account) + '/') {}

  // A fact of kind identity_network, of any account and any partition. False: kPairsMax are held, no more are wanted.
  bool add(const NamedFact& fact);
  // What was seen in the window before `day`.
  [[nodiscard]] ActivationReport report(Day day, int window_days) const;

 private:
  std::string account_, prefix_;
  std::map<std::pair<std::string, std::string>, Fact> merged_;
};

// Every external (identity, network) pair of the account that was seen in the window before `day`.
[[nodiscard]] ActivationReport activation_report(std::string_view account, Day day, int window_days,
                                                 const BaselineView& view);

[[nodiscard]] std::string activation_document(const ActivationReport& report);

}  // namespace straykey
