#pragma once
// The file of AWS's address ranges that straykey keeps itself: fetched, checked, replaced by rename.
//
// Errors: one sentence; on any doubt (not fetched whole, unreadable, older or much smaller than the one at hand) the
//         old file stays.
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"
#include "net/client/https_fetch.h"

namespace straykey {

struct AwsRangesUpdate {
  std::size_t prefixes = 0, prefixes_before = 0;
  Seconds created = 0;
  bool changed = false;
};
[[nodiscard]] Result<AwsRangesUpdate> update_aws_ranges(const FetchSettings& settings, const std::string& file);

}  // namespace straykey
