#pragma once
// What `straykey version` says: which program this is, and what it was made of.
//
// Shape:  one JSON object: version, commit, store_format, ranges, tools, libraries. Members are only ever added.
//         `commit` is null unless the build was told of it (STRAYKEY_COMMIT), so that the same source gives the same
//         bytes. A library that is linked at run time says its own version then; one of headers, the version that it
//         was compiled with.
// Thread: any (a function without arguments).
#include <string>

namespace straykey {

[[nodiscard]] std::string program_version_json();

}  // namespace straykey
