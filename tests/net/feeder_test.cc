#include "net/ingest/feeder.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/net/syslog_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::chrono::seconds kPatience{10};
const std::string kOther = R"({"level":"info"})";

// A sender on the first io thread.
struct Sender {
  explicit Sender(std::size_t in_flight_max = 3) {
    Feeder::Callbacks callbacks;
    callbacks.gave_up = [this] { return gives_up.load(); };
    callbacks.on_stored = [this](std::uint64_t number, const ItemOutcomes& outcome) {
      stored.push_back(number);
      stored_below.push_back(feeder->stored_below());
      rejected += outcome.rejected;
      told.fetch_add(1);
    };
    callbacks.on_lost = [this](std::uint64_t number) { lost.push_back(number); };
    Feeder::Settings settings;
    settings.source = "queue";
    settings.in_flight_max = in_flight_max;
    settings.retry_min = std::chrono::milliseconds(1);
    settings.retry_max = std::chrono::milliseconds(5);
    feeder = std::make_shared<Feeder>(
        settings,
        Feeder::Dependencies{site.runtime->context(0).get_executor(), *site.reader, site.intake->submit(),
                             site.metrics.counter("waits", ""), site.budget},
        std::move(callbacks));
  }
  ~Sender() { site.runtime->stop(); }

  std::future<void> feed(std::string text) {
    SentText sent;
    sent.text = std::move(text);
    return boost::asio::co_spawn(site.runtime->context(0), feeder->feed(std::move(sent)), boost::asio::use_future);
  }
  // Runs on the io thread and returns what it said.
  template <class Call>
  auto on_its_thread(Call call) {
    std::promise<decltype(call())> said;
    site.runtime->call_soon(0, [&] { said.set_value(call()); });
    return said.get_future().get();
  }
  bool hears(int count) const {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (told < count && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return told == count;
  }

  SyslogFixture site;
  std::shared_ptr<Feeder> feeder;
  std::atomic<bool> gives_up{false};
  std::atomic<int> told{0};
  std::vector<std::uint64_t> stored, stored_below, lost;
  std::size_t rejected = 0;
};

bool ends(const std::future<void>& feeding) {
  return feeding.wait_for(kPatience) == std::future_status::ready;
}

}  // namespace

TEST_CASE(
    "what is stored is told by its number, with what became of its items, also where there was nothing to store") {
  Sender sender;
  CHECK(ends(sender.feed(record_json("a") + kOther)));
  CHECK(sender.hears(1));
  CHECK(ends(sender.feed(kOther)));
  CHECK(sender.hears(2));
  CHECK(ends(sender.feed("no JSON at all")));
  CHECK(sender.hears(3));
  CHECK(sender.stored == std::vector<std::uint64_t>{0, 1, 2});
  CHECK(sender.rejected == 2);
  CHECK(sender.site.counted("straykey_events_rejected_total{reason=\"bad_json\"}") == 1);
  CHECK(sender.site.counted("straykey_events_rejected_total{reason=\"not_cloudtrail\"}") == 2);
  CHECK(sender.site.counted("straykey_events_received_total{source=\"queue\"}") == 1);
}

TEST_CASE(
    "a text is offered until the queues have room, and again after a commit that failed; each event is stored once") {
  for (const auto mode : {FakePipeline::Mode::overloaded, FakePipeline::Mode::stopped, FakePipeline::Mode::fail}) {
    Sender sender;
    sender.site.pipeline.set(mode);
    const auto feeding = sender.feed(record_json("a") + kOther);
    CHECK(sender.site.pipeline.refused(3));
    sender.site.pipeline.set(FakePipeline::Mode::commit);
    CHECK(sender.hears(1));
    CHECK(ends(feeding));
    CHECK(sender.site.pipeline.ids() == std::vector<std::string>{"a"});
    CHECK(sender.site.counted("straykey_events_received_total{source=\"queue\"}") == 1);
    CHECK(sender.site.counted("straykey_events_rejected_total{reason=\"not_cloudtrail\"}") == 1);
    CHECK(sender.site.counted("straykey_events_refused_total") == 0);
    CHECK(sender.on_its_thread([&] { return sender.feeder->in_flight(); }) == 0);
  }
}

