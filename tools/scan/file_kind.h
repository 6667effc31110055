#pragma once
// What a file is, told by its first bytes and never by its name: events to read, or something that is named and left.
//
// Shape:  gzip is looked into. Events are text that holds JSON, in whatever framing; files in a compression that the
//         reader knows; and gzip that cannot be looked into, so that reading it says what is wrong with it.
// Bounds: the first kLookedAtBytes, inflated as much again.
// Errors: none of the file's content; one that cannot be opened or read is an Error that names it.
// Thread: any (a function of its argument).
// Source: what AWS delivers beside CloudTrail records: digests, AWS Config snapshots and history, VPC flow logs.
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

inline constexpr std::size_t kLookedAtBytes = std::size_t{64} << 10;

struct FileKind {
  std::string not_events;  // why it is left: "a CloudTrail digest". Empty: events
  bool lines = false;      // it is not compressed, and each line of it is a value, as far as the first one tells
};

// Of a file that begins so. REQUIRES: `whole` says whether that is all of the file.
[[nodiscard]] FileKind kind_of(std::string_view beginning, bool whole);

// Of a regular file; what is none is named.
[[nodiscard]] Result<FileKind> look_into(const std::string& path);

}  // namespace straykey
