#pragma once
// FormatFile: the text of data_dir/format, which says what the store is before anything of it is opened.
//
// Shape:  six lines (storage/FORMAT.md): title, format, hash_key, shards, partitions, crc32c of the lines before.
// Thread: any (a value and functions of their arguments).
// Errors: a newer format is distinguished from a damaged file, whatever follows its second line.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/result.h"

namespace straykey {

inline constexpr unsigned kStoreFormat = 3;
inline constexpr unsigned kPartitionsMax = 64;

struct FormatFile {
  HashKey hash_key;         // made once at installation; shards and stored keys depend on it
  unsigned shards = 0;      // the shard count of the last start
  unsigned partitions = 0;  // how many partitions must exist: the largest shard count ever used. 0 while being created
  unsigned format = kStoreFormat;

  bool operator==(const FormatFile&) const = default;
};

[[nodiscard]] std::string format_file_text(const FormatFile& file);
// The error is the end of a sentence that begins with the file's path: "is damaged", "has store format 2, ...".
[[nodiscard]] Result<FormatFile> parse_format_file(std::string_view text);

}  // namespace straykey
