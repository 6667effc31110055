#include "net/ingest/object_feed.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/net/syslog_fixture.h"
#include "tests/support/compress.h"
#include "tests/support/many_records.h"

namespace straykey {
namespace {

using End = ObjectFeed::End;

struct Site {
  explicit Site(std::size_t bytes_max = 256u << 20) : budget(std::make_shared<ByteBudget>(bytes_max)) {}

  ObjectFeed::Outcome feed(std::string text) {
    ObjectFeed::Settings settings{"trail", 0, {.cut = true}};
    ObjectFeed object_feed(settings, {intake, submit, budget, waits, [this] { return stops; },
                                      [this](std::chrono::milliseconds) { stops = stops || --pauses_left < 0; }});
    BudgetShare share(budget);
    if (!object_feed.reserve(share, text.size())) return {End::stopped, {}};
    return object_feed.feed(std::move(text), std::move(share));
  }

  FakePipeline pipeline;
  Metrics metrics;
  std::shared_ptr<ByteBudget> budget;
  Counter& waits = metrics.counter("waits_total", "of the test");
  Intake intake{
      PayloadLimits{}, 1, {.now = [] { return Seconds{1'767'225'600}; }, .sign = {}, .on_reject = {}}, metrics};
  Submit submit = [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
  int pauses_left = 3;
  bool stops = false;
};

}  // namespace

TEST_CASE("an object of many Requests is stored whole, and gives back what it held") {
  Site site;
  const auto outcome = site.feed(gzip_of(numbered_records(100'000, 10'000)));
  CHECK(outcome.end == End::stored);
  CHECK_EQ(outcome.items.accepted, 99'990);
  CHECK_EQ(outcome.items.rejected, 10);
  CHECK(site.pipeline.stored(99'990));
  CHECK_EQ(site.budget->used(), 0);
}

TEST_CASE("a commit that fails fails the object; a pipeline that stops ends it") {
  for (const auto& [mode, expected] :
       {std::pair{FakePipeline::Mode::fail, End::failed}, std::pair{FakePipeline::Mode::stopped, End::stopped},
        std::pair{FakePipeline::Mode::overloaded, End::stopped}}) {  // it waits until it is told to stop
    Site site;
    site.pipeline.set(mode);
    CHECK(site.feed(numbered_records(40'000)).end == expected);
    CHECK_EQ(site.budget->used(), 0);
  }
}

TEST_CASE("an object that is no text of records, or whose compression is damaged, says so") {
  Site site;
  const auto text = site.feed("no records");
  CHECK(text.end == End::unreadable);
  CHECK(text.items.error == PayloadError::unreadable_body);
  CHECK(site.feed(gzip_of(numbered_records(100)).substr(0, 100)).items.error == PayloadError::bad_compression);
  CHECK(site.feed("").end == End::stored);
}

TEST_CASE("an object waits for memory that others hold; alone it may go beyond the budget") {
  Site site(1 << 20);
  CHECK(site.feed(numbered_records(40'000)).end == End::stored);
  BudgetShare other(site.budget);
  REQUIRE(other.grow_to(1 << 20));
  CHECK(site.feed(numbered_records(1'000)).end == End::stopped);
  CHECK(site.waits.value() > 0);
}

}  // namespace straykey
