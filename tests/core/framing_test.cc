#include "core/event/framing.h"

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

TEST_CASE("framing: a CloudTrail file on one line is known by its first member") {
  CHECK_EQ(records_array_at("{\"Records\":[{}]}"), 11);
  CHECK_EQ(records_array_at("{ \"Records\" : [{}]}\n"), 14);
  CHECK_EQ(records_array_at("{\"Records\":[\n{}]}"), 0);
  CHECK_EQ(records_array_at("{\"Records\":["), 0);
  CHECK_EQ(records_array_at("{\"Records\":{}}"), 0);
  CHECK_EQ(records_array_at("{\"records\":[{}]}"), 0);
}

}  // namespace
}  // namespace straykey
