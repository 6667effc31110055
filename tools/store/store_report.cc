#include "tools/store/store_report.h"

#include <filesystem>

#include "core/operate/row_check.h"
#include "storage/store_check.h"

namespace straykey {

std::size_t check_store(const DataDirectory& held, const StoreReportCallbacks& callbacks) {
  std::size_t findings = 0;
  std::string directory;
  RowCheck rows(held.hash_key(), [&](std::string sentence) { callbacks.on_finding(directory + ": " + sentence); });
  std::uint32_t number = 0;
  for (const std::string& name : held.environment_names()) {
    const bool merger = number == 0;
    directory = held.path() + "/" + name;
    EnvironmentReport report{.name = name};
    const std::size_t rows_before = rows.findings();
    std::error_code error;
    if (std::filesystem::file_size(directory + "/data.mdb", error) == 0 || error) {
      callbacks.on_finding(directory + "/data.mdb is missing: restore it from the backup");
      report.findings = 1;
    } else {
      CheckCallbacks check;
      check.on_damage = callbacks.on_finding;
      check.on_row = [&](Table table, std::string_view key, std::string_view value) {
        ++report.rows;
        merger ? rows.alert_row(table, key, value) : rows.partition_row(table, key, value);
      };
      if (callbacks.on_progress) check.on_progress = [&](std::uint64_t pages) { callbacks.on_progress(name, pages); };
      const PageWalkSummary summary =
          check_environment(directory, merger ? Table::alerts : Table::facts, WalkReach::rows, check);
      if (!merger) rows.end_partition(number - 1);
      report.pages = summary.pages;
      report.pages_free = summary.pages_free;
      report.findings = summary.damages + rows.findings() - rows_before;
    }
    findings += report.findings;
    callbacks.on_environment(report);
    ++number;
  }
  return findings;
}

}  // namespace straykey
