#include "core/operate/alert_index.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/detect/alert.h"
#include "core/detect/alert_state.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// The fields that a filter looks at, different for each number.
Alert alert_number(std::uint64_t number) {
  Alert alert;
  alert.id = {number * 0x9e3779b97f4a7c15, number};
  alert.severity = static_cast<Severity>(number % 4);
  alert.verdict.variation = static_cast<Variation>(number % kVariationCount);
  alert.network = "AS" + std::to_string(64'496 + number % 40);
  alert.campaign.id = {number % 30 + 1, 1};
  Candidate& call = alert.call;
  call.time = 1'711'000'000 + static_cast<Seconds>(number * 37 % 1'000'000);
  call.asn = static_cast<std::uint32_t>(64'496 + number % 40);
  call.as_name = "Example Network " + std::to_string(number % 40);
  call.token.account = std::to_string(111'122'223'333 + number % 20);
  call.token.identity = call.token.account + "/service-role-" + std::to_string(number % 1'000) + "/function";
  call.tool = number % 3 == 0 ? "boto3" : "aws-cli";
  call.platform = static_cast<Platform>(number % 6);
  call.region = "us-east-1";
  return alert;
}

AlertState state_of(std::uint64_t number) {
  AlertState state;
  state.status = static_cast<AlertState::Status>(number / 7 % 4);
  state.addresses = {"198.51.100." + std::to_string(number % 200), "2001:db8::" + std::to_string(number)};
  state.keys = {"ASIA" + std::to_string(number)};
  return state;
}

std::vector<std::uint64_t> numbers_of(const std::vector<AlertPlace>& places) {
  std::vector<std::uint64_t> numbers;
  for (const AlertPlace& place : places) numbers.push_back(place.id.high);
  return numbers;
}

// All that a filter wants, by looking at each alert itself.
template <class Wants>
std::vector<std::uint64_t> by_hand(std::uint64_t alerts, const Wants& wants) {
  std::vector<std::pair<AlertPlace, std::uint64_t>> found;
  for (std::uint64_t i = 0; i < alerts; ++i) {
    const Alert alert = alert_number(i);
    if (wants(alert, state_of(i))) found.push_back({{alert.call.time, alert.id}, i});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return b.first < a.first; });
  std::vector<std::uint64_t> numbers;
  for (const auto& one : found) numbers.push_back(one.second);
  return numbers;
}

struct Case {
  std::map<std::string, std::string, std::less<>> arguments;
  bool (*wants)(const Alert&, const AlertState&);
};

const Case kCases[] = {
    {{}, [](const Alert&, const AlertState&) { return true; }},
    {{{"severity", "high,low"}},
     [](const Alert& a, const AlertState&) { return a.severity == Severity::high || a.severity == Severity::low; }},
    {{{"status", "closed"}}, [](const Alert&, const AlertState& s) { return s.status == AlertState::Status::closed; }},
    {{{"analytic", "serverless_cli"}},
     [](const Alert& a, const AlertState&) { return a.verdict.entry().analytic == Analytic::serverless_cli; }},
    {{{"variation", "remote_service_token.suspicious"}},
     [](const Alert& a, const AlertState&) { return a.verdict.variation == Variation::remote_suspicious; }},
    {{{"account", "111122223337"}},
     [](const Alert& a, const AlertState&) { return a.call.token.account == "111122223337"; }},
    {{{"network", "AS64500"}}, [](const Alert& a, const AlertState&) { return a.network == "AS64500"; }},
    {{{"asn", "64500"}}, [](const Alert& a, const AlertState&) { return a.call.asn == 64'500; }},
    {{{"tool", "boto3"}, {"platform", "linux"}},
     [](const Alert& a, const AlertState&) { return a.call.tool == "boto3" && a.call.platform == Platform::linux_os; }},
    {{{"key", "ASIA77"}}, [](const Alert&, const AlertState& s) { return s.keys.front() == "ASIA77"; }},
    {{{"address", "2001:db8::77"}},
     [](const Alert&, const AlertState& s) { return s.addresses.back() == "2001:db8::77"; }},
    {{{"campaign", Hash128{5, 1}.hex()}},
     [](const Alert& a, const AlertState&) {
       return a.campaign.id == Hash128{5, 1};
     }},
    {{{"from", "2024-03-24"}, {"to", "2024-03-25"}},
     [](const Alert& a, const AlertState&) {
       return day_of(a.call.time) == *parse_day("2024-03-24") || day_of(a.call.time) == *parse_day("2024-03-25");
     }},
    {{{"text", "SERVICE-ROLE-77/"}},
     [](const Alert& a, const AlertState&) { return a.call.token.identity.find("role-77/") != std::string::npos; }},
    {{{"text", "asia123"}}, [](const Alert&, const AlertState& s) { return s.keys.front() == "ASIA123"; }},
    {{{"identity", "nobody"}}, [](const Alert&, const AlertState&) { return false; }},
};

TEST_CASE("alert index: each filter finds what a look at every alert finds, newest first, in pages of any size") {
  constexpr std::uint64_t kAlerts = 3'000;
  AlertIndex index;
  for (std::uint64_t i = 0; i < kAlerts; ++i) index.put(alert_number(i), state_of(i));
  for (const Case& one : kCases) {
    const auto filter = alert_filter_of(one.arguments);
    REQUIRE(filter.ok());
    const auto expected = by_hand(kAlerts, one.wants);
    CHECK_EQ(numbers_of(index.search(filter.value(), AlertPlace::end(), kAlerts)), expected);
    CHECK_EQ(index.count(filter.value()).alerts, expected.size());
    std::vector<std::uint64_t> paged;
    AlertPlace before = AlertPlace::end();
    while (true) {
      const auto page = index.search(filter.value(), before, 7);
      if (page.empty()) break;
      for (const std::uint64_t number : numbers_of(page)) paged.push_back(number);
      before = page.back();
    }
    CHECK_EQ(paged, expected);
  }
}

TEST_CASE("alert index: counts tell the most frequent values first, and the timeline holds every alert") {
  AlertIndex index;
  for (std::uint64_t i = 0; i < 1'000; ++i) index.put(alert_number(i), state_of(i));
  const AlertCounts counts = index.count({});
  REQUIRE_EQ(counts.facets.front().field, "severity");
  CHECK_EQ(counts.facets.front().values.size(), 4);
  std::uint32_t in_timeline = 0;
  for (const auto& bucket : counts.timeline)
    for (const std::uint32_t alerts : bucket) in_timeline += alerts;
  CHECK_EQ(in_timeline, 1'000);
  CHECK_LE(counts.timeline.size(), AlertIndex::kBucketsMax);
  for (const AlertFacet& facet : counts.facets) {
    CHECK_LE(facet.values.size(), AlertIndex::kFacetValuesMax);
    CHECK(std::is_sorted(facet.values.begin(), facet.values.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; }));
    if (facet.field == "tool") CHECK_EQ(facet.values.front(), std::pair<std::string, std::uint32_t>("aws-cli", 666));
    if (facet.field == "network") CHECK_EQ(facet.distinct, 40);
  }
  CHECK(AlertIndex().count({}).timeline.empty());
}

TEST_CASE("alert index: a change replaces what was known of an alert, and its old texts are forgotten") {
  AlertIndex index;
  Alert alert = alert_number(1);
  index.put(alert, state_of(1));
  const std::size_t bytes = index.bytes();
  for (int i = 0; i < 1'000; ++i) {
    alert.network = "AS" + std::to_string(i);
    AlertState state = state_of(1);
    state.status = AlertState::Status::acknowledged;
    index.put(alert, state);
  }
  CHECK_EQ(index.alerts(), 1);
  CHECK_LE(index.bytes(), bytes + 5'000);
  CHECK_EQ(index.search(alert_filter_of({{"status", "open"}}).value(), AlertPlace::end(), 9).size(), 0);
  CHECK_EQ(index.search(alert_filter_of({{"network", "AS999"}}).value(), AlertPlace::end(), 9).size(), 1);
  CHECK_EQ(index.search(alert_filter_of({{"network", "AS998"}}).value(), AlertPlace::end(), 9).size(), 0);
}

TEST_CASE("alert index: alerts that left the store are found no more, and their texts are forgotten") {
  AlertIndex index;
  for (std::uint64_t i = 0; i < 300; ++i) index.put(alert_number(i), state_of(i));
  const std::size_t bytes = index.bytes();
  std::vector<Hash128> gone{Hash128{1, 2}};  // one that it never had
  for (std::uint64_t i = 0; i < 300; ++i)
    if (i % 3 != 0) gone.push_back(alert_number(i).id);
  std::sort(gone.begin(), gone.end());
  index.erase(gone);
  CHECK_EQ(index.alerts(), 100);
  CHECK(index.bytes() < bytes);
  const auto left = numbers_of(index.search(AlertFilter{}, AlertPlace::end(), 500));
  CHECK_EQ(left.size(), 100);
  CHECK(std::all_of(left.begin(), left.end(), [](std::uint64_t number) { return number % 3 == 0; }));
  index.put(alert_number(1), state_of(1));
  CHECK_EQ(index.alerts(), 101);
}

TEST_CASE("alert index: beyond its limit the oldest alert leaves, and one that is older than all does not come in") {
  AlertIndex index(100);
  for (std::uint64_t i = 0; i < 1'000; ++i) index.put(alert_number(i), state_of(i));
  CHECK_EQ(index.alerts(), 100);
  std::vector<std::uint64_t> newest = by_hand(1'000, [](const Alert&, const AlertState&) { return true; });
  newest.resize(100);
  CHECK_EQ(numbers_of(index.search({}, AlertPlace::end(), 1'000)), newest);
}

TEST_CASE("alert index: 100,000 alerts of 1,000 identities take less than 300 bytes each") {
  AlertIndex index;
  for (std::uint64_t i = 0; i < AlertIndex::kAlertsMax; ++i) index.put(alert_number(i), state_of(i));
  CHECK_EQ(index.alerts(), AlertIndex::kAlertsMax);
  CHECK_LT(index.bytes() / index.alerts(), 300);
}

TEST_CASE("alert index: places are ordered as the keys of the store are") {
  const AlertPlace places[] = {{5, {1, 0}}, {5, {256, 0}}, {5, {0, 1}}, {6, {}}, {1'711'000'000, {7, 7}}};
  for (const AlertPlace& a : places)
    for (const AlertPlace& b : places) CHECK_EQ(a < b, a.key() < b.key());
  for (const AlertPlace& a : places) CHECK(AlertPlace::of_key(a.key()) == a);
  CHECK(AlertPlace::of_key("short") == AlertPlace::end());
  CHECK(AlertPlace::of_key(std::string(24, '\xff')) == AlertPlace::end());
}

TEST_CASE("alert index: a text is found wherever it stands in another, in any case, and nothing else is") {
  AlertIndex index;
  Alert alert = alert_number(1);
  alert.call.token.identity = std::string("111122223333/aAaB-\0-ZEBRA#x", 28);
  index.put(alert, state_of(1));
  const auto finds = [&](const std::string& text) {
    return !index.search(alert_filter_of({{"text", text}}).value(), AlertPlace::end(), 1).empty();
  };
  for (const char* const part : {"aab", "AAAB", "aaab-", "zebra#x", "x", "#", "111122223333/aaab", "-"})
    CHECK(finds(part));
  for (const char* const part : {"aaaab", "zebra#xx", "zebra##", "ab--z", "\xc3\xa9"}) CHECK_FALSE(finds(part));
}

}  // namespace
}  // namespace straykey
