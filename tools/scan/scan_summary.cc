#include "tools/scan/scan_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/terminal_text.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

constexpr std::size_t kNamesShown = 3;  // of a reason
constexpr std::size_t kReasonsShown = 20;
constexpr std::size_t kFaultsShown = 20;  // of a kind
constexpr std::uint64_t kAheadPart = 20;  // more than a twentieth of all records is the clock's fault

std::string counted(std::uint64_t count, const char* noun) {
  return fmt::format("{} {}{}", with_commas(count), noun, count == 1 ? "" : "s");
}

std::string_view phrase_of(NotJudged reason) {
  switch (reason) {
    case NotJudged::no_identity:
      return "without identity";
    case NotJudged::flattened:
      return "with a flattened identity";
    case NotJudged::no_address:
      return "without address";
    case NotJudged::hidden_address:
      return "with an address that names no place (anonymised?)";
  }
  return "that say too little";
}

// Silence about them would look like a clean bill.
std::string not_judged_text(const ScanSummary& summary) {
  std::string out;
  for (std::size_t i = 0; i < kNotJudgedCount; ++i)
    if (summary.not_judged_by_reason[i] > 0)
      out += fmt::format("  {} {}, {}\n", with_commas(summary.not_judged_by_reason[i]),
                         phrase_of(static_cast<NotJudged>(i)),
                         static_cast<NotJudged>(i) >= NotJudged::no_address
                             ? "judged by tool and evidence only: nobody can tell whether they came from outside"
                             : "not judged: nobody can tell whether they were thefts");
  return out;
}

// One line a reason: how many files, and the first of them by name.
std::string skipped_text(const std::vector<SkippedFile>& skipped) {
  struct Group {
    std::string_view reason;
    std::size_t count = 0;
    std::string names;
  };
  std::vector<Group> groups;
  std::size_t other_files = 0;
  for (const SkippedFile& file : skipped) {
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.reason == file.reason; });
    if (group == groups.end()) {
      if (groups.size() == kReasonsShown) {
        ++other_files;
        continue;
      }
      group = groups.insert(groups.end(), {file.reason, 0, {}});
    }
    if (++group->count <= kNamesShown)
      group->names += (group->names.empty() ? "" : ", ") + terminal_text(file.path, kPathShownBytes);
  }
  std::string out;
  for (const Group& group : groups) {
    out += fmt::format("  skipped {}: {}: {}", counted(group.count, "file"), terminal_text(group.reason), group.names);
    if (group.count > kNamesShown) out += fmt::format(" and {} more", with_commas(group.count - kNamesShown));
    out += '\n';
  }
  if (other_files > 0) out += fmt::format("  skipped {} for other reasons\n", counted(other_files, "file"));
  return out;
}

// One line a file. `what`: "damaged".
std::string faults_text(std::string_view what, const std::vector<SkippedFile>& files) {
  std::string out;
  for (std::size_t i = 0; i < std::min(files.size(), kFaultsShown); ++i)
    out += fmt::format("  {} {}: {}\n", what, terminal_text(files[i].path, kPathShownBytes),
                       terminal_text(files[i].reason));
  if (files.size() > kFaultsShown) out += fmt::format("  {}: {} more\n", what, files.size() - kFaultsShown);
  return out;
}

}  // namespace

std::string summary_text(const ScanSummary& summary, double seconds) {
  std::string out =
      fmt::format("straykey scan: {}, {}", counted(summary.files, "file"), counted(summary.events, "event"));
  if (summary.events > 0)
    out += fmt::format(" of {} to {}", format_day(summary.first_day), format_day(summary.last_day));
  if (!summary.skipped.empty()) out += fmt::format(", {} skipped", counted(summary.skipped.size(), "file"));
  out += fmt::format(", {} rejected, {}, {:.1f} s\n", with_commas(summary.rejected), counted(summary.alerts, "alert"),
                     seconds);
  for (std::size_t i = 0; i < kRejectReasonCount; ++i)
    if (summary.rejected_by_reason[i] > 0)
      out += fmt::format("  rejected {}: {}\n", name_of(static_cast<RejectReason>(i)),
                         with_commas(summary.rejected_by_reason[i]));
  for (std::size_t i = 0; i < kRejectReasonCount; ++i)
    if (summary.ignored_by_reason[i] > 0)
      out += fmt::format("  ignored {}: {}\n", name_of(static_cast<RejectReason>(i)),
                         with_commas(summary.ignored_by_reason[i]));
  const std::uint64_t ahead = summary.rejected_by_reason[static_cast<std::size_t>(RejectReason::future_event_time)];
  if (ahead * kAheadPart > summary.events + summary.rejected)
    out +=
        "  note: many events are from the future: the clock of this machine seems to be behind; see that NTP keeps "
        "it right (timedatectl)\n";
  for (const std::string& reject : summary.explained) out += fmt::format("  reject {}\n", terminal_text(reject));
  if (summary.known > 0)
    out += fmt::format("  {} covered by [[known]], and not shown\n", counted(summary.known, "more alert"));
  if (summary.suppressed > 0)
    out += fmt::format("  {} raised no alert: an identity, or all, had raised as many for their day as they may\n",
                       counted(summary.suppressed, "hit"));
  if (summary.not_kept > 0)
    out += fmt::format(
        "  {} not kept: at most 64 kinds of calls wait for the proof of a key, and of all keys 200,000; "
        "these are not judged, even if it comes\n",
        counted(summary.not_kept, "call"));
  return out + not_judged_text(summary) + skipped_text(summary.skipped) + faults_text("damaged", summary.damaged) +
         faults_text("not read", summary.unread);
}

std::string failure_of(const ScanSummary& summary, bool allow_empty) {
  if (!summary.damaged.empty() || !summary.unread.empty()) {
    std::string faults;
    if (!summary.damaged.empty()) faults = counted(summary.damaged.size(), "file") + " damaged";
    if (!summary.unread.empty())
      faults += (faults.empty() ? "" : ", ") + counted(summary.unread.size(), "path") + " could not be read";
    return faults + ": what is missing there was not judged";
  }
  if (summary.events > 0) return {};
  if (summary.rejected > 0)
    return fmt::format("no event was taken: {} rejected; --explain-rejects 5 shows why",
                       counted(summary.rejected, "record"));
  if (allow_empty) return {};
  return "nothing was read: no file here holds CloudTrail events (--allow-empty lets that pass)";
}

}  // namespace straykey
