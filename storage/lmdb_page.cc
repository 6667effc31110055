#include "storage/lmdb_page.h"

#include <array>

namespace straykey {
namespace {

constexpr std::uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08;
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kDataVersion = 1;
constexpr std::uint16_t kIntegerKeys = 0x08;
constexpr std::size_t kNodeHeaderBytes = 8;
constexpr std::size_t kPageBytesMin = 512, kPageBytesMax = 1 << 16;
constexpr std::size_t kKeyBytesMax = 511;

bool fail(std::string& why, std::string_view reason) {
  why = reason;
  return false;
}

std::uint16_t flags_of(std::string_view page) {
  return load_little_endian<std::uint16_t>(page.data() + 10);
}

// The node at `offset`, if all of it lies in the page. Its length in the page is added to `taken`.
bool node_at(std::string_view page, std::size_t offset, LmdbPageKind kind, LmdbNode& node, std::size_t& taken) {
  if (offset % 2 != 0 || offset + kNodeHeaderBytes > page.size()) return false;
  const char* const at = page.data() + offset;
  const std::uint64_t low = load_little_endian<std::uint32_t>(at);
  node.flags = load_little_endian<std::uint16_t>(at + 4);
  const std::size_t key_bytes = load_little_endian<std::uint16_t>(at + 6);
  const std::size_t left = page.size() - offset - kNodeHeaderBytes;
  if (key_bytes > left || key_bytes > kKeyBytesMax) return false;
  node.key = page.substr(offset + kNodeHeaderBytes, key_bytes);
  std::size_t bytes = kNodeHeaderBytes + key_bytes;
  if (kind == LmdbPageKind::branch) {
    node.child = low | std::uint64_t{node.flags} << 32;
  } else {
    node.data_bytes = low;
    const std::size_t here = (node.flags & LmdbNode::kBigData) != 0 ? sizeof(std::uint64_t) : low;
    if (here > left - key_bytes) return false;
    node.data = page.substr(offset + bytes, here);
    bytes += here;
  }
  taken += bytes + bytes % 2;
  return true;
}

}  // namespace

LmdbTree lmdb_tree(std::string_view bytes) noexcept {
  const char* const at = bytes.data();
  return {load_little_endian<std::uint32_t>(at),      load_little_endian<std::uint16_t>(at + 4),
          load_little_endian<std::uint16_t>(at + 6),  load_little_endian<std::uint64_t>(at + 8),
          load_little_endian<std::uint64_t>(at + 16), load_little_endian<std::uint64_t>(at + 24),
          load_little_endian<std::uint64_t>(at + 32), load_little_endian<std::uint64_t>(at + 40)};
}

std::optional<LmdbMeta> lmdb_meta(std::string_view bytes, std::uint64_t number, std::string& why) {
  const auto wrong = [&why](std::string_view reason) -> std::optional<LmdbMeta> {
    why = reason;
    return std::nullopt;
  };
  if (bytes.size() < kLmdbPageHeaderBytes + kLmdbMetaBytes) return wrong("is missing");
  if (flags_of(bytes) != kMeta || load_little_endian<std::uint64_t>(bytes.data()) != number)
    return wrong("is no meta page");
  const char* const at = bytes.data() + kLmdbPageHeaderBytes;
  if (load_little_endian<std::uint32_t>(at) != kMagic) return wrong("is no meta page of LMDB");
  if (load_little_endian<std::uint32_t>(at + 4) != kDataVersion) return wrong("has another data version of LMDB");
  LmdbMeta meta;
  meta.map_bytes = load_little_endian<std::uint64_t>(at + 16);
  meta.free_list = lmdb_tree({at + 24, kLmdbTreeBytes});
  meta.tables = lmdb_tree({at + 72, kLmdbTreeBytes});
  meta.last_page = load_little_endian<std::uint64_t>(at + 120);
  meta.transaction = load_little_endian<std::uint64_t>(at + 128);
  const std::size_t page_bytes = meta.page_bytes();
  if (page_bytes < kPageBytesMin || page_bytes > kPageBytesMax || (page_bytes & (page_bytes - 1)) != 0)
    return wrong("has an impossible page size");
  if (load_little_endian<std::uint64_t>(at + 8) != 0 || meta.free_list.flags != kIntegerKeys || meta.tables.flags != 0)
    return wrong("has flags that straykey does not use");
  if (meta.last_page < 1 || meta.last_page >= meta.map_bytes / page_bytes) return wrong("has an impossible last page");
  // Transactions write the two meta pages in turn. Both have the number 0 in a file without a commit.
  if (meta.transaction != 0 && meta.transaction % 2 != number) return wrong("has an impossible transaction number");
  return meta;
}

bool lmdb_nodes(std::string_view page, std::uint64_t number, LmdbPageKind kind, std::vector<LmdbNode>& nodes,
                std::string& why) {
  nodes.clear();
  if (load_little_endian<std::uint64_t>(page.data()) != number) return fail(why, "is another page than it should be");
  const bool leaf = kind == LmdbPageKind::leaf;
  if (flags_of(page) != (leaf ? kLeaf : kBranch)) {
    return fail(why, leaf ? "should be a leaf" : "should be a branch");
  }
  const std::size_t lower = load_little_endian<std::uint16_t>(page.data() + 12);
  // The end of a page of 64 KiB does not fit into 16 bits. Only an empty page would need it, and no tree has an empty
  // page.
  const std::size_t upper = load_little_endian<std::uint16_t>(page.data() + 14);
  if (lower < kLmdbPageHeaderBytes || lower % 2 != 0 || lower > upper || upper > page.size())
    return fail(why, "has impossible bounds");
  const std::size_t count = (lower - kLmdbPageHeaderBytes) / 2;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = load_little_endian<std::uint16_t>(page.data() + kLmdbPageHeaderBytes + 2 * i);
    if (offset < upper || !node_at(page, offset, kind, nodes.emplace_back(), taken))
      return fail(why, "has a node that reaches beyond it");
  }
  if (taken != page.size() - upper) return fail(why, "has gaps or overlaps between its nodes");
  return true;
}

std::optional<std::uint32_t> lmdb_overflow_pages(std::string_view header, std::uint64_t number,
                                                 std::uint64_t data_bytes, std::size_t page_bytes, std::string& why) {
  const std::uint32_t pages = load_little_endian<std::uint32_t>(header.data() + 12);
  if (load_little_endian<std::uint64_t>(header.data()) != number || flags_of(header) != kOverflow) {
    why = "should begin a long value";
    return std::nullopt;
  }
  const std::uint64_t needed = (kLmdbPageHeaderBytes - 1 + data_bytes) / page_bytes + 1;
  if (pages >= needed) return pages;
  why = "has too few pages for its value";
  return std::nullopt;
}

}  // namespace straykey
