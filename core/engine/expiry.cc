#include "core/engine/expiry.h"

#include <bit>
#include <memory>
#include <utility>

#include "core/baseline/fact.h"

namespace straykey {
namespace {

constexpr RunHour kDay = 24;

// Tokens and waiting calls live for a short time. At 1 % an hour they could not be erased as fast as new ones come.
constexpr ExpiryRule kBaselineRules[] = {
    {.table = Table::activity, .hours = 40 * kDay, .percent_an_hour = 1, .gives_way = true},
    {.table = Table::proposed, .hours = 40 * kDay, .percent_an_hour = 1, .gives_way = true},
    {.table = Table::pending, .hours = 2 * kDay, .percent_an_hour = 5, .gives_way = true},
    {.table = Table::facts, .hours = 70 * kDay, .percent_an_hour = 1, .gives_way = true},
    {.table = Table::tokens, .hours = 36 + kTokenTouchHours, .percent_an_hour = 5},
};
constexpr ExpiryRule kAlertRules[] = {
    {.table = Table::hits, .hours = 40 * kDay, .percent_an_hour = 1, .gives_way = true},
    {.table = Table::quarantine, .hours = 70 * kDay, .percent_an_hour = 1, .gives_way = true},
    {.table = Table::dedup, .hours = 70 * kDay, .percent_an_hour = 1},
    {.table = Table::flood, .hours = 70 * kDay, .percent_an_hour = 1},
};

// What an operator acknowledged is kept. So is when an account was first seen: one that was quiet for longer than other
// facts live has not become young again.
bool is_kept(Table table, std::string_view key, std::string_view value) {
  if (table == Table::facts) {
    const FactKind kind = fact_kind(key);
    return kind == FactKind::account || kind == FactKind::account_early_day;
  }
  if (table != Table::quarantine) return false;
  const auto fact = decode_fact(value);
  return !fact || fact->fact.acknowledged;
}

using Readers = std::vector<std::unique_ptr<StoreReader>>;

// An early day of an account goes before its time only if its account was seen on no other day.
bool is_only_day(std::string_view key, StoreReader& here, const Readers& elsewhere) {
  Fact account;
  const std::string prefix = static_cast<char>(FactKind::account) + std::string(key.substr(1, 16));
  const auto add = [&](StoreReader& store) {
    store.scan(Table::facts, prefix, prefix, [&](std::string_view, std::string_view value) {
      if (const auto fact = decode_fact(value)) account.merge(fact->fact);
      return true;
    });
  };
  add(here);
  for (const auto& reader : elsewhere) add(*reader);
  return account.first_day == account.presence.newest_day;
}

// A fact is erased early only if all partitions together have seen it on one day. The keys of an identity belong to
// different shards, so an established fact may have one day in one partition and one in another.
bool may_be_evicted(Table table, std::string_view key, std::string_view value, const Readers& elsewhere) {
  if (table != Table::facts && table != Table::quarantine) return true;
  auto fact = decode_fact(value);
  if (!fact || fact->fact.acknowledged || std::popcount(fact->fact.presence.days) > 1) return false;
  for (const auto& reader : elsewhere) {
    const auto stored = reader->get(table, key);
    if (!reader->failure().empty()) return false;
    if (const auto theirs = stored ? decode_fact(*stored) : std::nullopt) fact->fact.merge(theirs->fact);
  }
  return std::popcount(fact->fact.presence.days) <= 1;
}

// Looks at up to `look_at_max` rows from `from` on and erases up to `erase_max` for which `goes` says yes. Afterwards
// `from` says where to go on; it is empty at the end of the table.
template <class Goes>
std::size_t walk(StoreWriter& writer, Table table, std::string& from, std::size_t look_at_max, std::uint64_t erase_max,
                 const Goes& goes) {
  std::vector<std::string> gone;
  std::size_t looked_at = 0;
  std::string next;
  writer.scan_aged(table, {}, from, [&](std::string_view key, std::string_view value, RunHour put_at) {
    if (looked_at == look_at_max || gone.size() == erase_max) {
      next = key;
      return false;
    }
    ++looked_at;
    if (goes(key, value, put_at)) gone.emplace_back(key);
    return true;
  });
  for (const std::string& key : gone) writer.erase(table, key);
  from = std::move(next);
  return gone.size();
}

}  // namespace

std::span<const ExpiryRule> baseline_expiry_rules() noexcept {
  return kBaselineRules;
}

std::span<const ExpiryRule> alert_expiry_rules() noexcept {
  return kAlertRules;
}

Expiry::Expiry(Settings settings, Metrics& metrics) : settings_(std::move(settings)) {
  for (const ExpiryRule& rule : settings_.rules) {
    const std::vector<Label> labels{{"table", table_name(rule.table)}};
    Pass& pass = passes_.emplace_back();
    pass.rule = rule;
    pass.expired =
        &metrics.counter("straykey_rows_expired_total", "Rows that left the store because of their age.", labels);
    pass.evicted = &metrics.counter("straykey_rows_evicted_total",
                                    "Rows that left the store before their time, because it was nearly full.", labels);
  }
}

std::size_t Expiry::sweep(StoreWriter& writer, RunHour now) {
  if (!std::exchange(started_, true)) hour_ = now;
  if (now > hour_) {
    hour_ = now;
    for (Pass& pass : passes_) {
      const std::uint64_t rows = writer.rows(pass.rule.table);
      pass.left = (rows * pass.rule.percent_an_hour + 99) / 100;
    }
  }
  std::size_t erased = 0;
  for (Pass& pass : passes_) erased += sweep_table(writer, pass, now);
  return erased;
}

std::size_t Expiry::sweep_table(StoreWriter& writer, Pass& pass, RunHour now) {
  if (pass.left == 0 || now <= pass.rule.hours) return 0;
  const std::size_t erased = walk(writer, pass.rule.table, pass.from, settings_.rows_a_sweep, pass.left,
                                  [&](std::string_view key, std::string_view value, RunHour put_at) {
                                    return put_at + pass.rule.hours < now && !is_kept(pass.rule.table, key, value);
                                  });
  pass.left -= erased;
  pass.expired->add(erased);
  return erased;
}

std::size_t Expiry::relieve(StoreWriter& writer, std::size_t rows, RunHour now, double fullness) {
  if (fullness < kRelieveFrom) return 0;
  const RunHour spared_hours = fullness < kRelieveAllFrom ? kDay : 0;
  Readers elsewhere;
  for (BaselineStore* other : settings_.others) elsewhere.push_back(other->read());
  std::size_t erased = 0;
  for (Pass& pass : passes_) {
    if (!pass.rule.gives_way) continue;
    const Table table = pass.rule.table;
    const auto goes = [&](std::string_view key, std::string_view value, RunHour put_at) {
      if (put_at + spared_hours > now || !may_be_evicted(table, key, value, elsewhere)) return false;
      const bool early_day = table == Table::facts && fact_kind(key) == FactKind::account_early_day;
      return !early_day || is_only_day(key, writer, elsewhere);
    };
    const std::size_t evicted = walk(writer, table, pass.relieve_from, rows, rows, goes);
    pass.evicted->add(evicted);
    erased += evicted;
  }
  return erased;
}

}  // namespace straykey
