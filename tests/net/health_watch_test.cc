#include "net/admin/health_watch.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace straykey {
namespace {

constexpr Seconds kStart = 1'764'500'000;

// A server whose time is an argument.
struct Site {
  HealthWatch watch{HealthSettings{}};
  HealthSample sample;
  std::string said;

  Site() { sample.now = kStart; }
  // After `seconds` more in steps of ten, in each of which the sources named have brought `events` each.
  void pass(double seconds, std::uint64_t events_of_each = 0) {
    for (double end = sample.uptime + seconds; sample.uptime < end;) {
      sample.uptime += 10;
      sample.now += 10;
      for (SourceSample& source : sample.sources) source.events += events_of_each;
      look();
    }
  }
  void look() {
    const auto changes = watch.look(sample);
    for (const HealthFinding& one : changes.raised) said += "+" + std::string(one.kind) + ":" + one.subject + " ";
    for (const HealthFinding& one : changes.cleared) said += "-" + std::string(one.kind) + ":" + one.subject + " ";
  }
  std::string take() { return std::exchange(said, {}); }
};

TEST_CASE("health: a source that was never heard of is silent after a day, and speaks again") {
  Site site;
  site.sample.sources = {{"trail"}};
  site.pass(HealthWatch::kLearnedMax);
  CHECK_EQ(site.take(), "");
  site.pass(20);
  CHECK_EQ(site.take(), "+source_silent:trail ");
  REQUIRE_EQ(site.watch.findings().size(), 1);
  const HealthFinding& finding = site.watch.findings().front();
  CHECK_EQ(finding.sentence, "Source trail has sent no event for 24 h since the start; expected is one in 24 h.");
  const Seconds since = finding.since;
  site.pass(1'000);
  CHECK_EQ(site.take(), "");
  CHECK_EQ(site.watch.findings().front().since, since);
  site.sample.sources[0].events = 1;
  site.look();
  CHECK_EQ(site.take(), "-source_silent:trail ");
  CHECK(site.watch.findings().empty());
}

TEST_CASE("health: how long a source may rest is learned of each, or set for one or for all") {
  Site site;
  site.sample.sources = {{"busy"}, {"slow"}, {.name = "set", .silent_s = 60}};
  // `slow` brings something every 20 minutes.
  for (int i = 0; i < 12; ++i) {
    site.sample.sources[1].events += 1;
    for (int j = 0; j < 120; ++j) {
      site.sample.sources[0].events += 1;
      site.sample.sources[2].events += 1;
      site.pass(10);
    }
  }
  CHECK_EQ(site.take(), "");
  CHECK_EQ(site.watch.silence_of("busy").limit_s, HealthWatch::kLearnedMin);
  CHECK_EQ(site.watch.silence_of("slow").limit_s, 4 * 1'200);
  CHECK_EQ(site.watch.silence_of("set").limit_s, 60);
  site.pass(100);
  CHECK_EQ(site.take(), "+source_silent:set ");
  site.pass(HealthWatch::kLearnedMin);
  CHECK_EQ(site.take(), "+source_silent:busy ");
  site.pass(4 * 1'200);
  CHECK_EQ(site.take(), "+source_silent:slow ");
  HealthSettings patient;
  patient.source_silent_s = 100'000;
  site.watch.use(patient);
  site.look();
  CHECK_EQ(site.take(), "-source_silent:busy -source_silent:slow ");
}

TEST_CASE("health: a long pause is forgotten after two weeks, and a source that is gone is forgotten at once") {
  Site site;
  site.sample.sources = {{"trail"}};
  site.pass(7'200, 1);
  site.pass(3'000);
  site.pass(10, 1);
  CHECK_EQ(site.watch.silence_of("trail").limit_s, 4 * 3'010);
  site.take();
  site.pass(8 * 86'400, 1);
  CHECK_EQ(site.watch.silence_of("trail").limit_s, 4 * 3'010);
  site.pass(7 * 86'400, 1);
  CHECK_EQ(site.watch.silence_of("trail").limit_s, HealthWatch::kLearnedMin);
  site.pass(2'000);
  CHECK_EQ(site.take(), "+source_silent:trail ");
  site.sample.sources.clear();
  site.look();
  CHECK_EQ(site.take(), "-source_silent:trail ");
}

TEST_CASE("health: events of roles without any that issues their keys are told after a day, until one comes") {
  Site site;
  site.sample.of_roles = HealthWatch::kRoleEventsMin - 1;
  site.pass(200'000);
  CHECK_EQ(site.take(), "");  // too few to tell
  site.sample.of_roles += 1;
  site.pass(86'000);
  CHECK_EQ(site.take(), "");
  site.pass(500);
  CHECK_EQ(site.take(), "+issuing_never_seen: ");
  site.sample.issuing = 1;
  site.look();
  CHECK_EQ(site.take(), "-issuing_never_seen: ");
}

TEST_CASE("health: events that come late for half an hour are told, one late request is not") {
  Site site;
  site.watch.use({.source_silent_s = 10'000'000});
  site.sample.sources = {{"trail"}};
  site.sample.sources[0].lag_s = 3'601;
  site.pass(1'700, 1);
  site.sample.sources[0].lag_s = 300;
  site.pass(10, 1);
  site.sample.sources[0].lag_s = 7'300;
  site.pass(1'700, 1);
  CHECK_EQ(site.take(), "");
  site.pass(200, 1);
  CHECK_EQ(site.take(), "+event_lag:trail ");
  site.watch.use({.source_silent_s = 10'000'000, .event_lag_s = 0});
  site.look();
  CHECK_EQ(site.take(), "-event_lag:trail ");
}

TEST_CASE("health: address ranges are old by the wall clock, at the limit that is set, or never") {
  Site site;
  site.sample.ranges_created = kStart - 20 * kSecondsPerDay;
  site.look();
  CHECK_EQ(site.take(), "");
  site.sample.now += 1;
  site.look();
  CHECK_EQ(site.take(), "+ranges_old: ");
  CHECK_EQ(site.watch.findings().front().sentence,
           "AWS's address ranges are 20 days old; after 30 days verdicts that rest on them become weak.");
  site.watch.use({.ranges_age_days = 0});
  site.look();
  CHECK_EQ(site.take(), "-ranges_old: ");
}

}  // namespace
}  // namespace straykey