TEST_CASE("no more than its texts are in flight: the next one waits for a commit") {
  Sender sender(2);
  sender.site.pipeline.set(FakePipeline::Mode::hold);
  CHECK(ends(sender.feed(record_json("a"))));
  CHECK(ends(sender.feed(record_json("b"))));
  const auto third = sender.feed(record_json("c"));
  CHECK(sender.site.pipeline.holds(2));
  CHECK(sender.on_its_thread([&] { return sender.feeder->in_flight(); }) == 2);
  CHECK(sender.site.pipeline.requests() == 2);
  sender.site.pipeline.release(RequestOutcome::committed);
  CHECK(ends(third));
  CHECK(sender.site.pipeline.holds(1));
  sender.site.pipeline.release(RequestOutcome::committed);
  CHECK(sender.hears(3));
}

TEST_CASE("who acknowledges in order learns below which number all is stored, a waiting text and a lost one included") {
  Sender sender(1);
  sender.site.pipeline.set(FakePipeline::Mode::hold);
  CHECK(ends(sender.feed(record_json("a"))));
  const auto waiting = sender.feed(record_json("b"));
  CHECK(sender.on_its_thread([&] { return sender.feeder->stored_below(); }) == 0);
  sender.site.pipeline.release(RequestOutcome::committed);
  CHECK(sender.hears(1));
  CHECK(sender.stored_below == std::vector<std::uint64_t>{1});
  CHECK(ends(waiting));
  sender.site.pipeline.set(FakePipeline::Mode::overloaded);
  sender.site.pipeline.release(RequestOutcome::committed);
  CHECK(sender.hears(2));
  const auto losing = sender.feed(record_json("c"));
  CHECK(sender.site.pipeline.refused(2));
  sender.gives_up = true;
  CHECK(ends(losing));
  sender.gives_up = false;
  sender.site.pipeline.set(FakePipeline::Mode::commit);
  CHECK(ends(sender.feed(record_json("d"))));
  CHECK(sender.hears(3));
  CHECK(sender.lost == std::vector<std::uint64_t>{2});
  CHECK(sender.stored == std::vector<std::uint64_t>{0, 1, 3});
  CHECK(sender.stored_below.back() == 2);
  CHECK(sender.site.counted("straykey_events_refused_total") == 1);
}

TEST_CASE("giving up ends the wait for commits at the next tick") {
  Sender sender(1);
  sender.site.pipeline.set(FakePipeline::Mode::hold);
  CHECK(ends(sender.feed(record_json("a"))));
  const auto waiting = boost::asio::co_spawn(sender.site.runtime->context(0),
                                             sender.feeder->wait_until_in_flight_below(1), boost::asio::use_future);
  sender.gives_up = true;
  (void)sender.on_its_thread([&] {
    sender.feeder->wake();
    return 0;
  });
  CHECK(ends(waiting));
  sender.site.pipeline.release(RequestOutcome::committed);
  CHECK(sender.hears(1));
}

TEST_CASE("a commit that ends after its feeder is gone harms nobody") {
  Sender sender;
  sender.site.pipeline.set(FakePipeline::Mode::hold);
  CHECK(ends(sender.feed(record_json("a"))));
  CHECK(sender.site.pipeline.holds(1));
  (void)sender.on_its_thread([&] {
    sender.feeder.reset();
    return 0;
  });
  sender.site.pipeline.release(RequestOutcome::failed);
  CHECK(sender.told == 0);
}

TEST_CASE("a text waits for room in the budget, holds it until it is stored, and does not count in the queues") {
  Sender sender;
  const auto budget = sender.site.budget;
  const std::size_t all = 64u << 20;
  REQUIRE(budget->reserve(all));
  auto fed = sender.feed(record_json("a"));
  while (sender.site.metrics.counter("waits", "").value() < 3) std::this_thread::yield();
  CHECK(sender.site.pipeline.requests() == 0);
  sender.site.pipeline.set(FakePipeline::Mode::hold);
  budget->give_back(all);
  fed.get();
  REQUIRE(sender.site.pipeline.holds(1));
  CHECK(budget->used() >= Request::event_bytes());
  sender.site.pipeline.release(RequestOutcome::committed);
  CHECK(sender.hears(1));
  while (budget->used() > 0) std::this_thread::yield();
}

}  // namespace straykey
