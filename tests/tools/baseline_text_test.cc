#include "tools/commands/baseline_text.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::string fact(const std::string& kind, const std::string& value, const std::string& days) {
  return R"({"kind":")" + kind + R"(","value":")" + value + R"(","days":[)" + days + R"(],"first_day":"2026-10-01"})";
}

TEST_CASE("baseline text: a column is the same day in every row, and the first line says which") {
  const std::string text = baseline_text({fact("identity_tool", "boto3", R"("2026-11-04")"),
                                          fact("identity_network", "AS64506", R"("2026-11-26","2026-11-27")"),
                                          fact("identity_tool", "curl", R"("2026-10-02")")});
  const std::string blank(64, ' ');
  CHECK_EQ(text, blank + "2026-10-29          2026-11-27\n" +
                     "tool                   boto3                                    "
                     "......#.......................  first 2026-10-01  last 2026-11-04\n"
                     "network                AS64506                                  "
                     "............................##  first 2026-10-01  last 2026-11-27\n"
                     "tool                   curl                                     "
                     "..............................  first 2026-10-01  last 2026-10-02\n");
}

TEST_CASE("baseline text: of nothing there is nothing, and what cannot be read spoils no other row") {
  CHECK(baseline_text({}).empty());
  CHECK(baseline_text({"[]", "no JSON", fact("x", "y", "7")}).empty());
  const std::string text = baseline_text({"no JSON", fact("identity_tool", "boto3\\u001b[31m", R"("2026-11-04")")});
  CHECK_NE(text.find("boto3"), std::string::npos);
  CHECK_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace straykey
