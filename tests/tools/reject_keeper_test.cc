#include "tools/server/reject_keeper.h"

#include <string>
#include <vector>

#include "storage/reject_ring.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Keeping {
  TemporaryDirectory scratch;
  Log log{Log::Settings{LogLevel::error, false}};
  Metrics metrics;
  std::unique_ptr<RejectRing> ring;
  RejectKeeper::TimePoint at{std::chrono::seconds(1'000)};

  Keeping() {
    auto opened = RejectRing::open({scratch.path() + "/rejects", 64 << 20});
    REQUIRE(opened.ok());
    ring = std::move(opened).value();
  }
  [[nodiscard]] RejectKeeper::Dependencies dependencies() {
    return {*ring, metrics, log, [] { return Seconds{1'780'000'000}; }};
  }
  [[nodiscard]] std::uint64_t not_kept(std::string_view reason) {
    return metrics.counter("straykey_rejects_not_kept_total", "", {{"reason", reason}}).value();
  }
  [[nodiscard]] std::vector<KeptReject> kept() {
    std::vector<KeptReject> found;
    REQUIRE(ring->scan(0,
                       [&](const KeptReject& one) {
                         found.push_back(one);
                         return true;
                       })
                .ok());
    return found;
  }
};

TEST_CASE("reject keeper: what was handed over is written by the time it stops, with reason, source and size") {
  Keeping here;
  RejectKeeper keeper({}, here.dependencies());
  keeper.keep(RejectReason::truncated, "{\"a\"", "forwarder", here.at);
  keeper.keep(RejectReason::record_too_large, std::string(kKeptRecordBytesMax + 5, 'x'), "syslog_tcp 192.0.2.1",
              here.at);
  keeper.keep(RejectReason::bad_json, "", "forwarder", here.at);
  keeper.stop();
  keeper.keep(RejectReason::bad_json, "late", "forwarder", here.at);
  const auto kept = here.kept();
  REQUIRE_EQ(kept.size(), 2);
  CHECK_EQ(kept[0].reason, "truncated");
  CHECK_EQ(kept[0].record, "{\"a\"");
  CHECK_EQ(kept[0].at, 1'780'000'000);
  CHECK_EQ(kept[1].source, "syslog_tcp 192.0.2.1");
  CHECK_EQ(kept[1].record.size(), kKeptRecordBytesMax);
  CHECK_EQ(kept[1].bytes, kKeptRecordBytesMax + 5);
  CHECK_EQ(here.not_kept("empty"), 1);
  CHECK_EQ(here.metrics.counter("straykey_rejects_kept_total", "").value(), 2);
}

TEST_CASE("reject keeper: a flood is kept up to its bytes a second, and the rest is counted") {
  Keeping here;
  const std::string record(744, 'x');  // 1,000 bytes with what it costs besides
  RejectKeeper keeper({.bytes_per_second_max = 10'000, .burst_bytes_max = 50'000, .waiting_bytes_max = 1 << 20},
                      here.dependencies());
  for (int i = 0; i < 1'000; ++i) keeper.keep(RejectReason::bad_json, record, "forwarder", here.at);
  CHECK_EQ(here.not_kept("rate"), 950);
  here.at += std::chrono::seconds(2);
  for (int i = 0; i < 1'000; ++i) keeper.keep(RejectReason::bad_json, record, "forwarder", here.at);
  CHECK_EQ(here.not_kept("rate"), 950 + 980);
  // However long nothing comes, no more than the burst is saved up.
  here.at += std::chrono::hours(1);
  for (int i = 0; i < 1'000; ++i) keeper.keep(RejectReason::bad_json, record, "forwarder", here.at);
  CHECK_EQ(here.not_kept("rate"), 950 + 980 + 950);
  keeper.stop();
  CHECK_EQ(here.kept().size(), 120);
}

TEST_CASE("reject keeper: no more waits for the disk than its bytes") {
  Keeping here;
  RejectKeeper keeper({.bytes_per_second_max = 1, .burst_bytes_max = 1 << 20, .waiting_bytes_max = 1'000},
                      here.dependencies());
  keeper.keep(RejectReason::bad_json, std::string(2'000, 'x'), "forwarder", here.at);
  CHECK_EQ(here.not_kept("rate"), 1);
  keeper.keep(RejectReason::bad_json, "small", "forwarder", here.at);
  keeper.stop();
  CHECK_EQ(here.kept().size(), 1);
}

}  // namespace
}  // namespace straykey
