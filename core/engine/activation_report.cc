#include "core/engine/activation_report.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/engine/baseline_view.h"

namespace straykey {

bool ActivationPairs::add(FactKind kind, const NamedFact& fact) {
  const bool is_network = kind == FactKind::identity_network || kind == weak_kind(FactKind::identity_network);
  if (is_network && fact.scope.starts_with(prefix_)) merged_[{fact.scope, fact.value}].merge(fact.fact);
  return merged_.size() < ActivationReport::kPairsMax;
}

ActivationReport ActivationPairs::report(Day day, int window_days) const {
  ActivationReport report;
  report.account = account_;
  report.day = day;
  report.id = hash128(kFixedHashKey, ByteWriter().string("account.activated").string(account_).fixed(day).view());
  // With ASN data each use is recorded both by ASN and by prefix. The prefix adds nothing, so it is left out.
  std::map<std::string, Presence> by_asn;
  for (const auto& [pair, fact] : merged_)
    if (pair.second.starts_with("AS")) by_asn[pair.first].merge(fact.presence);
  const auto is_second_form = [&](const std::string& identity, const std::string& network, const Presence& presence) {
    if (network.starts_with("AS") || network.starts_with("vpce:")) return false;
    Presence with = by_asn[identity];
    const Presence without = with;
    with.merge(presence);
    return with == without;
  };
  for (const auto& [pair, fact] : merged_) {
    if (is_second_form(pair.first, pair.second, fact.presence)) continue;
    const int days = fact.presence.days_before(day, window_days);
    if (days > 0) report.pairs.push_back({pair.first, pair.second, days, fact.first_day, fact.presence.newest_day});
  }
  std::stable_sort(report.pairs.begin(), report.pairs.end(),
                   [](const auto& a, const auto& b) { return a.days > b.days; });
  report.pairs_total = report.pairs.size();
  return report;
}

ActivationReport activation_report(std::string_view account, Day day, int window_days, const BaselineView& view) {
  ActivationPairs pairs(account);
  view.each_of_account(account, [&](FactKind kind, const NamedFact& fact) { return pairs.add(kind, fact); });
  return pairs.report(day, window_days);
}

}  // namespace straykey
