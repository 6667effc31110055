#include "net/deliver/webhook_queue.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace straykey;

namespace {

constexpr Seconds kWall = 1'700'000'000;

Moment at_ms(std::int64_t ms) {
  return {kWall + ms / 1'000, 1'000'000 + ms};
}
Hash128 alert(std::uint64_t number) {
  return {number, 0};
}
Delivery delivery(std::uint64_t number, Seconds not_before = 0, std::uint32_t attempts = 0) {
  return {.endpoint = "soc", .alert_id = alert(number), .body = "{}", .attempts = attempts, .not_before = not_before};
}
Delivery test_delivery(std::uint64_t number) {
  Delivery test = delivery(number);
  test.marked_test = true;
  return test;
}

WebhookQueue::Settings fast() {
  WebhookQueue::Settings settings;
  settings.rate_per_s = 1'000;
  return settings;
}

AttemptResult answered(std::uint16_t status, std::optional<Seconds> retry_after_s = {}) {
  return {status, retry_after_s, status >= 200 && status < 300 ? "" : "it answered with an error status"};
}

// Starts the next one and ends it with `status`; its outcome.
DeliveryOutcome attempt(WebhookQueue& queue, Moment now, std::uint16_t status) {
  const Delivery* next = queue.start(now);
  REQUIRE(next != nullptr);
  return queue.finish(next->alert_id, answered(status), now, 0.5);
}

std::int64_t wait_ms(const WebhookQueue& queue, Moment now) {
  const auto wake = queue.wake_at(now);
  REQUIRE(wake.has_value());
  return *wake - now.steady_ms;
}

}  // namespace

TEST_CASE("what is given back was not attempted, and makes room for the next") {
  WebhookQueue::Settings one = fast();
  one.concurrent_max = 1;
  WebhookQueue queue(one);
  queue.put(delivery(1), at_ms(0));
  queue.put(delivery(2), at_ms(0));
  CHECK_EQ(queue.start(at_ms(0))->alert_id, alert(1));
  queue.give_back(alert(1));
  CHECK_EQ(queue.held(), 1);
  CHECK_EQ(queue.start(at_ms(0))->alert_id, alert(2));
  queue.put(delivery(1), at_ms(0));
  CHECK(queue.finish(alert(2), answered(200), at_ms(0), 0.5).kind == DeliveryOutcome::Kind::delivered);
  CHECK_EQ(queue.start(at_ms(0))->attempts, 0);
}

TEST_CASE("what is postponed was not attempted, and waits; what waits can be dropped, but no test") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  REQUIRE(queue.start(at_ms(0)) != nullptr);
  CHECK_EQ(queue.under_way(alert(1)).alert_id, alert(1));
  queue.postpone(alert(1), 1'000, at_ms(0));
  CHECK(queue.start(at_ms(999)) == nullptr);
  CHECK_EQ(wait_ms(queue, at_ms(0)), 1'000);
  REQUIRE(queue.start(at_ms(1'000)) != nullptr);
  CHECK_EQ(queue.under_way(alert(1)).attempts, 0);
  queue.put(delivery(2), at_ms(1'000));
  queue.put(test_delivery(3), at_ms(1'000));
  queue.drop_deliveries();
  CHECK_EQ(queue.held(), 2);
  CHECK_EQ(queue.start(at_ms(1'000))->alert_id, alert(3));
  CHECK(queue.finish(alert(1), answered(200), at_ms(1'000), 0.5).kind == DeliveryOutcome::Kind::delivered);
}

TEST_CASE("deliveries go out in the order they came, four at a time") {
  WebhookQueue queue(fast());
  for (std::uint64_t i = 1; i <= 6; ++i) queue.put(delivery(i), at_ms(0));
  for (std::uint64_t i = 1; i <= 4; ++i) CHECK_EQ(queue.start(at_ms(0))->alert_id.low, i);
  CHECK(queue.start(at_ms(0)) == nullptr);
  CHECK_FALSE(queue.wake_at(at_ms(0)));
  CHECK(queue.finish(alert(2), answered(200), at_ms(5), 0.5).kind == DeliveryOutcome::Kind::delivered);
  CHECK_EQ(queue.held(), 5);
  CHECK_EQ(queue.start(at_ms(5))->alert_id.low, 5);
}

TEST_CASE("an outcome says what the outbox must keep") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  const DeliveryOutcome failed = attempt(queue, at_ms(0), 503);
  CHECK(failed.kind == DeliveryOutcome::Kind::retry);
  CHECK_EQ(failed.endpoint, "soc");
  CHECK_EQ(failed.attempts, 1);
  CHECK_EQ(failed.next_attempt, kWall + 5);
  CHECK_EQ(failed.http_status, 503);
  CHECK_EQ(failed.error, "it answered with an error status");
  CHECK_EQ(wait_ms(queue, at_ms(0)), 5'000);
  CHECK(queue.start(at_ms(4'999)) == nullptr);
  const DeliveryOutcome delivered = attempt(queue, at_ms(5'000), 200);
  CHECK(delivered.kind == DeliveryOutcome::Kind::delivered);
  CHECK_EQ(delivered.attempts, 2);
  CHECK(delivered.error.empty());
  CHECK_EQ(queue.held(), 0);
  CHECK_FALSE(queue.wake_at(at_ms(5'000)));
}

TEST_CASE("after a restart attempts and due time go on where they were") {
  WebhookQueue queue(fast());
  queue.put(delivery(1, kWall + 60, 3), at_ms(0));
  CHECK(queue.start(at_ms(0)) == nullptr);
  CHECK_EQ(wait_ms(queue, at_ms(0)), 60'000);
  const DeliveryOutcome failed = attempt(queue, at_ms(60'000), 500);
  CHECK_EQ(failed.attempts, 4);
  CHECK_EQ(failed.next_attempt, kWall + 60 + 7'200);
}

TEST_CASE("a wall clock that was set back cannot postpone a delivery beyond the longest wait") {
  WebhookQueue queue(fast());
  queue.put(delivery(1, kWall + 400 * kSecondsPerDay), at_ms(0));
  CHECK_EQ(wait_ms(queue, at_ms(0)), 103'680'000);
}

TEST_CASE("the rate is kept after a burst of one second's worth") {
  WebhookQueue::Settings settings;
  settings.rate_per_s = 10;
  settings.concurrent_max = 100;
  WebhookQueue queue(settings);
  for (std::uint64_t i = 1; i <= 40; ++i) queue.put(delivery(i), at_ms(0));
  std::size_t sent = 0;
  for (std::int64_t ms = 0; ms <= 1'000; ++ms)
    while (queue.start(at_ms(ms)) != nullptr) ++sent;
  CHECK_EQ(sent, 20);
  CHECK_EQ(wait_ms(queue, at_ms(1'000)), 100);
}

TEST_CASE("a rate under one a second still sends") {
  WebhookQueue::Settings settings;
  settings.rate_per_s = 0.1;
  WebhookQueue queue(settings);
  queue.put(delivery(1), at_ms(0));
  queue.put(delivery(2), at_ms(0));
  CHECK(queue.start(at_ms(0)) != nullptr);
  CHECK(queue.start(at_ms(0)) == nullptr);
  CHECK_EQ(wait_ms(queue, at_ms(0)), 10'000);
  CHECK(queue.start(at_ms(10'000)) != nullptr);
}

TEST_CASE("three refusals in a row are the end of a delivery, and a failure between them starts the count again") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  std::vector<DeliveryOutcome::Kind> kinds;
  std::int64_t ms = 0;
  for (const int status : {404, 404, 500, 404, 404, 404}) {
    ms = *queue.wake_at(at_ms(ms)) - at_ms(0).steady_ms;
    kinds.push_back(attempt(queue, at_ms(ms), static_cast<std::uint16_t>(status)).kind);
  }
  CHECK(std::count(kinds.begin(), kinds.end(), DeliveryOutcome::Kind::retry) == 5);
  CHECK(kinds.back() == DeliveryOutcome::Kind::dead);
  CHECK_EQ(queue.held(), 0);
}

TEST_CASE("after five failures in a row one attempt at a time goes out, on the schedule") {
  WebhookQueue queue(fast());
  for (std::uint64_t i = 1; i <= 20; ++i) queue.put(delivery(i), at_ms(0));
  for (int i = 0; i < 4; ++i) attempt(queue, at_ms(0), 500);
  CHECK_FALSE(queue.circuit_open());
  attempt(queue, at_ms(0), 500);
  CHECK(queue.circuit_open());
  CHECK(queue.start(at_ms(4'999)) == nullptr);
  std::int64_t ms = 0;
  for (const std::int64_t wait_s : {5, 300, 1'800, 3'600, 3'600, 3'600}) {
    CHECK_EQ(wait_ms(queue, at_ms(ms)), wait_s * 1'000);
    ms += wait_s * 1'000;
    const Delivery* probe = queue.start(at_ms(ms));
    REQUIRE(probe != nullptr);
    CHECK(queue.start(at_ms(ms)) == nullptr);
    CHECK_FALSE(queue.wake_at(at_ms(ms)));
    queue.finish(probe->alert_id, answered(0), at_ms(ms), 0.5);
  }
  CHECK_EQ(queue.held(), 20);
}

TEST_CASE("a probe that succeeds closes the circuit and sends all that waited") {
  WebhookQueue queue(fast());
  for (std::uint64_t i = 1; i <= 20; ++i) queue.put(delivery(i), at_ms(0));
  for (int i = 0; i < 5; ++i) attempt(queue, at_ms(0), 500);
  CHECK(attempt(queue, at_ms(5'000), 200).kind == DeliveryOutcome::Kind::delivered);
  CHECK_FALSE(queue.circuit_open());
  for (int i = 0; i < 19; ++i) attempt(queue, at_ms(5'000), 200);
  CHECK_EQ(queue.held(), 0);
}

TEST_CASE("attempts that began before the circuit opened do not push the probe away") {
  WebhookQueue queue(fast());
  for (std::uint64_t i = 1; i <= 8; ++i) queue.put(delivery(i), at_ms(0));
  for (int i = 0; i < 3; ++i) attempt(queue, at_ms(0), 500);
  std::vector<Hash128> under_way;
  for (int i = 0; i < 4; ++i) under_way.push_back(queue.start(at_ms(0))->alert_id);
  for (const Hash128& id : under_way) queue.finish(id, answered(0), at_ms(1'000), 0.5);
  CHECK(queue.circuit_open());
  CHECK_EQ(wait_ms(queue, at_ms(1'000)), 5'000);
}

TEST_CASE("410 pauses an endpoint until it is resumed, and loses nothing") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  queue.put(delivery(2), at_ms(0));
  const DeliveryOutcome gone = attempt(queue, at_ms(0), 410);
  CHECK(gone.kind == DeliveryOutcome::Kind::retry);
  CHECK_EQ(gone.next_attempt, kWall + 3'600);
  CHECK(queue.paused());
  CHECK(queue.start(at_ms(10'000'000)) == nullptr);
  CHECK_FALSE(queue.wake_at(at_ms(10'000'000)));
  CHECK_EQ(queue.held(), 2);
  queue.resume(at_ms(10'000'000));
  CHECK(attempt(queue, at_ms(10'000'000), 200).kind == DeliveryOutcome::Kind::delivered);
  CHECK(attempt(queue, at_ms(10'000'000), 200).kind == DeliveryOutcome::Kind::delivered);
}

TEST_CASE("Retry-After of a 429 holds up the whole endpoint") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  queue.put(delivery(2), at_ms(0));
  const Delivery* first = queue.start(at_ms(0));
  queue.finish(first->alert_id, answered(429, 600), at_ms(0), 0.5);
  CHECK(queue.start(at_ms(599'999)) == nullptr);
  CHECK_EQ(wait_ms(queue, at_ms(0)), 600'000);
  CHECK(queue.start(at_ms(600'000)) != nullptr);
}

TEST_CASE("a marked test is tried once and passes circuit and pause; its success ends both") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  attempt(queue, at_ms(0), 410);
  queue.put(test_delivery(2), at_ms(0));
  CHECK(attempt(queue, at_ms(0), 500).kind == DeliveryOutcome::Kind::dead);
  CHECK(queue.paused());
  CHECK_EQ(queue.held(), 1);
  queue.put(test_delivery(3), at_ms(0));
  CHECK(attempt(queue, at_ms(0), 200).kind == DeliveryOutcome::Kind::delivered);
  CHECK_FALSE(queue.paused());
  CHECK_EQ(queue.start(at_ms(0))->alert_id.low, 1);
}

TEST_CASE("a delivery handed over again replaces the waiting one and leaves one under way alone") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  attempt(queue, at_ms(0), 500);
  CHECK(queue.start(at_ms(0)) == nullptr);
  queue.put(delivery(1), at_ms(0));
  CHECK_EQ(queue.held(), 1);
  const Delivery* again = queue.start(at_ms(0));
  REQUIRE(again != nullptr);
  CHECK_EQ(again->attempts, 0);
  queue.put(delivery(1, 0, 7), at_ms(0));
  CHECK(queue.start(at_ms(0)) == nullptr);
  CHECK_EQ(queue.finish(alert(1), answered(200), at_ms(0), 0.5).attempts, 1);
  CHECK_EQ(queue.held(), 0);
}

TEST_CASE("a body is the same, byte for byte, for every attempt") {
  WebhookQueue queue(fast());
  Delivery first = delivery(1);
  first.body = std::string("{\"x\":\"\xc3\xa9\\n\"}\0 ", 13);
  const std::string body = first.body;
  queue.put(std::move(first), at_ms(0));
  attempt(queue, at_ms(0), 500);
  const Delivery* second = queue.start(at_ms(5'000));
  REQUIRE(second != nullptr);
  CHECK(second->body == body);
}

TEST_CASE("a pause by hand lasts until it is resumed, whatever is delivered meanwhile, and loses nothing") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  queue.put(delivery(2), at_ms(0));
  REQUIRE(queue.start(at_ms(0)) != nullptr);
  queue.pause();
  CHECK(queue.paused());
  CHECK(queue.start(at_ms(0)) == nullptr);
  CHECK_FALSE(queue.wake_at(at_ms(0)));
  CHECK(queue.finish(alert(1), answered(200), at_ms(5), 0.5).kind == DeliveryOutcome::Kind::delivered);
  queue.put(test_delivery(9), at_ms(5));
  CHECK(attempt(queue, at_ms(5), 200).kind == DeliveryOutcome::Kind::delivered);
  CHECK(queue.paused());
  CHECK(queue.start(at_ms(10)) == nullptr);
  queue.resume(at_ms(10));
  CHECK_FALSE(queue.paused());
  CHECK_EQ(queue.start(at_ms(10))->alert_id, alert(2));
}

TEST_CASE("what was written where no answer is known is delivered") {
  WebhookQueue queue(fast());
  queue.put(delivery(1), at_ms(0));
  REQUIRE(queue.start(at_ms(0)) != nullptr);
  CHECK(queue.finish(alert(1), {.error = {}, .written = true}, at_ms(1), 0.5).kind == DeliveryOutcome::Kind::delivered);
  CHECK_EQ(queue.held(), 0);
}

TEST_CASE("an endpoint that is another one begins anew; one that goes drops what waits and ends what is under way") {
  WebhookQueue queue(fast());
  for (std::uint64_t i = 1; i <= 6; ++i) queue.put(delivery(i), at_ms(0));
  for (int i = 0; i < 5; ++i) CHECK(attempt(queue, at_ms(10), 503).kind == DeliveryOutcome::Kind::retry);
  CHECK(queue.circuit_open());
  CHECK_EQ(queue.oldest_ms(at_ms(2'000)), 2'000);
  queue.begin_anew(at_ms(2'000));
  CHECK_FALSE(queue.circuit_open());
  CHECK_EQ(wait_ms(queue, at_ms(2'000)), 0);

  const Hash128 under_way = queue.start(at_ms(2'000))->alert_id;
  queue.put(test_delivery(7), at_ms(2'000));
  CHECK(queue.drop_waiting() == std::vector<Hash128>{alert(7)});
  CHECK_EQ(queue.held(), 1);
  CHECK(queue.finish(under_way, answered(204), at_ms(2'010), 0.5).kind == DeliveryOutcome::Kind::delivered);
  CHECK_EQ(queue.held(), 0);
  CHECK_EQ(queue.oldest_ms(at_ms(2'020)), 0);
  CHECK(queue.start(at_ms(2'020)) == nullptr);
}
