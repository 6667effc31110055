#pragma once
// Replaces a file whole, writes all of a text, syncs a directory.
//
// Durable: after ok() the new text is on disk under its name. A crash at any moment before leaves the old file, or
//          none if there was none, and perhaps `NAME.new`, which the next attempt overwrites.
// Thread:  any, but only one at a time for the same file.
// Errors:  a sentence without the path of the directory; `NAME.new` is removed after one.
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

// Writes to `name`.new, syncs, renames, syncs the directory. The file is the owner's alone (0600).
[[nodiscard]] Status replace_file(int directory, const std::string& name, std::string_view text);

// The same, with the directory as a part of the path.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view text);

// After ok(), everything that was created, renamed or removed in the directory is on disk.
[[nodiscard]] Status sync_directory(const std::string& path);

// False, with errno set, if not all of it was written.
[[nodiscard]] bool write_all(int file, std::string_view bytes) noexcept;

}  // namespace straykey
