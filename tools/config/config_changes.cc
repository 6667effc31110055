#include "tools/config/config_changes.h"

#include <algorithm>
#include <map>
#include <vector>

#include "tools/config/setting_table.h"

namespace straykey {
namespace {

using EntriesByName = std::map<std::string, std::size_t>;

EntriesByName entries_of(const SettingTable& table, const Config& config) {
  EntriesByName entries;
  const auto name =
      std::find_if(table.rows.begin(), table.rows.end(), [](const auto& row) { return row.key == "name"; });
  for (std::size_t entry = 0; entry < table.count(config); ++entry) {
    std::string text = name->show(config, entry).value_or("");
    std::erase(text, '"');
    entries.emplace(std::move(text), entry);
  }
  return entries;
}

struct Comparison {
  const Config& before;
  const Config& after;
  Effect effect;
  std::vector<std::string> changed = {};

  // `name`: how the changes begin, "ingest" or "token.forwarder"; empty at the top.
  void rows(const SettingTable& table, std::string_view name, std::size_t old_entry, std::size_t new_entry) {
    for (const Setting& row : table.rows) {
      if (row.notes.effect != effect || row.notes.short_form) continue;
      if (row.same(before, old_entry, after, new_entry)) continue;
      changed.push_back((name.empty() ? "" : std::string(name) + ".") + std::string(row.key));
    }
  }

  // All rows of a repeated table have the same effect.
  void entries(const SettingTable& table) {
    if (table.rows.front().notes.effect != effect) return;
    const EntriesByName old_entries = entries_of(table, before), new_entries = entries_of(table, after);
    const std::string prefix = std::string(table.name) + ".";
    for (const auto& [name, index] : new_entries) {
      const auto old_entry = old_entries.find(name);
      if (old_entry == old_entries.end())
        changed.push_back(prefix + name + " (new)");
      else
        rows(table, prefix + name, old_entry->second, index);
    }
    for (const auto& [name, index] : old_entries)
      if (!new_entries.contains(name)) changed.push_back(prefix + name + " (gone)");
  }
};

}  // namespace

std::vector<std::string> changed_settings(Effect effect, const Config& before, const Config& after) {
  Comparison comparison{before, after, effect};
  for (const SettingTable& table : setting_tables()) {
    if (table.repeated)
      comparison.entries(table);
    else
      comparison.rows(table, table.name, 0, 0);
  }
  return std::move(comparison.changed);
}

}  // namespace straykey
