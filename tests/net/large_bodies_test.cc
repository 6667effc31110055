#include "net/ingest/large_bodies.h"

#include <atomic>
#include <future>
#include <string>

#include "tests/net/syslog_fixture.h"
#include "tests/support/many_records.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using End = LargeBodies::End;

struct Site {
  explicit Site(std::size_t bytes_max = 256u << 20, LargeBodies::Settings settings = {})
      : budget(std::make_shared<ByteBudget>(bytes_max)),
        intake(PayloadLimits{}, 2, {.now = [] { return Seconds{1'767'225'600}; }, .sign = {}, .on_reject = {}},
               metrics),
        submit([this](std::unique_ptr<Request>& request) { return pipeline.submit(request); }),
        bodies(std::make_unique<LargeBodies>(settings, LargeBodies::Dependencies{intake, 1, submit})) {}

  // What becomes of a body. It ends with "accepted/rejected" of its outcome.
  std::future<std::pair<End, std::string>> read(const std::string& text, Intake::Limits limits = {}) {
    auto ended = std::make_shared<std::promise<std::pair<End, std::string>>>();
    limits.cut = true;
    SentText sent{.text = text};
    LargeBodies::Body body{intake.read(sent, limits, "source", 0), BudgetShare(budget), {}, {}};
    body.on_stored = [this](std::size_t events) { events_stored += events; };
    body.on_end = [ended](End end, const ItemOutcomes& outcome) {
      ended->set_value({end, std::to_string(outcome.accepted) + "/" + std::to_string(outcome.rejected)});
    };
    auto end = ended->get_future();
    bodies->read(std::move(body));
    return end;
  }
  [[nodiscard]] std::uint64_t refused() { return metrics.counter("straykey_events_refused_total", "").value(); }

  FakePipeline pipeline;
  std::atomic<std::size_t> events_stored{0};
  Metrics metrics;
  std::shared_ptr<ByteBudget> budget;
  Intake intake;
  Submit submit;
  std::unique_ptr<LargeBodies> bodies;
};

}  // namespace

TEST_CASE("a large body is answered when all of its Requests are stored, with what became of all of it") {
  Site site;
  auto end = site.read(numbered_records(100'000, 10'000));
  CHECK(end.get() == std::pair{End::stored, std::string("99990/10")});
  CHECK(site.pipeline.stored(99'990));
  CHECK(site.pipeline.requests() == 7);
  site.bodies.reset();
  CHECK(site.budget->used() == 0);
}

TEST_CASE("a few Requests of a body are on their way and one is built; the next waits") {
  Site site;
  site.pipeline.set(FakePipeline::Mode::hold);
  auto end = site.read(numbered_records(100'000));
  REQUIRE(site.pipeline.holds(2));
  CHECK(site.budget->used() <= 2 * LargeBodies::kRequestBytes);  // the first came with what it holds
  site.pipeline.set(FakePipeline::Mode::commit);
  CHECK(site.pipeline.requests() == 2);
  site.pipeline.release(RequestOutcome::committed);
  CHECK(end.get().first == End::stored);
  CHECK(site.pipeline.stored(100'000));
}

TEST_CASE("a commit that fails fails the body, and nothing more of it is read") {
  Site site;
  site.pipeline.set(FakePipeline::Mode::hold);
  auto end = site.read(numbered_records(100'000));
  REQUIRE(site.pipeline.holds(2));
  site.pipeline.release(RequestOutcome::failed);
  CHECK(end.get().first == End::failed);
  CHECK(site.pipeline.requests() == 2);
  CHECK(site.refused() == 3 * kRequestEventsMax);  // two on their way, one that was built
}

TEST_CASE("a body that the pipeline does not take ends with its reason, and gives back what it held") {
  for (const auto& [mode, expected] : {std::pair{FakePipeline::Mode::overloaded, End::overloaded},
                                       std::pair{FakePipeline::Mode::stopped, End::stopped}}) {
    Site site(256u << 20, {.room_wait = std::chrono::milliseconds(1)});
    site.pipeline.set(mode);
    CHECK(site.read(numbered_records(20'000)).get().first == expected);
    site.bodies.reset();
    CHECK(site.budget->used() == 0);
    CHECK(site.refused() == kRequestEventsMax);
  }
}

TEST_CASE("a body for which others leave no memory ends as overloaded; alone it is read whatever the budget") {
  Site site(1 << 20, {.room_wait = std::chrono::milliseconds(1)});
  CHECK(site.read(numbered_records(40'000)).get().first == End::stored);
  BudgetShare other(site.budget);
  REQUIRE(other.grow_to(1));
  CHECK(site.read(numbered_records(40'000)).get().first == End::overloaded);
}

TEST_CASE("bodies are read one after the other; one over the limit of records says so") {
  Site site;
  auto first = site.read(numbered_records(40'000));
  auto second = site.read(numbered_records(40'000), {.records_max = 30'000});
  auto third = site.read(numbered_records(50'000));
  CHECK(first.get() == std::pair{End::stored, std::string("40000/0")});
  CHECK(second.get().first == End::unreadable);
  CHECK(third.get() == std::pair{End::stored, std::string("50000/0")});
  CHECK(site.events_stored == 40'000 + kRequestEventsMax + 50'000);  // also what was stored of the second
}

TEST_CASE("at the end, bodies that wait hear that the server stops") {
  Site site;
  site.pipeline.set(FakePipeline::Mode::hold);
  auto first = site.read(numbered_records(100'000));
  auto second = site.read(numbered_records(100'000));
  REQUIRE(site.pipeline.holds(2));
  site.bodies.reset();
  CHECK(first.get().first == End::stopped);
  CHECK(second.get().first == End::stopped);
}

}  // namespace straykey
