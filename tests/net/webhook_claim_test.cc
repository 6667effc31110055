// A sender that asks before each attempt, because another node may deliver in its place.
#include <string>
#include <utility>
#include <vector>

#include "net/deliver/webhook_sender.h"
#include "tests/support/webhook_receiver.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

struct Claiming {
  boost::asio::io_context io;
  Metrics metrics;
  Log log{{.level = LogLevel::error}};
  std::vector<DeliveryOutcome> outcomes;
  std::vector<DeliveryClaim> claims;
  WebhookReceiver receiver{io, [](const WebhookReceiver::Request&) { return WebhookReceiver::status(204); }};
  std::unique_ptr<WebhookSender> sender;

  Claiming() {
    WebhookEndpoint endpoint;
    endpoint.name = "soc";
    endpoint.url = receiver.url();
    endpoint.sign = false;
    endpoint.allow_http = true;
    endpoint.allow_cidrs = {*parse_prefix("127.0.0.0/8")};
    WebhookSettings settings;
    settings.claim = [this](DeliveryClaim claim) { claims.push_back(std::move(claim)); };
    auto created = WebhookSender::create(io, {endpoint}, std::move(settings), metrics, log,
                                         [this](DeliveryOutcome outcome) { outcomes.push_back(std::move(outcome)); });
    REQUIRE(created.ok());
    sender = std::move(created).value();
  }
  void deliver(std::uint64_t number) {
    sender->deliver({.endpoint = "soc", .alert_id = {number, 7}, .body = std::to_string(number)});
  }
};

}  // namespace

TEST_CASE("claim: nothing is posted before it is granted, and what is not ours is forgotten") {
  Claiming test;
  test.deliver(1);
  test.deliver(2);
  REQUIRE(run_until(test.io, [&] { return test.claims.size() == 2; }));
  CHECK_EQ(test.claims[0].endpoint, "soc");
  CHECK_EQ(test.claims[0].alert_id, Hash128{1, 7});
  CHECK(test.receiver.requests().empty());
  test.claims[0].answer(ClaimAnswer::not_ours);
  test.claims[1].answer(ClaimAnswer::granted);
  REQUIRE(run_until(test.io, [&] { return test.outcomes.size() == 1; }));
  REQUIRE_EQ(test.receiver.requests().size(), 1);
  CHECK_EQ(test.receiver.requests()[0].body, "2");
  test.deliver(1);  // from the outbox, when this node delivers again
  REQUIRE(run_until(test.io, [&] { return test.claims.size() == 3; }));
  test.claims[2].answer(ClaimAnswer::granted);
  REQUIRE(run_until(test.io, [&] { return test.outcomes.size() == 2; }));
}

TEST_CASE("claim: after 'not now' it is asked for again, and the attempt is not counted") {
  Claiming test;
  test.deliver(1);
  REQUIRE(run_until(test.io, [&] { return test.claims.size() == 1; }));
  test.claims[0].answer(ClaimAnswer::not_now);
  REQUIRE(run_until(test.io, [&] { return test.claims.size() == 2; }));
  test.claims[1].answer(ClaimAnswer::granted);
  REQUIRE(run_until(test.io, [&] { return test.outcomes.size() == 1; }));
  CHECK_EQ(test.outcomes[0].attempts, 1);
}

TEST_CASE("claim: what another node delivers is dropped while it waits, and a marked test is nobody else's") {
  Claiming test;
  test.deliver(1);
  REQUIRE(run_until(test.io, [&] { return test.claims.size() == 1; }));
  test.claims[0].answer(ClaimAnswer::not_now);
  test.sender->drop_deliveries();
  Delivery marked{.endpoint = "soc", .alert_id = {9, 9}, .body = "test"};
  marked.marked_test = true;
  bool ended = false;
  test.sender->test(marked, [&](const DeliveryOutcome&) { ended = true; });
  REQUIRE(run_until(test.io, [&] { return ended; }));
  CHECK_EQ(test.claims.size(), 1);
  REQUIRE_EQ(test.receiver.requests().size(), 1);
  CHECK_EQ(test.receiver.requests()[0].body, "test");
}
