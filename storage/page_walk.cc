// LMDB maps its file and follows the page numbers in it without a check, so a damaged file can make it crash or give
// wrong rows. This walk follows the same numbers, but reads each page with pread() and believes nothing. It goes down
// from the roots, holding one page of each level, and for every page asks whether the parent may point there: the page
// exists, is of the right kind, lies within the parent's keys, and was not met before. What the pages of a tree add up
// to is compared with what the table's description says.
//
// The free list is a tree, too, and names the pages that no tree may use. What is damaged is reported and the walk goes
// on with the next page, so that one run names all damage that there is.
#include "storage/page_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "core/base/descriptor.h"
#include "core/base/invariant.h"
#include "storage/lmdb_page.h"

namespace straykey {
namespace {

constexpr std::size_t kDepthMax = 32;  // CURSOR_STACK of LMDB
constexpr std::uint64_t kFirstPage = 2;
constexpr std::uint64_t kProgressPages = 4096;
constexpr std::string_view kFreeList = "the free list", kTables = "the list of tables";

class Walk {
 public:
  Walk(int file, WalkReach reach, const PageWalkCallbacks& callbacks)
      : file_(file), reach_(reach), callbacks_(callbacks) {}

  Status open();
  void run();
  [[nodiscard]] const PageWalkSummary& summary() const noexcept { return summary_; }

 private:
  struct Level {
    std::string page;
    std::vector<LmdbNode> nodes;
  };
  struct Bounds {
    std::string_view low;                  // no key may come before it
    std::optional<std::string_view> high;  // every key must come before it
  };
  // One tree while it is walked: what was counted in it so far.
  struct Tour {
    std::string name;
    const LmdbTree& tree;
    std::uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, entries = 0;
    std::size_t damages_before = 0;
    bool integer_keys = false;
  };

  [[nodiscard]] std::optional<LmdbMeta> read_meta(std::uint64_t number, std::size_t page_bytes);
  void walk_tree(const std::string& name, const LmdbTree& tree);
  void visit(Tour& tour, std::uint64_t number, std::size_t depth, Bounds bounds);
  void visit_branch(Tour& tour, Level& level, std::size_t depth, Bounds bounds);
  void visit_leaf(Tour& tour, const Level& level, std::uint64_t number);
  void visit_row(Tour& tour, const LmdbNode& node, std::uint64_t number);
  [[nodiscard]] std::optional<std::string_view> long_value(Tour& tour, const LmdbNode& node);
  [[nodiscard]] bool in_order(const Tour& tour, const Level& level, bool leaf, Bounds bounds) const;
  void read_free_row(const LmdbNode& node);
  void check_accounts();
  [[nodiscard]] bool claim(const Tour& tour, std::uint64_t first, std::uint64_t pages);
  [[nodiscard]] bool read(std::uint64_t offset, std::size_t bytes, std::string& into);
  void damage(std::string sentence);
  [[nodiscard]] bool ended() const noexcept { return summary_.damages >= kDamageMax; }

  // Constant after construction.
  int file_;
  WalkReach reach_;
  const PageWalkCallbacks& callbacks_;

  // Known after open().
  LmdbMeta meta_, older_;  // of the last commit, and of the one before

  // Collected during the walk.
  PageWalkSummary summary_;
  std::uint64_t pages_read_ = 0;
  std::vector<bool> used_, free_;  // by page
  std::vector<std::pair<std::string, LmdbTree>> tables_;

