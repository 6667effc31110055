#pragma once
// special_file_in(): a pipe, socket or device where files of a store belong.
//
// Shape:  looks at the data directory and at the directories in it. A pipe would be waited for without end by whoever
//         opens it, LMDB included, so each is looked at before anything is opened. Links are not followed: those who
//         open files refuse them.
// Errors: one sentence that names the first one; empty if there is none, or if the directory cannot be read, which
//         opening it says better.
// Thread: any (a function of its argument).
#include <string>
#include <string_view>

namespace straykey {

// The one socket that belongs there: operators ask the server at it.
inline constexpr std::string_view kAdminSocketName = "admin.sock";

// `directory`: of the data. REQUIRES: a path.
[[nodiscard]] std::string special_file_in(const std::string& directory);

}  // namespace straykey
