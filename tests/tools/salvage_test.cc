#include "tools/scan/salvage.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/tools/gzip_text.h"

namespace straykey {
namespace {

constexpr std::size_t kMax = 1 << 20;

// Does not compress to nothing, so that a cut of its gzip is a cut of it.
std::string long_text() {
  std::mt19937 random(12);
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(random());
  return text;
}

TEST_CASE("salvage: whole gzip gives all of its members and no fault, NUL bytes behind it included") {
  const std::string one = long_text(), bytes = gzip_of(one) + gzip_of("and another");
  CHECK_EQ(salvage_gzip(bytes, kMax).text, one + "and another");
  CHECK_EQ(salvage_gzip(bytes, kMax).fault, "");
  CHECK_EQ(salvage_gzip(bytes + std::string(512, '\0'), kMax).fault, "");
}

TEST_CASE("salvage: cut gzip gives the text before the cut, wherever that is") {
  const std::string text = long_text(), bytes = gzip_of("first") + gzip_of(text), all = "first" + text;
  std::size_t last = 0;
  for (std::size_t size = 2; size < bytes.size(); size += 997) {
    const Salvaged salvaged = salvage_gzip(std::string_view(bytes).substr(0, size), kMax);
    if (size == gzip_of("first").size()) continue;
    CHECK_EQ(salvaged.fault, "the gzip file is cut short");
    CHECK(all.starts_with(salvaged.text));
    CHECK_GE(salvaged.text.size(), last);
    last = salvaged.text.size();
  }
  CHECK_GT(last, text.size() / 2);
}

TEST_CASE("salvage: damaged gzip gives its members before the damage, and nothing whose checksum is wrong") {
  const std::string text = long_text();
  std::string bytes = gzip_of("first") + gzip_of(text);
  bytes[bytes.size() - 6] ^= 1;  // of the checksum
  const Salvaged salvaged = salvage_gzip(bytes, kMax);
  CHECK_EQ(salvaged.text, "first");
  CHECK_EQ(salvaged.fault, "the gzip file is damaged");
}

TEST_CASE("salvage: bytes that are no gzip are said; a text over the bound is cut and said") {
  const Salvaged foreign = salvage_gzip(gzip_of("first") + "no gzip", kMax);
  CHECK_EQ(foreign.text, "first");
  CHECK_EQ(foreign.fault, "bytes that are no gzip follow the gzip file's content");
  const Salvaged large = salvage_gzip(gzip_of(long_text()), 1'000);
  CHECK_EQ(large.text, long_text().substr(0, 1'000));
  CHECK_EQ(large.fault, "the gzip file inflates to more than is read of one file");
}

}  // namespace
}  // namespace straykey
