#pragma once
// The files that hold events, on disk, for scan, backfill and replay.
//
// Shape:  folders are searched through; what a file is, its content tells (tools/scan/file_kind), so that names and
//         endings mean nothing. Files come in the order of their names: CloudTrail's hold the date, so this is nearly
//         the order of time. What is left is given back with the reason.
// Bounds: a plain file of lines is read in pieces of kPieceBytes; any other file is read whole.
// Errors: a file or folder that the system does not let us read is given back with the reason, and the others are
//         found all the same. A path that is not there is an Error, because it was mistyped.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace straykey {

struct EventFile {
  std::string path;
  std::uint64_t bytes = 0;
  bool lines = false;  // plain text whose lines are values
};

struct SkippedFile {
  std::string path;
  std::string reason;  // "a CloudTrail digest"
};

struct FoundFiles {
  std::vector<EventFile> files;
  std::vector<SkippedFile> skipped;
  std::vector<SkippedFile> unreadable;  // files and folders
};

[[nodiscard]] Result<FoundFiles> find_event_files(const std::vector<std::string>& paths);

inline constexpr std::size_t kPieceBytes = 32u << 20;

// Where a piece of lines may end: before the last line that begins a value. npos: nowhere.
[[nodiscard]] std::size_t last_line_end(std::string_view text);

// Errors are the system's words, without the path.
// Calls visit(text) with the whole file, or with pieces that end at line ends and are all of it together. After an
// Error, it was called with what could be read.
[[nodiscard]] Status read_event_file(const EventFile& file, const std::function<void(std::string)>& visit);

}  // namespace straykey
