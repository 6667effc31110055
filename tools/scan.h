#pragma once
// `straykey scan`: the same engine over files, offline: alerts as lines of JSON.
//
// Order:  judged as if everything had arrived in the order of days, whatever the order of the files. Facts only grow by OR and only earlier
//         days count, so files may be learned in any order as long as no judged day lies more than 33 days behind the newest:
//         a longer trail is worked through in blocks of 30 days.
// Errors: a file that cannot be read ends the scan; a bad record is counted with its reason.
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/detect/settings.h"
#include "core/event/reject_reason.h"
#include "core/location/network_map.h"

namespace straykey {

struct ScanSettings {
  std::vector<std::string> paths;
  DetectionSettings detection;
  Seconds now = 0;   // of the start: an event more than 10 minutes ahead of it is rejected
};

struct ScanSummary {
  std::uint64_t files = 0, bytes = 0, events = 0, rejected = 0, alerts = 0;
  std::array<std::uint64_t, kRejectReasonCount> rejected_by_reason{};
  std::vector<std::string> unreadable;   // files that hold no readable record, with the reason
  Day first_day = 0, last_day = 0;
};

// Calls on_alert with each alert document, state laid over it, in the order of first call.
[[nodiscard]] Result<ScanSummary> scan(const ScanSettings& settings, const NetworkMap& networks,
                                       const std::function<void(std::string_view document)>& on_alert);

}  // namespace straykey
