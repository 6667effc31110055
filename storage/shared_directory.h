#pragma once
// shared_with_others(): a directory that other users may look into, and that is not ours to close to them.
//
// Shape:  a store's directory is closed to others (mode 0700) when it is opened. One that holds other files and no
//         store may be a mistake, as /tmp; changing its mode would break other programs, so no store is made in it.
// Errors: one sentence that names the directory. It is empty if a store may be there; and if the directory is not
//         there or cannot be looked at, which opening it says better.
// Thread: any (functions of their arguments).
#include <string>

namespace straykey {

[[nodiscard]] std::string shared_with_others(const std::string& path);
// Of a directory that is open; `path` is for the sentence.
[[nodiscard]] std::string shared_with_others(int directory, const std::string& path);

}  // namespace straykey
