#include "net/io/connection_table.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

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

// Null: refused.
std::unique_ptr<ConnectionTable::Place> enter(ConnectionTable& table, const IpAddress& address,
                                              std::function<void()> give_way = {}) {
  auto entered = table.enter(address, std::move(give_way));
  auto* const place = std::get_if<std::unique_ptr<ConnectionTable::Place>>(&entered);
  return place == nullptr ? nullptr : std::move(*place);
}

std::optional<ConnectionTable::Refused> refused(ConnectionTable& table, const IpAddress& address) {
  const auto entered = table.enter(address);
  const auto* const why = std::get_if<ConnectionTable::Refused>(&entered);
  return why == nullptr ? std::nullopt : std::optional(*why);
}

}  // namespace

TEST_CASE("an address and the listener as a whole have their limits, and places come back") {
  ConnectionTable table({3, 2});
  auto first = enter(table, v4(1));
  const auto second = enter(table, v4(1));
  REQUIRE((first && second));
  CHECK(refused(table, v4(1)) == ConnectionTable::Refused::address);
  const auto third = enter(table, v4(2));
  REQUIRE(third);
  for (const auto& place : {first.get(), second.get(), third.get()}) place->settle();
  CHECK(refused(table, v4(3)) == ConnectionTable::Refused::connections);
  first.reset();
  CHECK(table.size() == 2);
  CHECK(enter(table, v4(1)));
}

TEST_CASE("when all places are taken, the oldest connection that is not settled gives way") {
  ConnectionTable table({3, 3});
  std::string gone;
  const auto come = [&](const char* name, std::uint8_t last) {
    return enter(table, v4(last), [&gone, name] { gone += name; });
  };
  const auto a = come("a", 1), c = come("c", 3);
  auto b = come("b", 2);
  a->settle();
  const auto d = come("d", 4);
  CHECK(gone == "c");
  CHECK(table.size() == 4);  // its connection has not ended yet
  c->settle();               // too late
  c->doubt();
  const auto e = come("e", 5);
  CHECK(gone == "cb");
  b.reset();
  d->settle();
  e->settle();
  CHECK(refused(table, v4(6)) == ConnectionTable::Refused::connections);
  a->doubt();
  d->doubt();
  const auto f = come("f", 6);
  CHECK(gone == "cba");
  CHECK(table.size() == 5);
}

TEST_CASE("a connection that gave way counts for its address no more") {
  ConnectionTable table({2, 2});
  const auto first = enter(table, v4(1)), second = enter(table, v4(1));
  CHECK(refused(table, v4(1)) == ConnectionTable::Refused::address);  // nobody gives way to that
  const auto other = enter(table, v4(2));
  CHECK(other);
  CHECK(enter(table, v4(1)));
}

TEST_CASE("the hosts of one IPv6 network count as one address") {
  ConnectionTable table({10, 2});
  const auto first = enter(table, v6(1, 1));
  const auto second = enter(table, v6(1, 2));
  CHECK(refused(table, v6(1, 3)) == ConnectionTable::Refused::address);
  CHECK(enter(table, v6(2, 3)));
}

TEST_CASE("waiting for the last connection ends with it or at the deadline") {
  ConnectionTable table({10, 2});
  auto place = enter(table, v4(1));
  CHECK_FALSE(table.wait_empty_until(std::chrono::steady_clock::now()));
  place.reset();
  CHECK(table.wait_empty_until(std::chrono::steady_clock::now()));
}

TEST_CASE("a share that holds all that is used may grow over the budget; what is moved is held once") {
  const auto budget = std::make_shared<ByteBudget>(100);
  BudgetShare share(budget);
  CHECK(share.grow_to(250));
  BudgetShare other(budget);
  CHECK(budget->refused_at() == std::chrono::steady_clock::time_point());
  CHECK_FALSE(other.grow_to(1));
  CHECK(budget->refused_at() > std::chrono::steady_clock::time_point());
  {
    BudgetShare moved(std::move(share));
    CHECK(moved.bytes() == 250);
    moved.give_back(200);
    CHECK(budget->used() == 50);
    CHECK(share.bytes() == 0);
    CHECK(share.grow_by(30));  // of the same budget
    CHECK_FALSE(moved.grow_by(60));
    moved.grow_anyway(60);
    CHECK(budget->used() == 140);
  }
  CHECK(budget->used() == 30);
  BudgetShare of_none;
  CHECK(of_none.grow_to(SIZE_MAX));
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

TEST_CASE("one share at a time may go over a spent budget, until it is cleared, and its turn travels with it") {
  const auto budget = std::make_shared<ByteBudget>(100);
  BudgetShare first(budget), second(budget);
  CHECK(first.grow_in_turn_to(60));
  CHECK(second.grow_in_turn_to(30));
  CHECK_FALSE(first.has_turn());
  CHECK(first.grow_in_turn_to(90));
  CHECK(first.has_turn());
  CHECK(budget->used() == 120);
  CHECK_FALSE(second.grow_in_turn_to(40));
  CHECK(second.bytes() == 30);
  {
    BudgetShare moved(std::move(first));
    CHECK(moved.has_turn());
    CHECK(first.bytes() == 0);
    CHECK_FALSE(first.has_turn());
    CHECK(moved.grow_in_turn_to(200));
    CHECK_FALSE(second.grow_in_turn_to(40));
  }
  CHECK(second.grow_in_turn_to(100));
  CHECK_FALSE(second.has_turn());
  CHECK(first.grow_in_turn_to(5));
  CHECK(first.has_turn());
  first.end_turn();
  CHECK(second.grow_in_turn_to(110));
  CHECK(second.has_turn());
}

TEST_CASE("a budget may change: what is held beyond it stays, and nothing more is taken") {
  ByteBudget budget(100);
  REQUIRE(budget.reserve(80));
  budget.limit(50);
  CHECK_FALSE(budget.reserve(1));
  budget.give_back(60);
  CHECK(budget.reserve(30));
  budget.limit(1'000);
  CHECK(budget.reserve(900));
}

}  // namespace straykey
