#include "tools/store/backup.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "core/engine/sequence.h"
#include "storage/data_directory.h"
#include "storage/environment_copy.h"
#include "storage/format_file.h"
#include "storage/replace_file.h"
#include "storage/special_file.h"
#include "tools/store/store_report.h"

namespace straykey {
namespace {

constexpr std::string_view kMerger = "merger";
constexpr std::string_view kRunSecondsKey = "lived";

Error error(const std::string& path, std::string_view doing) {
  return {fmt::format("{}: cannot {}: {}", path, doing, std::strerror(errno))};
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(path, "read it");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Status make_target(const std::string& to) {
  if (::mkdir(to.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return error(to, "create it");
  std::error_code failure;
  const bool empty = std::filesystem::is_empty(to, failure);
  if (failure) return Error{fmt::format("{}: {}", to, failure.message())};
  if (!empty) return Error{to + " is not empty: name a directory that is not there yet"};
  if (::chmod(to.c_str(), 0700) != 0) return error(to, "close it to other users");
  return {};
}

// The merger was copied last, so it may have judged candidates that are not in a partition's copy. Their numbers must
// not be assigned again.
Status pass_judged_numbers(const std::string& to, const std::vector<std::string>& partitions) {
  auto alerts = LmdbAlertStore::open({.directory = to + "/" + std::string(kMerger)});
  if (!alerts) return alerts.error();
  const auto marks = (*alerts)->read();
  const auto run_seconds = marks->get(Table::progress, kRunSecondsKey);
  const auto hour = static_cast<RunHour>((run_seconds ? decode_sequence(*run_seconds) : 0) / 3600);
  for (std::size_t number = 0; number < partitions.size(); ++number) {
    const auto mark = marks->get(Table::progress, encode_sequence(number));
    if (!marks->failure().empty()) return Error{std::string(marks->failure())};
    if (!mark) continue;
    auto partition = LmdbBaselineStore::open({.directory = to + "/" + partitions[number]});
    if (!partition) return partition.error();
    (*partition)->set_run_hour(hour);
    const auto writer = (*partition)->write();
    const auto next = writer->get(Table::shard_meta, kNextSequenceKey);
    if (const std::uint64_t judged = decode_sequence(*mark); (next ? decode_sequence(*next) : 1) <= judged)
      writer->put(Table::shard_meta, kNextSequenceKey, encode_sequence(judged + 1));
    if (writer->commit() != CommitOutcome::committed) return Error{std::string(writer->failure())};
  }
  return {};
}

Status check_copy(const std::string& to, const BackupCallbacks& callbacks) {
  auto held = DataDirectory::hold(to);
  if (!held) return held.error();
  StoreReportCallbacks report;
  report.on_finding = callbacks.on_finding;
  report.on_environment = [](const EnvironmentReport&) {};
  if (check_store(**held, report) == 0) return {};
  ::unlink((to + "/format").c_str());
  return Error{to + " is damaged, as the store is that it was copied from: it is no backup"};
}

}  // namespace

Status back_up(const std::string& from, const std::string& to, const BackupCallbacks& callbacks) {
  if (std::string special = special_file_in(from); !special.empty()) return Error{std::move(special)};
  // If no server uses the store, it is locked, so that none starts meanwhile. A store in use is copied all the same.
  const auto held = DataDirectory::hold(from);
  auto format_text = read_text(from + "/format");
  if (!format_text) return held.ok() ? format_text.error() : held.error();
  auto format = parse_format_file(*format_text);
  if (!format) return Error{from + "/format " + format.error().message};
  if (format->partitions == 0) return Error{from + " is being created: nothing is in it yet"};
  std::vector<std::string> names;
  for (unsigned number = 0; number < format->partitions; ++number) names.push_back(fmt::format("shard-{:02}", number));
  const std::vector<std::string> partitions = names;
  names.emplace_back(kMerger);

  if (Status made = make_target(to); !made) return made;
  for (const std::string& name : names) {
    const std::string copy = to + "/" + name;
    if (Status copied = copy_environment(from + "/" + name, copy); !copied) return copied;
    std::error_code failure;
    callbacks.on_environment(name, std::filesystem::file_size(copy + "/data.mdb", failure));
  }
  auto format_after = read_text(from + "/format");
  if (!format_after || *format_after != *format_text)
    return Error{from + " got more partitions meanwhile: back it up again"};
  if (Status passed = pass_judged_numbers(to, partitions); !passed) return passed;
  // `format` gets its name when everything else is on disk.
  if (Status written = replace_file(to + "/format", *format_text); !written)
    return Error{to + ": " + written.error().message};
  const std::filesystem::path above = std::filesystem::absolute(to).lexically_normal();
  if (Status synced = sync_directory((above.has_filename() ? above.parent_path() : above.parent_path().parent_path()));
      !synced)
    return synced;
  return check_copy(to, callbacks);
}

}  // namespace straykey
