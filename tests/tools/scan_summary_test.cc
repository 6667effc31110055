#include "tools/scan/scan_summary.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

ScanSummary with_events(std::uint64_t events) {
  ScanSummary summary;
  summary.events = events;
  return summary;
}

TEST_CASE("scan summary: hits that a cap held back are said") {
  ScanSummary summary = with_events(10);
  CHECK_EQ(summary_text(summary, 1).find("raised no alert"), std::string::npos);
  summary.suppressed = 1'234;
  CHECK_NE(summary_text(summary, 1).find("  1,234 hits raised no alert"), std::string::npos);
}

TEST_CASE("scan summary: calls that could not wait for the proof of their key are said") {
  ScanSummary summary = with_events(10);
  CHECK_EQ(summary_text(summary, 1).find("not kept"), std::string::npos);
  summary.not_kept = 6;
  CHECK_NE(summary_text(summary, 1).find("  6 calls not kept: at most 64 kinds"), std::string::npos);
}

TEST_CASE("scan summary: the exit code is 1 for nothing taken and for damage, and rejects alone do not change it") {
  CHECK_EQ(failure_of(with_events(1), false), "");
  CHECK(failure_of(with_events(0), false).starts_with("nothing was read"));
  CHECK_EQ(failure_of(with_events(0), true), "");

  ScanSummary rejects = with_events(1);
  rejects.rejected = 1'000;
  CHECK_EQ(failure_of(rejects, false), "");
  rejects.events = 0;
  CHECK(failure_of(rejects, false).starts_with("no event was taken: 1,000 records rejected"));
  CHECK(failure_of(rejects, true) != "");

  ScanSummary damage = with_events(1'000);
  damage.damaged = {{"a.gz", "the gzip file is cut short"}};
  CHECK(failure_of(damage, false).starts_with("1 file damaged"));
  CHECK(failure_of(damage, true) != "");

  ScanSummary unread = with_events(1'000);
  unread.unread = {{"a.gz", "Permission denied"}, {"b", "Input/output error"}};
  CHECK(failure_of(unread, true).starts_with("2 paths could not be read: "));
  unread.damaged = damage.damaged;
  CHECK(failure_of(unread, false).starts_with("1 file damaged, 2 paths could not be read: "));
  CHECK(summary_text(unread, 1).find("  not read a.gz: Permission denied\n") != std::string::npos);
}

TEST_CASE("scan summary: skipped files are counted by reason, the first of each are named and escaped") {
  ScanSummary summary = with_events(1);
  for (int i = 0; i < 5; ++i) summary.skipped.push_back({"d" + std::to_string(i), "a CloudTrail digest"});
  summary.skipped.push_back({"evil\x1b[2J\u202e", "empty"});
  const std::string text = summary_text(summary, 1);
  CHECK(text.find(", 6 files skipped") != std::string::npos);
  CHECK(text.find("  skipped 5 files: a CloudTrail digest: d0, d1, d2 and 2 more\n") != std::string::npos);
  CHECK(text.find("  skipped 1 file: empty: evil\\x1b[2J\\xe2\\x80\\xae\n") != std::string::npos);
}

TEST_CASE("scan summary: events not judged are said") {
  ScanSummary summary = with_events(5);
  CHECK_EQ(summary_text(summary, 1).find("not judged"), std::string::npos);
  summary.not_judged_by_reason[static_cast<std::size_t>(NotJudged::no_identity)] = 2;
  summary.not_judged_by_reason[static_cast<std::size_t>(NotJudged::no_address)] = 1;
  CHECK(summary_text(summary, 1).find("  2 without identity, not judged") != std::string::npos);
  CHECK(summary_text(summary, 1).find("  1 without address, judged by tool") != std::string::npos);
  CHECK_EQ(summary_text(summary, 1).find("anonymised"), std::string::npos);
  summary.not_judged_by_reason[static_cast<std::size_t>(NotJudged::hidden_address)] = 3;
  CHECK(summary_text(summary, 1).find("  3 with an address that names no place (anonymised?), judged by tool") !=
        std::string::npos);
}

TEST_CASE("scan summary: many events of the future name the clock and NTP") {
  ScanSummary summary = with_events(90);
  summary.rejected = 10;
  summary.rejected_by_reason[static_cast<std::size_t>(RejectReason::future_event_time)] = 10;
  CHECK(summary_text(summary, 1).find("NTP") != std::string::npos);
  summary.events = 10'000;
  CHECK_EQ(summary_text(summary, 1).find("NTP"), std::string::npos);
}

}  // namespace
}  // namespace straykey
