// The page about a run: figures, plots, nothing from elsewhere, nothing that a server can smuggle in.
#include "tools/replay/report_html.h"

#include <doctest/doctest.h>

#include <string>

using namespace straykey;

namespace {

ReplayResult run_of(int seconds, bool open_loop) {
  ReplayResult result;
  result.open_loop = open_loop;
  result.seconds = seconds;
  for (int second = 0; second < seconds; ++second) {
    const double latency_s = 0.001 * (second + 1);
    ++result.tally.requests;
    result.tally.records += 10;
    result.tally.accepted_records += 10;
    result.tally.latency.add_seconds(latency_s);
    result.tally.service.add_seconds(latency_s / 2);
    result.tally.timeline.add(second, 10, latency_s);
  }
  return result;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

}  // namespace

TEST_CASE("the page has a curve for latency and service, one for the rate and one for the worst latency") {
  const std::string page = report_html(run_of(60, true));
  CHECK(count(page, "<svg") == 3);
  CHECK(count(page, "</svg>") == 3);
  CHECK(count(page, "<polyline") == 4);
  CHECK(count(report_html(run_of(60, false)), "<polyline") == 3);  // as fast as it goes: no plan to be late behind
  CHECK(page.find("600 records in 60 requests") != std::string::npos);
  CHECK(page.find("All agrees.") != std::string::npos);
}

TEST_CASE("a long run is drawn with a bounded number of points, and its worst second stays") {
  ReplayResult result = run_of(40'000, false);
  result.tally.timeline.add(20'000, 1, 500);
  const std::string page = report_html(result);
  CHECK(page.size() < 60'000);
  CHECK(page.find(">400000</text>") != std::string::npos);
}

TEST_CASE("a run without a single request is a page too") {
  const std::string page = report_html({});
  CHECK(page.find("nan") == std::string::npos);
  CHECK(page.find("inf") == std::string::npos);
  CHECK(page.ends_with("</html>\n"));
}

TEST_CASE("whatever a server said is text on the page, and the page fetches nothing") {
  ReplayResult result = run_of(3, true);
  result.read_error = "<script>alert(1)</script> & \"quoted\" \x1b[31m";
  result.tally.add_problem("<img src=x onerror=y>");
  const std::string page = report_html(result);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("&lt;script&gt;") != std::string::npos);
  CHECK(page.find('\x1b') == std::string::npos);
  for (const char* from_elsewhere : {"http://", "https://", "url(", "@import", "src=\"", "href="})
    CHECK(page.find(from_elsewhere) == std::string::npos);
}
