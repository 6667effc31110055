#include "tools/config/config_bounds.h"

#include <doctest/doctest.h>

#include <string>

#include "tools/config/config.h"

namespace straykey {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST_CASE(
    "config bounds: a key, lists and tables deeper than 100 parts are refused with their place, whatever the depth") {
  for (const std::size_t parts : {101UL, 20'000UL}) {
    const auto key = over_config_bounds("data_dir = 'x'\nx" + repeated(".y", parts) + " = 1\n");
    REQUIRE(key.has_value());
    CHECK_EQ(key->line, 2);
    CHECK_EQ(key->column, 2 + 2 * 99);
    CHECK(over_config_bounds("x = " + repeated("[", parts) + repeated("]", parts)).has_value());
    CHECK(over_config_bounds("x = " + repeated("[\n", parts)).has_value());
    CHECK(over_config_bounds("[x" + repeated(".y", parts) + "]").has_value());
  }
  CHECK(over_config_bounds("x = " + repeated("{a = ", 101)).has_value());
  CHECK(over_config_bounds("x = " + repeated("{a.b.c = ", 34)).has_value());
  CHECK(over_config_bounds("x = [\n" + repeated("{a.b.c = [\n", 26)).has_value());
}

TEST_CASE("config bounds: what is in strings and comments, and many short things, is not deep") {
  const std::string dots = repeated(".[{", 200);
  CHECK_FALSE(over_config_bounds("x = \"" + dots + "\"\ny = '" + dots + "'\n# " + dots).has_value());
  CHECK_FALSE(over_config_bounds("x = \"\"\"\n" + dots + "\n\"\"\"\ny = \"\\\"" + dots + "\"").has_value());
  CHECK_FALSE(over_config_bounds("x = [" + repeated("1.5, ", 500) + "]").has_value());
  CHECK_FALSE(over_config_bounds(repeated("[a.b]\nc.d = [[1], {e = 2}]\n", 500)).has_value());
  CHECK_FALSE(over_config_bounds("x" + repeated(".y", 98) + " = 1").has_value());
  CHECK_FALSE(over_config_bounds("").has_value());
}

TEST_CASE("config bounds: a line of more than 64 KiB is refused with its number") {
  const std::string line(kConfigLineBytesMax, '#');
  CHECK_FALSE(over_config_bounds("\n" + line + "\n").has_value());
  const auto over = over_config_bounds("\n" + line + "#");
  REQUIRE(over.has_value());
  CHECK_EQ(over->line, 2);
}

TEST_CASE("config bounds: the parser does not see such a text") {
  const ConfigResult result = parse_config("x" + repeated(".y", 20'000) + " = 1", "/etc/c.toml");
  REQUIRE_EQ(result.errors.size(), 1);
  CHECK_NE(result.errors.front().text().find("/etc/c.toml:1:200: this is more than 100 parts deep"), std::string::npos);
}

}  // namespace
}  // namespace straykey
