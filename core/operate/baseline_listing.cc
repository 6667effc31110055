#include "core/operate/baseline_listing.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/detect/settings.h"

namespace straykey {
namespace {

constexpr std::array kOfIdentity{
    FactKind::identity_network,      FactKind::identity_tool,         FactKind::identity_runtime,
    FactKind::role_service,          FactKind::role_principal,        FactKind::identity_evidence,
    FactKind::identity_presigned,    FactKind::weak_identity_network, FactKind::weak_identity_tool,
    FactKind::weak_identity_runtime, FactKind::weak_identity_evidence};
constexpr std::array kQuarantineOfIdentity{
    FactKind::quarantine_identity_network, FactKind::quarantine_identity_tool, FactKind::quarantine_identity_runtime,
    FactKind::quarantine_identity_evidence, FactKind::quarantine_identity_presigned};
constexpr std::size_t kRowsAReader = 10'000;  // 10 ms
// Where a page of list_facts() begins: behind a key of the partitions, or of quarantine.
constexpr std::string_view kOfPartitions = "f", kOfQuarantine = "q";

using Facts = std::map<std::string, NamedFact>;  // by key

std::string behind(std::string_view key) {
  return key.empty() ? std::string() : std::string(key) + '\0';
}

// Adds up to `rows_max` facts behind `after`. Returns the key up to which this store was read; empty: to its end.
Result<std::string> collect(Store& store, Table table, std::string_view after, std::size_t rows_max, Facts& facts) {
  const auto reader = store.read();
  std::string last;
  std::size_t rows = 0;
  bool readable = true;
  reader->scan(table, {}, behind(after), [&](std::string_view key, std::string_view value) {
    auto fact = decode_fact(value);
    readable = fact.has_value();
    if (!readable) return false;
    last = key;
    const auto [at, is_new] = facts.try_emplace(last, *fact);
    if (!is_new) at->second.fact.merge(fact->fact);
    return ++rows < rows_max;
  });
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  if (!readable) return Error{"a row of facts cannot be read"};
  if (rows < rows_max) last.clear();
  return last;
}

// A page of what these stores hold together. Facts behind the point up to which every store was read are left for the
// next page.
Result<Page<KnownFact>> merged_page(const std::vector<Store*>& stores, Table table, std::string_view after,
                                    PageLimits limits) {
  Facts facts;
  Page<KnownFact> page;
  for (Store* store : stores) {
    auto reached = collect(*store, table, after, limits.rows_max, facts);
    if (!reached) return reached.error();
    if (!reached->empty() && (page.next.empty() || *reached < page.next)) page.next = *reached;
  }
  for (auto& [key, fact] : facts) {
    if (!page.next.empty() && key > page.next) break;
    page.rows.push_back({fact_kind(key), std::move(fact)});
  }
  return page;
}

std::vector<Store*> learned(const OperatorStores& stores) {
  return {stores.partitions.begin(), stores.partitions.end()};
}

Status facts_of_kind(const OperatorStores& stores, FactKind kind, std::string_view identity,
                     std::vector<KnownFact>& out) {
  std::map<std::string, NamedFact> by_value;
  const std::string prefix = fact_scope_prefix(stores.hash_key, kind, identity);
  for (BaselineStore* partition : stores.partitions) {
    const auto reader = partition->read();
    reader->scan(Table::facts, prefix, prefix, [&](std::string_view, std::string_view value) {
      auto fact = decode_fact(value);
      if (!fact || fact->scope != identity) return true;
      const auto [at, is_new] = by_value.try_emplace(fact->value, *fact);
      if (!is_new) at->second.fact.merge(fact->fact);
      return by_value.size() < kFactsOfKindMax;
    });
    if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  }
  for (auto& [value, fact] : by_value) out.push_back({kind, std::move(fact)});
  return {};
}

}  // namespace

std::string_view fact_kind_name(FactKind kind) noexcept {
  switch (kind) {
    case FactKind::identity_network:
      return "identity_network";
    case FactKind::network_identity:
      return "network_identity";
    case FactKind::address_identity:
      return "address_identity";
    case FactKind::identity_tool:
      return "identity_tool";
    case FactKind::tool_identity:
      return "tool_identity";
    case FactKind::identity_runtime:
      return "identity_runtime";
    case FactKind::role_service:
      return "role_service";
    case FactKind::role_principal:
      return "role_principal";
    case FactKind::account:
      return "account";
    case FactKind::quarantine_identity_network:
      return "quarantine_identity_network";
    case FactKind::quarantine_network_role:
      return "quarantine_network_role";
    case FactKind::quarantine_identity_tool:
      return "quarantine_identity_tool";
    case FactKind::identity_other_call:
      return "identity_other_call";
    case FactKind::quarantine_identity_runtime:
      return "quarantine_identity_runtime";
    case FactKind::identity_evidence:
      return "identity_evidence";
    case FactKind::identity_presigned:
      return "identity_presigned";
    case FactKind::role_child:
      return "role_child";
    case FactKind::account_early_day:
      return "account_early_day";
    case FactKind::quarantine_identity_evidence:
      return "quarantine_identity_evidence";
    case FactKind::quarantine_role_child:
      return "quarantine_role_child";
    case FactKind::quarantine_identity_presigned:
      return "quarantine_identity_presigned";
    case FactKind::weak_identity_network:
      return "weak_identity_network";
    case FactKind::weak_identity_tool:
      return "weak_identity_tool";
    case FactKind::weak_tool_identity:
      return "weak_tool_identity";
    case FactKind::weak_identity_runtime:
      return "weak_identity_runtime";
    case FactKind::weak_identity_evidence:
      return "weak_identity_evidence";
  }
  return {};
}

Result<std::vector<KnownFact>> facts_of_identity(const OperatorStores& stores, std::string_view identity) {
  std::vector<KnownFact> facts;
  for (const FactKind kind : kOfIdentity)
    if (Status read = facts_of_kind(stores, kind, identity, facts); !read.ok()) return read.error();
  return facts;
}

Result<std::vector<KnownFact>> quarantine_of_identity(const OperatorStores& stores, std::string_view identity) {
  std::vector<KnownFact> facts;
  const auto reader = stores.alerts->read();
  for (const FactKind kind : kQuarantineOfIdentity) {
    const std::string prefix = fact_scope_prefix(stores.hash_key, kind, identity);
    reader->scan(Table::quarantine, prefix, prefix, [&](std::string_view, std::string_view value) {
      auto fact = decode_fact(value);
      if (fact && fact->scope == identity) facts.push_back({kind, std::move(*fact)});
      return facts.size() < kFactsOfKindMax;
    });
  }
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  return facts;
}

Result<Page<KnownFact>> list_facts(const OperatorStores& stores, std::string_view after, PageLimits limits) {
  const bool quarantine = after.starts_with(kOfQuarantine);
  const std::string_view behind_key = after.empty() ? after : after.substr(1);
  auto page = quarantine ? merged_page({stores.alerts}, Table::quarantine, behind_key, limits)
                         : merged_page(learned(stores), Table::facts, behind_key, limits);
  if (!page) return page.error();
  if (!page->next.empty()) {
    page->next.insert(0, quarantine ? kOfQuarantine : kOfPartitions);
  } else if (!quarantine) {
    page->next = kOfQuarantine;
  }
  return page;
}

Result<std::optional<AccountReport>> account_report(const OperatorStores& stores, std::string_view account) {
  AccountReport out;
  const FactRef ref{FactKind::account, account, ""};
  for (BaselineStore* partition : stores.partitions) {
    const auto reader = partition->read();
    const auto stored = reader->get(Table::facts, fact_key(stores.hash_key, ref));
    if (const auto fact = stored ? decode_fact_of(*stored, ref) : std::nullopt) out.account.merge(*fact);
    if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  }
  if (out.account.presence.days == 0) return std::optional<AccountReport>();
  ActivationPairs pairs(account);
  const std::string prefix = fact_account_prefix(stores.hash_key, account);
  std::string after = prefix;
  for (bool goes_on = true; goes_on;) {
    auto page = merged_page(learned(stores), Table::facts, after, {.rows_max = kRowsAReader});
    if (!page) return page.error();
    for (const KnownFact& known : page->rows) goes_on = goes_on && pairs.add(known.kind, known.fact);
    after = page->next;
    goes_on = goes_on && after.starts_with(prefix);
  }
  out.report = pairs.report(out.account.presence.newest_day + 1, DetectionSettings{}.training_days);
  return std::optional(std::move(out));
}

}  // namespace straykey
