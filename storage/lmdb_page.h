#pragma once
// Reads the bytes of one page of an LMDB file as nodes, or says why they are not valid.
//
// Shape:  header of 16 bytes (page number, pad, flags, lower, upper), then 2-byte offsets of nodes up to `lower`, then
//         nothing, then the nodes from `upper` to the end. A node: size or child (6 bytes with its flags), key size,
//         key, data.
// Thread: any (functions of their arguments). Views point into the page's bytes.
// Errors: the end of a sentence that begins with "page 7 of table facts".
// Source: LMDB 0.9.24, mdb.c.
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

inline constexpr std::size_t kLmdbPageHeaderBytes = 16;
inline constexpr std::uint64_t kLmdbNoPage = ~std::uint64_t{0};
inline constexpr std::size_t kLmdbTreeBytes = 48;
inline constexpr std::size_t kLmdbMetaBytes = 136;

template <class T>
[[nodiscard]] T load_little_endian(const char* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// MDB_db: what a table (or the free list) says about its tree.
struct LmdbTree {
  std::uint32_t pad = 0;  // of the free list: the page size
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, entries = 0;
  std::uint64_t root = kLmdbNoPage;
};
// REQUIRES: bytes.size() >= kLmdbTreeBytes.
[[nodiscard]] LmdbTree lmdb_tree(std::string_view bytes) noexcept;

// MDB_meta: pages 0 and 1.
struct LmdbMeta {
  std::uint64_t map_bytes = 0;
  LmdbTree free_list, tables;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;

  [[nodiscard]] std::size_t page_bytes() const noexcept { return free_list.pad; }
};
// Reads a page's bytes, header included. Nothing if it is not a meta page of this format; `why` says what is wrong.
[[nodiscard]] std::optional<LmdbMeta> lmdb_meta(std::string_view bytes, std::uint64_t number, std::string& why);

struct LmdbNode {
  enum Flags : std::uint16_t { kBigData = 1, kTable = 2, kDuplicates = 4 };

  std::string_view key;
  std::uint16_t flags = 0;       // of a leaf's node
  std::uint64_t child = 0;       // of a branch's node
  std::uint64_t data_bytes = 0;  // of a leaf's node; with kBigData `data` is the number of the page where they begin
  std::string_view data;
};

enum class LmdbPageKind : std::uint8_t { branch, leaf };

// Every node of a branch or leaf page, in order. False: `why` says what is wrong.
[[nodiscard]] bool lmdb_nodes(std::string_view page, std::uint64_t number, LmdbPageKind kind,
                              std::vector<LmdbNode>& nodes, std::string& why);

// Reads the first page of a value that has pages of its own: how many pages it has, or nothing if the page is wrong.
[[nodiscard]] std::optional<std::uint32_t> lmdb_overflow_pages(std::string_view header, std::uint64_t number,
                                                               std::uint64_t data_bytes, std::size_t page_bytes,
                                                               std::string& why);

}  // namespace straykey
