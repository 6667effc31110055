#include "core/event/framing.h"

#include <cstdint>
#include <string_view>

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("framing: reading starts afresh at a later line that begins with a bracket and no indentation") {
  CHECK_EQ(next_line_with_value("{broken\n{\"a\":1}"), 8);
  CHECK_EQ(next_line_with_value("{broken\n  {\n[1]"), 12);
  CHECK_EQ(next_line_with_value("{broken\n"), 8);
  CHECK_EQ(next_line_with_value("{broken"), 7);
}

TEST_CASE("framing: text without a line that begins with a bracket is no JSON of ours") {
  CHECK(any_line_starts_with_bracket("words\n  [1]"));
  CHECK(any_line_starts_with_bracket(" ,\x1e{}"));
  CHECK_FALSE(any_line_starts_with_bracket("words {\nmore [\n"));
  CHECK_FALSE(any_line_starts_with_bracket(""));
}

TEST_CASE("framing: a CloudTrail file is known by its first member") {
  CHECK_EQ(records_array_at("{\"Records\":[{}]}"), 11);
  CHECK_EQ(records_array_at("{ \"Records\" : [{}]}\n"), 14);
  CHECK_EQ(records_array_at("{\"Records\":[\n{}]}"), 11);
  CHECK_EQ(records_array_at("{\"Records\":["), 0);
  CHECK_EQ(records_array_at("{\"Records\":{}}"), 0);
  CHECK_EQ(records_array_at("{\"records\":[{}]}"), 0);
}

TEST_CASE("framing: a line is looked for once for all places on it") {
  std::uint64_t looked_at = 0;
  const std::string_view text = "{} {}  \n{}\n  ";
  TextLine line(text, looked_at);
  line.move_to(0);
  CHECK(line.trimmed() == "{} {}");
  CHECK_FALSE(line.is_last());
  line.tried = true;
  line.move_to(3);
  CHECK(line.trimmed() == "{}");
  CHECK(line.bytes() == 4);
  CHECK(line.tried);
  CHECK(looked_at == 7 + 2 + 1);
  line.move_to(8);
  CHECK_FALSE(line.tried);
  CHECK(line.trimmed() == "{}");
  CHECK(line.is_last());
}

}  // namespace
}  // namespace straykey
