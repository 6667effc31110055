#include "net/client/name_lookup.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <memory>

#include "tests/support/localhost.h"
#include "tests/support/webhook_receiver.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

namespace asio = boost::asio;

const IpAddress kAddress = IpAddress::from_v4(0xc6336407);  // 198.51.100.7

}  // namespace

TEST_CASE("a name's addresses arrive on the event loop, and each ask looks anew") {
  asio::io_context io;
  int asked = 0;
  NameLookup lookup(asio::make_strand(io), "hooks.example.com", [&](const std::string& host) {
    ++asked;
    return host == "hooks.example.com" ? std::vector{kAddress} : std::vector<IpAddress>{};
  });
  const auto guard = asio::make_work_guard(io);
  for (int i = 1; i <= 2; ++i) {
    std::vector<IpAddress> found;
    lookup.ask([&](const std::vector<IpAddress>& addresses) { found = addresses; });
    CHECK(found.empty());
    REQUIRE(run_until(io, [&] { return !found.empty(); }));
    CHECK(found == std::vector{kAddress});
    CHECK_EQ(asked, i);
  }
}

TEST_CASE("who asks while a lookup is under way gets its answer, without another thread") {
  asio::io_context io;
  std::promise<void> release;
  int asked = 0;
  NameLookup lookup(asio::make_strand(io), "hooks.example.com",
                    [&, wait = release.get_future().share()](const std::string&) {
                      ++asked;
                      wait.wait();
                      return std::vector{kAddress};
                    });
  const auto guard = asio::make_work_guard(io);
  int answers = 0;
  for (int i = 0; i < 3; ++i) lookup.ask([&](const std::vector<IpAddress>&) { ++answers; });
  release.set_value();
  REQUIRE(run_until(io, [&] { return answers == 3; }));
  CHECK_EQ(asked, 1);
}

TEST_CASE("after close() the event loop may go although a lookup is still under way") {
  std::promise<void> release;
  const auto let_go = std::make_shared<std::promise<void>>();
  std::future<void> all_gone = let_go->get_future();
  bool called = false;
  {
    asio::io_context io;
    NameLookup lookup(asio::make_strand(io), "hooks.example.com",
                      [wait = release.get_future().share(), last = std::shared_ptr<void>(nullptr, [let_go](void*) {
                                                              let_go->set_value();
                                                            })](const std::string&) {
                        wait.wait();
                        return std::vector{kAddress};
                      });
    lookup.ask([&](const std::vector<IpAddress>&) { called = true; });
    lookup.close();
  }
  release.set_value();
  REQUIRE(all_gone.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK_FALSE(called);
}

TEST_CASE("the system knows localhost as loopback, and no address of a name that cannot exist") {
  const std::vector<IpAddress> found = resolve_with_system("localhost");
  CHECK_EQ(found.empty(), !knows_localhost());
  for (const IpAddress& address : found) CHECK((address == *parse_ip("127.0.0.1") || address == *parse_ip("::1")));
  CHECK(resolve_with_system("..").empty());
}
