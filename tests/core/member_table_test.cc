// Names are found among those known, and nothing else is.
#include "core/event/member_table.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

struct Row {
  std::string_view name;
};
constexpr MemberTable kTable(std::array{Row{"arn"}, Row{"type"}, Row{"eventName"}, Row{"eventTime"}, Row{"eventType"},
                                        Row{"sessionCredentialFromConsole"}, Row{"abcdefghijklmnopqrstuvwxyz012345"}});

std::size_t find(std::string name) {
  const std::size_t size = name.size();
  name += "\":\"" + std::string(64, 'x');
  return kTable.find(name.data(), size);
}

TEST_CASE("each name is found at its row") {
  for (std::size_t row = 0; row < kTable.size(); ++row) CHECK(find(std::string(kTable[row].name)) == row);
}

TEST_CASE("names that differ in a byte, or are longer or shorter, are not found") {
  for (std::size_t row = 0; row < kTable.size(); ++row) {
    const std::string name(kTable[row].name);
    CHECK(find(name + "x") == kTable.size());
    CHECK(find(name.substr(1)) == kTable.size());
    CHECK(find(name.substr(0, name.size() - 1)) == kTable.size());
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other = name;
      other[at] = '_';
      CHECK(find(other) == kTable.size());
    }
  }
  CHECK(find("") == kTable.size());
  CHECK(find("xy") == kTable.size());
  CHECK(find(std::string(33, 'x')) == kTable.size());
}

}  // namespace
}  // namespace straykey
