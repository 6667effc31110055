#pragma once
// What a scan says at its end, and its exit code: whether what it read is all that was there.
//
// Errors: the code is 1 if a file is damaged, is cut short or could not be read, if a folder could not be read, and if
//         no event was taken, unless there was nothing to read and that is allowed. Rejected records alone do not
//         change it while one event was taken.
// Thread: any (functions of their arguments).
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/event/not_judged.h"
#include "core/event/reject_reason.h"
#include "tools/scan/event_files.h"

namespace straykey {

struct ScanSummary {
  std::uint64_t files = 0, bytes = 0, events = 0, rejected = 0, alerts = 0;
  std::uint64_t known = 0;       // alerts that [[known]] covers; they are not among `alerts`
  std::uint64_t suppressed = 0;  // hits that raised no alert because a cap was reached
  std::uint64_t not_kept = 0;    // calls of keys that nothing proved, beyond those which may wait for a proof
  std::array<std::uint64_t, kRejectReasonCount> rejected_by_reason{};
  std::array<std::uint64_t, kRejectReasonCount> ignored_by_reason{};  // that hold no call, and are no fault
  std::array<std::uint64_t, kNotJudgedCount> not_judged_by_reason{};  // of the events
  std::vector<SkippedFile> skipped;                                   // that hold no events
  std::vector<SkippedFile> damaged;                                   // whose content cannot be read, or not to its end
  std::vector<SkippedFile> unread;     // files and folders that the system does not let us read
  std::vector<std::string> explained;  // the first rejects, if that was asked for
  Day first_day = 0, last_day = 0;
  std::uint64_t blocks_done_before = 0;  // of a backfill that was interrupted
};

// Lines for a person, escaped.
[[nodiscard]] std::string summary_text(const ScanSummary& summary, double seconds);

// What a person must know who looks at the exit code alone; empty if that is 0.
[[nodiscard]] std::string failure_of(const ScanSummary& summary, bool allow_empty);

}  // namespace straykey
