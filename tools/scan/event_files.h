#pragma once
// CloudTrail files and folders on disk, for scan, backfill and replay.
//
// Shape:  files ending in .json, .json.gz, .jsonl, .jsonl.gz, .ndjson, .ndjson.gz, in the order of their names;
//         folders are searched through. CloudTrail names hold the date, so this is nearly the order of time.
// Bounds: a plain file of lines is read in pieces of kPieceBytes; any other file is read whole.
// Errors: one sentence that names the file.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace straykey {

struct EventFile {
  std::string path;
  std::uint64_t bytes = 0;
};

// A path that is a file is taken whatever its name.
[[nodiscard]] Result<std::vector<EventFile>> find_event_files(const std::vector<std::string>& paths);

inline constexpr std::size_t kPieceBytes = 32u << 20;

// Calls visit(text) with the whole file, or with pieces that end at line ends.
[[nodiscard]] Status read_event_file(const EventFile& file, const std::function<void(std::string)>& visit);

}  // namespace straykey
