#pragma once
// What an object of a trail's bucket is, told by its key: when it was written, and whether it can hold records at all.
//
// Shape:  CloudTrail: AWSLogs/ACCOUNT/CloudTrail/REGION/2026/11/30/ACCOUNT_CloudTrail_REGION_20261130T1735Z_x.json.gz;
//         what else AWS puts there has names of its own.
// Thread: any (functions of their arguments).
// Source: "Finding your CloudTrail log files" and its like for AWS Config, VPC flow logs and load balancers.
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"

namespace straykey {

// Why an object is left, as label of a metric: "digest", "config", "flow_log", "load_balancer", "folder". Empty: it may
// hold records.
[[nodiscard]] std::string_view skipped_by_name(std::string_view key) noexcept;
// The same by how its bytes begin, gzip or not: "digest", "config", "flow_log".
[[nodiscard]] std::string_view skipped_by_content(std::string_view bytes);
// Of the name: 20261130T1735Z, or the day of .../2026/11/30/...
[[nodiscard]] std::optional<Seconds> time_of_key(std::string_view key) noexcept;

}  // namespace straykey
