#pragma once
// Replacing a file whole, writing all of a text, syncing a directory.
//
// Durable: after ok() the new text is on disk under its name. A crash at any moment before leaves the old file, or
//          none if there was none, and perhaps `NAME.new`, which the next attempt overwrites.
// Thread:  any; two at a time on the same file are the caller's mistake.
// Errors:  a sentence without the path of the directory; `NAME.new` is removed after one.
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

// Writes to `name`.new, syncs, renames, syncs the directory. The file is the owner's alone (0600).
[[nodiscard]] Status replace_file(int directory, const std::string& name, std::string_view text);

// The same with the directory in the path.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view text);

// What was created, renamed and removed in the directory is on disk after ok().
[[nodiscard]] Status sync_directory(const std::string& path);

// False with errno set: not all of it was written.
[[nodiscard]] bool write_all(int file, std::string_view bytes) noexcept;

}  // namespace straykey
