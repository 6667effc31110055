#include "net/io/connection_table.h"

#include <chrono>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

IpAddress v4(std::uint8_t last) {
  IpAddress out;
  out.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last};
  return out;
}

IpAddress v6(std::uint8_t network, std::uint8_t host) {
  IpAddress out;
  out.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host};
  return out;
}

}  // namespace

TEST_CASE("an address and the listener as a whole have their limits, and places come back") {
  ConnectionTable table({3, 2});
  auto first = table.enter(v4(1));
  const auto second = table.enter(v4(1));
  CHECK((first && second));
  CHECK_FALSE(table.enter(v4(1)));
  const auto third = table.enter(v4(2));
  CHECK(third);
  CHECK_FALSE(table.enter(v4(3)));
  first.reset();
  CHECK(table.size() == 2);
  CHECK(table.enter(v4(1)));
}

TEST_CASE("the hosts of one IPv6 network count as one address") {
  ConnectionTable table({10, 2});
  const auto first = table.enter(v6(1, 1));
  const auto second = table.enter(v6(1, 2));
  CHECK_FALSE(table.enter(v6(1, 3)));
  CHECK(table.enter(v6(2, 3)));
}

TEST_CASE("waiting for the last connection ends with it or at the deadline") {
  ConnectionTable table({10, 2});
  auto place = table.enter(v4(1));
  CHECK_FALSE(table.wait_empty_until(std::chrono::steady_clock::now()));
  place.reset();
  CHECK(table.wait_empty_until(std::chrono::steady_clock::now()));
}

TEST_CASE("a byte budget is never exceeded and shares give back what they hold") {
  const auto budget = std::make_shared<ByteBudget>(100);
  {
    BudgetShare share(budget);
    CHECK(share.grow_to(60));
    CHECK(share.grow_to(40));
    CHECK(share.bytes() == 60);
    BudgetShare other(budget);
    CHECK_FALSE(other.grow_to(41));
    CHECK_FALSE(other.grow_to(SIZE_MAX));
    CHECK(other.grow_to(40));
    CHECK(budget->used() == 100);
    CHECK_FALSE(share.grow_to(61));
    share.clear();
    CHECK(budget->used() == 40);
  }
  CHECK(budget->used() == 0);
}

}  // namespace straykey
