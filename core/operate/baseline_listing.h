#pragma once
// Lists what is known of one identity, of one account, or everything.
//
// Shape:  a fact that lies in several partitions is the OR of them. Pages as in alert_listing.h.
// Thread: any.
// Bounds: PageLimits, for each reader. facts_of_identity() reads a kind at a time and at most kFactsOfKindMax of it;
//         account_report() goes through all facts of a kind, with a new reader every few thousand, and holds
//         ActivationReport::kPairsMax pairs.
// Errors: the sentence of the store that failed.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/baseline/fact.h"
#include "core/engine/activation_report.h"
#include "core/operate/page.h"
#include "core/operate/stores.h"

namespace straykey {

inline constexpr std::size_t kFactsOfKindMax = 10'000;

struct KnownFact {
  FactKind kind;
  NamedFact fact;
};

// "identity_network" ...; empty for a number that is no kind.
[[nodiscard]] std::string_view fact_kind_name(FactKind kind) noexcept;

// Networks, tools, platforms and how the role came to be assumed, each kind in the order of its values.
[[nodiscard]] Result<std::vector<KnownFact>> facts_of_identity(const OperatorStores& stores, std::string_view identity);

// What of the identity took part in an alert, with the days, and whether it was acknowledged since.
[[nodiscard]] Result<std::vector<KnownFact>> quarantine_of_identity(const OperatorStores& stores,
                                                                    std::string_view identity);

// Every fact, learned ones first, then quarantine; in the order of kinds.
[[nodiscard]] Result<Page<KnownFact>> list_facts(const OperatorStores& stores, std::string_view after,
                                                 PageLimits limits);

struct AccountReport {
  Fact account;
  ActivationReport report;
};
// The activation report as it would be on the day after the account was last seen. Nothing if it was never seen.
[[nodiscard]] Result<std::optional<AccountReport>> account_report(const OperatorStores& stores,
                                                                  std::string_view account);

}  // namespace straykey