  // Of the page in hand.
  std::array<Level, kDepthMax> levels_;  // from the root down to it
  std::string value_, header_;
  bool is_older_ = false;  // it belongs to the free list of the commit before the last
};

bool Walk::read(std::uint64_t offset, std::size_t bytes, std::string& into) {
  into.resize(bytes);
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = ::pread(file_, into.data() + have, bytes - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  if (++pages_read_ % kProgressPages == 0 && callbacks_.on_progress) callbacks_.on_progress(pages_read_);
  return true;
}

void Walk::damage(std::string sentence) {
  if (ended()) return;
  ++summary_.damages;
  callbacks_.on_damage(std::move(sentence));
}

std::optional<LmdbMeta> Walk::read_meta(std::uint64_t number, std::size_t page_bytes) {
  std::string why = "cannot be read";
  std::optional<LmdbMeta> meta;
  if (read(number * page_bytes, kLmdbPageHeaderBytes + kLmdbMetaBytes, header_)) meta = lmdb_meta(header_, number, why);
  if (!meta) damage(fmt::format("meta page {} {}", number, why));
  return meta;
}

Status Walk::open() {
  struct stat about {};
  if (::fstat(file_, &about) != 0) return Error{std::strerror(errno)};
  const auto first = read_meta(0, 0);
  // The page size stands in the first meta page. If that is damaged, we assume the system's, which is 4 KiB nearly
  // everywhere.
  const std::size_t page_bytes = first ? first->page_bytes() : 4096;
  const auto second = read_meta(1, page_bytes);
  if (!first || !second) return Error{"its structure cannot be followed"};
  if (second->page_bytes() != page_bytes) return Error{"its meta pages disagree about the page size"};
  const bool second_is_newer = second->transaction > first->transaction;
  meta_ = second_is_newer ? *second : *first;
  older_ = second_is_newer ? *first : *second;
  if (meta_.transaction != older_.transaction + 1 && meta_.transaction != 0)
    damage("has meta pages of transactions that do not follow each other");
  summary_.pages_in_file = static_cast<std::uint64_t>(about.st_size) / page_bytes;
  used_.resize(summary_.pages_in_file);
  summary_.pages = meta_.last_page + 1;
  free_.resize(summary_.pages);
  return {};
}

void Walk::run() {
  // If a bit flip changed a transaction number, the older meta page would look like the newer one, and the last commit
  // would be lost. The free lists show this: the older one never names a page that a later commit freed.
  // Before the first commit there is nothing that it could name, and a first commit that failed may have left half of
  // its meta page there.
  if (older_.transaction > 0) {
    is_older_ = true;
    std::swap(meta_, older_);
    walk_tree(std::string(kFreeList), meta_.free_list);
    std::swap(meta_, older_);
    is_older_ = false;
  }
  used_.assign(used_.size(), false);

  walk_tree(std::string(kFreeList), meta_.free_list);
  walk_tree(std::string(kTables), meta_.tables);
  for (const auto& [name, tree] : tables_) {
    summary_.rows.emplace(name, tree.entries);
    if (tree.flags != 0 || tree.pad != 0) damage(fmt::format("table {} has flags that straykey does not use", name));
    walk_tree("table " + name, tree);
  }
  check_accounts();
}

void Walk::walk_tree(const std::string& name, const LmdbTree& tree) {
  Tour tour{name, tree};
  tour.damages_before = summary_.damages;
  tour.integer_keys = name == kFreeList;
  if (tree.root != kLmdbNoPage) {
    if (tree.depth < 1 || tree.depth > kDepthMax) return damage(fmt::format("{} has an impossible depth", name));
    visit(tour, tree.root, 1, {});
  } else if (tree.depth != 0) {
    return damage(fmt::format("{} has a depth and no root", name));
  }
  if (summary_.damages != tour.damages_before) return;
  const bool leaves = reach_ == WalkReach::rows || tour.integer_keys || name == kTables;
  if (tour.branch_pages != tree.branch_pages || tour.leaf_pages != tree.leaf_pages)
    return damage(fmt::format("{} has another number of pages than it says", name));
  if (leaves && (tour.entries != tree.entries || tour.overflow_pages != tree.overflow_pages))
    damage(fmt::format("{} has {} rows and says {}", name, tour.entries, tree.entries));
}

// The pages [first, first + pages) belong to this tree, and to nothing else.
bool Walk::claim(const Tour& tour, std::uint64_t first, std::uint64_t pages) {
  if (first < kFirstPage || pages > used_.size() || first > used_.size() - pages ||
      first + pages - 1 > meta_.last_page) {
    damage(fmt::format("{} names page {}, which the file does not have", tour.name, first));
    return false;
  }
  for (std::uint64_t number = first; number < first + pages; ++number) {
    if (used_[number]) {
      damage(fmt::format("page {} of {} is used twice", number, tour.name));
      return false;
    }
    used_[number] = true;
  }
  return true;
}

void Walk::visit(Tour& tour, std::uint64_t number, std::size_t depth, Bounds bounds) {
  if (ended() || !claim(tour, number, 1)) return;
  const bool leaf = depth == tour.tree.depth;
  ++(leaf ? tour.leaf_pages : tour.branch_pages);
  const bool own = tour.integer_keys || tour.name == kTables;
  if (leaf && reach_ == WalkReach::branches && !own) return;
  Level& level = levels_[depth - 1];
  const std::size_t page_bytes = meta_.page_bytes();
  std::string why = "cannot be read";
  if (!read(number * page_bytes, page_bytes, level.page) ||
      !lmdb_nodes(level.page, number, leaf ? LmdbPageKind::leaf : LmdbPageKind::branch, level.nodes, why))
    return damage(fmt::format("page {} of {} {}", number, tour.name, why));
  // LMDB leaves single children in its free list now and then (its ITS#8336).
  const std::size_t nodes_min = leaf || tour.integer_keys ? 1 : 2;
  if (level.nodes.size() < nodes_min) return damage(fmt::format("page {} of {} has too few nodes", number, tour.name));
  if (!in_order(tour, level, leaf, bounds))
    return damage(fmt::format("page {} of {} is out of order", number, tour.name));
  if (leaf) return visit_leaf(tour, level, number);
  visit_branch(tour, level, depth, bounds);
}

// Keys of the free list are compared as numbers, all others as bytes. LMDB never looks at a branch's first key, so it
// is not checked.
bool Walk::in_order(const Tour& tour, const Level& level, bool leaf, Bounds bounds) const {
  const auto less = [&tour](std::string_view a, std::string_view b) {
    if (!tour.integer_keys) return a < b;
    return load_little_endian<std::uint64_t>(a.data()) < load_little_endian<std::uint64_t>(b.data());
  };
  const std::size_t first = leaf ? 0 : 1;
  for (std::size_t i = first; i < level.nodes.size(); ++i) {
    const std::string_view key = level.nodes[i].key;
    if (key.empty() || (tour.integer_keys && key.size() != sizeof(std::uint64_t))) return false;
    if (i > first && !less(level.nodes[i - 1].key, key)) return false;
    if (!bounds.low.empty() && less(key, bounds.low)) return false;
    if (bounds.high && !less(key, *bounds.high)) return false;
  }
  return true;
}

void Walk::visit_branch(Tour& tour, Level& level, std::size_t depth, Bounds bounds) {
  for (std::size_t i = 0; i < level.nodes.size(); ++i) {
    Bounds child = bounds;
    if (i > 0) child.low = level.nodes[i].key;
    if (i + 1 < level.nodes.size()) child.high = level.nodes[i + 1].key;
    visit(tour, level.nodes[i].child, depth + 1, child);
  }
}

void Walk::visit_leaf(Tour& tour, const Level& level, std::uint64_t number) {
  for (const LmdbNode& node : level.nodes) {
    if (ended()) return;
    ++tour.entries;
    visit_row(tour, node, number);
  }
}

void Walk::visit_row(Tour& tour, const LmdbNode& node, std::uint64_t number) {
  if (tour.name == kTables) {
    if (node.flags != LmdbNode::kTable || node.data_bytes != kLmdbTreeBytes)
      return damage(fmt::format("page {} of {} has a row that is no table", number, tour.name));
    tables_.emplace_back(node.key, lmdb_tree(node.data));
    return;
  }
  std::optional<std::string_view> value = node.data;
  if (node.flags == LmdbNode::kBigData) {
    value = long_value(tour, node);
    if (!value) return;
  } else if (node.flags != 0) {
    return damage(fmt::format("page {} of {} has a row of a kind that straykey does not write", number, tour.name));
  }
  if (!tour.integer_keys) {
    callbacks_.on_row(std::string_view(tour.name).substr(std::string_view("table ").size()), node.key, *value);
    return;
  }
  LmdbNode row = node;
  row.data = *value;
  read_free_row(row);
}

std::optional<std::string_view> Walk::long_value(Tour& tour, const LmdbNode& node) {
  const auto number = load_little_endian<std::uint64_t>(node.data.data());
  const std::size_t page_bytes = meta_.page_bytes();
  std::string why = "cannot be read";
  std::optional<std::uint32_t> pages;
  if (number < used_.size() && read(number * page_bytes, kLmdbPageHeaderBytes, header_))
    pages = lmdb_overflow_pages(header_, number, node.data_bytes, page_bytes, why);
  if (!pages) {
    damage(fmt::format("page {} of {} {}", number, tour.name, why));
    return std::nullopt;
  }
  tour.overflow_pages += *pages;
  if (!claim(tour, number, *pages)) return std::nullopt;
  if (read(number * page_bytes + kLmdbPageHeaderBytes, node.data_bytes, value_)) return value_;
  damage(fmt::format("page {} of {} {}", number, tour.name, why));
  return std::nullopt;
}

// Reads a row of the free list. Its key is the transaction that freed the pages; its value is their count and their
// numbers, the largest first.
void Walk::read_free_row(const LmdbNode& node) {
  const auto transaction = load_little_endian<std::uint64_t>(node.key.data());
  if (transaction == 0 || transaction > meta_.transaction)
    return damage("the free list names a transaction that never was");
  const std::size_t words = node.data.size() / sizeof(std::uint64_t);
  if (words < 1 || load_little_endian<std::uint64_t>(node.data.data()) > words - 1)
    return damage("the free list has an impossible row");
  if (is_older_) return;
  const auto count = load_little_endian<std::uint64_t>(node.data.data());
  std::uint64_t before = kLmdbNoPage;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto number = load_little_endian<std::uint64_t>(node.data.data() + i * sizeof(std::uint64_t));
    if (number < kFirstPage || number > meta_.last_page || number >= before || free_[number])
      return damage(fmt::format("the free list has page {} where it cannot be", number));
    before = number;
    free_[number] = true;
    ++summary_.pages_free;
  }
}

// Checks that no page is both used and free. Pages behind the end of the file were never written, so they must be free.
void Walk::check_accounts() {
  for (std::uint64_t number = kFirstPage; number < used_.size() && !ended(); ++number) {
    if (!used_[number]) continue;
    ++summary_.pages_used;
    if (number < free_.size() && free_[number]) damage(fmt::format("page {} is in use and in the free list", number));
  }
  if (summary_.damages > 0) return;
  for (std::uint64_t number = used_.size(); number <= meta_.last_page; ++number)
    if (!free_[number]) return damage(fmt::format("ends before page {}, which should be there", number));
}

}  // namespace

Result<PageWalkSummary> walk_pages(const std::string& file, WalkReach reach, const PageWalkCallbacks& callbacks) {
  INVARIANT(callbacks.on_row && callbacks.on_damage);
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!descriptor.is_open()) return Error{fmt::format("cannot be opened: {}", std::strerror(errno))};
  Walk walk(descriptor.number(), reach, callbacks);
  if (Status opened = walk.open(); !opened) return opened.error();
  walk.run();
  return walk.summary();
}

}  // namespace straykey
