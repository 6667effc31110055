#include "core/engine/route.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/calls.h"

namespace straykey {
namespace {

constexpr HashKey kKey{5, 6};

// The shards that an event reaches, and as what.
struct Reached {
  std::vector<std::uint32_t> use, issue;
};
std::map<std::uint32_t, Reached> reached(const Request& request) {
  std::map<std::uint32_t, Reached> out;
  for (const Request::ShardBatch& batch : request.batches)
    for (const Request::RoutedEvent& routed : batch.events) {
      if (routed.use) out[routed.index].use.push_back(batch.shard);
      if (routed.issue) out[routed.index].issue.push_back(batch.shard);
    }
  return out;
}

TEST_CASE(
    "route: with any shard count an event is used once, where its key lives, and issued where its new key lives") {
  for (std::uint32_t shards = 1; shards <= 8; ++shards) {
    Request request;
    for (int i = 0; i < 40; ++i) {
      Call call;
      call.key = "ASIA" + std::to_string(i);
      add(request, call);
      Issue issue;
      issue.issued_key = call.key;
      add(request, issue);
      add(request, issue);
      request.events.back().access_key = "ASIACHAINED";  // a role that assumes another role
    }
    route(request, kKey, shards);
    for (const auto& [index, where] : reached(request)) {
      const Event& event = request.events[index];
      const std::string_view owner = !event.access_key.empty() ? event.access_key : event.issued_key;
      REQUIRE_EQ(where.use, std::vector<std::uint32_t>{shard_of(access_key_id(kKey, owner), shards)});
      if (event.issued_key.empty()) {
        REQUIRE(where.issue.empty());
      } else {
        REQUIRE_EQ(where.issue, std::vector<std::uint32_t>{shard_of(access_key_id(kKey, event.issued_key), shards)});
      }
    }
    REQUIRE_EQ(reached(request).size(), request.events.size());
  }
}

TEST_CASE("route: a session stands for the key of the console's calls and of the other account's copies") {
  const std::string principal = "AROAEXAMPLE:orders-fn";
  for (std::uint32_t shards = 1; shards <= 8; ++shards) {
    Request request;
    Call console;
    console.console_session = true;
    add(request, console);
    request.events.back().principal_id = principal;
    Issue issue;
    add(request, issue);
    request.events.back().type = IdentityType::aws_account;
    request.events.back().invoked_by = {};
    request.events.back().principal_id = principal;
    const Hash128 session = session_id(kKey, principal, request.events.front().day());
    route(request, kKey, shards);
    int by_session = 0;
    for (const Request::ShardBatch& batch : request.batches) {
      for (const Request::RoutedEvent& routed : batch.events) {
        if (!routed.by_session) continue;
        ++by_session;
        REQUIRE(routed.signature.access_key == session);
        REQUIRE_EQ(batch.shard, shard_of(session, shards));
        REQUIRE_EQ(routed.use, routed.index == 0);
        REQUIRE_EQ(routed.hands_on, routed.index == 1);
      }
    }
    REQUIRE_EQ(by_session, 2);
    const Day day = request.events.front().day();
    REQUIRE(session_day_after(session) == session_id(kKey, principal, day + 1));
    REQUIRE(session_day_before(session) == session_id(kKey, principal, day - 1));
    REQUIRE_EQ(shard_of(session_day_after(session), shards), shard_of(session, shards));
    const auto where = reached(request);
    REQUIRE_EQ(where.at(0).use.size(), 1);
    REQUIRE_EQ(where.at(1).use, std::vector<std::uint32_t>{shard_of(access_key_id(kKey, issue.issued_key), shards)});
  }
}

TEST_CASE("route: what is known of a caller is handed on by the caller's shard, and only there") {
  for (std::uint32_t shards = 1; shards <= 8; ++shards) {
    Request request;
    for (int i = 0; i < 40; ++i) {
      Call call;
      call.key = "ASIA" + std::to_string(i);
      call.assumes = "archive";
      call.gives = call.key + "X";
      add(request, call);
    }
    route(request, kKey, shards);
    int handing_on = 0;
    for (const Request::ShardBatch& batch : request.batches)
      for (const Request::RoutedEvent& routed : batch.events) {
        CHECK_EQ(routed.hands_on, routed.use);
        if (routed.hands_on) ++handing_on;
      }
    CHECK_EQ(handing_on, 40);
  }
}

TEST_CASE("route: descents go to the shards of their keys, in one new batch for each, and once") {
  Request request;
  add(request, Call{});
  route(request, kKey, 3);
  std::map<std::uint32_t, std::size_t> wanted;
  for (int i = 0; i < 30; ++i) {
    const Hash128 key = access_key_id(kKey, "ASIA" + std::to_string(i));
    request.batches[0].handed_on.push_back({key, "111122223333/archive", {}});
    ++wanted[shard_of(key, 3)];
  }
  REQUIRE(route_descents(request, 3));
  CHECK_EQ(request.batches.size(), 1 + wanted.size());
  for (std::size_t i = 1; i < request.batches.size(); ++i) {
    CHECK_EQ(request.batches[i].descents.size(), wanted[request.batches[i].shard]);
    CHECK(request.batches[i].events.empty());
  }
  CHECK_FALSE(route_descents(request, 3));
}

TEST_CASE("route: events that were signed one by one, some or none of them are routed alike") {
  const auto routed_after = [](int signed_events) {
    Request request;
    request.events.reserve(12);
    for (int i = 0; i < 12; ++i) {
      if (i % 3 == 0) {
        Issue issue;
        issue.issued_key = "ASIA" + std::to_string(i);
        add(request, issue);
      } else {
        Call call;
        call.key = i % 3 == 1 ? "ASIA" + std::to_string(i) : "";
        call.id = "event " + std::to_string(i);
        add(request, call);
      }
      if (i < signed_events) sign(request, kKey);
    }
    route(request, kKey, 4);
    CHECK(request.routed.empty());
    std::vector<std::string> out;
    for (const Request::ShardBatch& batch : request.batches)
      for (const Request::RoutedEvent& routed : batch.events)
        out.push_back(std::to_string(batch.shard) + ' ' + std::to_string(routed.index) + (routed.use ? " use" : "") +
                      (routed.issue ? " issue " : " ") + routed.signature.teaching.hex() + ' ' +
                      std::to_string(routed.event_id));
    return out;
  };
  const std::vector<std::string> none = routed_after(0);
  CHECK_GE(none.size(), 12);
  CHECK_EQ(routed_after(5), none);
  CHECK_EQ(routed_after(12), none);
}

TEST_CASE("route: an issuing event reaches the shard where the key's uses arrive") {
  for (std::uint32_t shards = 1; shards <= 8; ++shards) {
    Request request;
    add(request, Issue{});
    add(request, Call{});
    route(request, kKey, shards);
    auto where = reached(request);
    CHECK_EQ(where[0].issue, where[1].use);
  }
}

TEST_CASE("route: without any key the account decides") {
  Request request;
  Call call;
  call.key.clear();
  add(request, call);
  route(request, kKey, 8);
  CHECK_EQ(reached(request)[0].use, std::vector<std::uint32_t>{shard_of(access_key_id(kKey, kTestAccount), 8)});
}

TEST_CASE("route: each shard has one batch, its events in the order of the body") {
  Request request;
  for (int i = 0; i < 200; ++i) {
    Call call;
    call.key = "ASIA" + std::to_string(i % 17);
    add(request, call);
  }
  route(request, kKey, 4);
  std::set<std::uint32_t> shards;
  for (const Request::ShardBatch& batch : request.batches) {
    CHECK(shards.insert(batch.shard).second);
    for (std::size_t i = 1; i < batch.events.size(); ++i) REQUIRE_LT(batch.events[i - 1].index, batch.events[i].index);
  }
  CHECK_EQ(shards.size(), 4);
}

TEST_CASE("route: another hash key spreads keys otherwise") {
  int differ = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "ASIA" + std::to_string(i);
    differ += shard_of(access_key_id({1, 1}, key), 8) != shard_of(access_key_id({2, 2}, key), 8) ? 1 : 0;
  }
  CHECK_GT(differ, 50);
}

}  // namespace
}  // namespace straykey
