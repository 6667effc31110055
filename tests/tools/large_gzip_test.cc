#include "tools/scan/large_gzip.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/tools/gzip_text.h"

namespace straykey {
namespace {

constexpr std::size_t kPieceBytes = 512 << 10, kValueBytesMax = 2 << 20;

struct Read {
  std::string text;
  std::size_t pieces = 0, largest = 0;
  std::string fault;
};
Read read(const std::string& gzip) {
  Read out;
  out.fault = read_large_gzip(gzip, {kPieceBytes, kValueBytesMax}, [&](std::string text) {
    out.text += text;
    ++out.pieces;
    out.largest = std::max(out.largest, text.size());
  });
  return out;
}

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += R"({"eventVersion":"1.11","number":)" + std::to_string(i) + "}\n";
  return text;
}

// Joined members of 16 MiB each: a gigabyte of white space is a megabyte of gzip.
std::string spaces(int members) {
  const std::string one = gzip_of(std::string(16 << 20, ' '));
  std::string out;
  for (int i = 0; i < members; ++i) out += one;
  return out;
}

TEST_CASE("large gzip: lines come in pieces that end between values, and none is lost") {
  const std::string text = lines(100'000);
  const Read seen = read(gzip_of(text));
  CHECK_EQ(seen.text, text);
  CHECK_EQ(seen.fault, "");
  CHECK_GT(seen.pieces, 4);
  CHECK_LE(seen.largest, 2 * kPieceBytes);
}

TEST_CASE("large gzip: white space before, between and behind values is not kept") {
  const std::string some = lines(20'000);
  const Read seen = read(spaces(3) + gzip_of(some) + spaces(4) + gzip_of("\n" + some) + spaces(3));
  CHECK_EQ(seen.fault, "");
  CHECK_LE(seen.largest, 4 * kPieceBytes);
  CHECK_LE(seen.text.size(), 2 * some.size() + 4 * kPieceBytes);
  std::string dense;
  for (const char c : seen.text)
    if (c != ' ' && !(c == '\n' && (dense.empty() || dense.back() == '\n'))) dense.push_back(c);
  CHECK_EQ(dense, some + some);
}

TEST_CASE("large gzip: one value over the limit is a fault, and what came before it is given") {
  const std::string before = lines(40'000);
  const Read seen = read(gzip_of(before + R"({"a":")" + std::string(5 << 20, 'x') + "\"}\n"));
  CHECK_EQ(seen.fault, "it holds a value that is larger than what is read of one");
  CHECK(before.starts_with(seen.text));
  CHECK_GT(seen.text.size(), 0);
  CHECK_EQ(read(gzip_of(R"({"Records":[)" + std::string(5 << 20, '1'))).fault, seen.fault);
}

TEST_CASE("large gzip: gzip within gzip is not unpacked further, and a cut is said") {
  std::string packed;
  while (packed.size() < 2 * kPieceBytes) packed += gzip_of(lines(3));
  CHECK(read(gzip_of(packed)).fault.starts_with("it is compressed more than once"));
  const std::string whole = gzip_of(lines(100'000));
  CHECK_EQ(read(whole.substr(0, whole.size() / 2)).fault, "the gzip file is cut short");
}

}  // namespace
}  // namespace straykey
