// A page is read as nodes only if every node lies in it.
#include "storage/lmdb_page.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace straykey {
namespace {

template <class T>
void set(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// A leaf of 512 bytes with the rows a=1 and bb=22, as LMDB lays them out.
std::string leaf_page() {
  std::string page(512, '\0');
  set<std::uint64_t>(page, 0, 7);
  set<std::uint16_t>(page, 10, 2);
  set<std::uint16_t>(page, 12, 20);
  set<std::uint16_t>(page, 14, 490);
  set<std::uint16_t>(page, 16, 502);
  set<std::uint16_t>(page, 18, 490);
  set<std::uint32_t>(page, 502, 1);
  set<std::uint16_t>(page, 508, 1);
  page.replace(510, 2, "a1");
  set<std::uint32_t>(page, 490, 2);
  set<std::uint16_t>(page, 496, 2);
  page.replace(498, 4, "bb22");
  return page;
}

bool readable(const std::string& page, std::string& why) {
  std::vector<LmdbNode> nodes;
  return lmdb_nodes(page, 7, LmdbPageKind::leaf, nodes, why);
}

TEST_CASE("lmdb page: the nodes of a leaf, in order") {
  std::vector<LmdbNode> nodes;
  std::string why;
  const std::string page = leaf_page();
  REQUIRE(lmdb_nodes(page, 7, LmdbPageKind::leaf, nodes, why));
  REQUIRE_EQ(nodes.size(), 2);
  CHECK_EQ(nodes[0].key, "a");
  CHECK_EQ(nodes[0].data, "1");
  CHECK_EQ(nodes[1].key, "bb");
  CHECK_EQ(nodes[1].data, "22");
}

TEST_CASE("lmdb page: another number, kind, bounds, offset, key size or data size is named") {
  std::string why;
  const auto refused = [&](std::size_t at, std::uint16_t value) {
    std::string page = leaf_page();
    set<std::uint16_t>(page, at, value);
    return !readable(page, why);
  };
  CHECK(refused(0, 8));
  CHECK_EQ(why, "is another page than it should be");
  CHECK(refused(10, 1));
  CHECK_EQ(why, "should be a leaf");
  CHECK(refused(12, 492));
  CHECK_EQ(why, "has impossible bounds");
  CHECK(refused(12, 18));
  CHECK_EQ(why, "has gaps or overlaps between its nodes");
  CHECK(refused(16, 511));
  CHECK(refused(16, 488));
  CHECK(refused(508, 400));
  CHECK(refused(502, 400));
  CHECK_EQ(why, "has a node that reaches beyond it");
}

TEST_CASE("lmdb page: no change of bytes makes it read outside the page") {
  std::mt19937 random(5);
  std::string why;
  for (int i = 0; i < 20'000; ++i) {
    std::string page = leaf_page();
    for (int change = 0; change < 3; ++change) page[random() % page.size()] = static_cast<char>(random());
    std::vector<LmdbNode> nodes;
    if (!lmdb_nodes(page, 7, LmdbPageKind::leaf, nodes, why)) continue;
    for (const LmdbNode& node : nodes) {
      REQUIRE(node.key.data() >= page.data());
      REQUIRE(node.data.data() + node.data.size() <= page.data() + page.size());
    }
  }
}

TEST_CASE("lmdb page: a long value needs a first page of its own, and enough of them") {
  std::string header(16, '\0'), why;
  set<std::uint64_t>(header, 0, 9);
  set<std::uint16_t>(header, 10, 4);
  set<std::uint32_t>(header, 12, 2);
  CHECK_EQ(lmdb_overflow_pages(header, 9, 8'000, 4096, why), 2);
  CHECK_EQ(lmdb_overflow_pages(header, 9, 8'177, 4096, why), std::nullopt);
  CHECK_EQ(why, "has too few pages for its value");
  CHECK_EQ(lmdb_overflow_pages(header, 8, 8'000, 4096, why), std::nullopt);
}

}  // namespace
}  // namespace straykey
