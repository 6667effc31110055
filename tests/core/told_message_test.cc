#include "core/detect/formats/told_message.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

TEST_CASE("told message: an alert's words, numbers, steps and page are read from its document") {
  Alert alert = testing::sample_alert();
  alert.call.token.chain = "444455556666/first > 111122223333/orders";
  const ToldMessage told = told_message(alert, {"https://straykey.example.com/a/"});
  CHECK(told.is_alert());
  CHECK_EQ(told.id, testing::kSampleId);
  CHECK_EQ(told.severity, Severity::high);
  CHECK_EQ(told.kind, "remote_service_token.suspicious");
  CHECK_EQ(told.name, "Suspicious usage of AWS service token");
  CHECK_EQ(told.at, alert.call.time);
  CHECK_EQ(told.why.size(), 2);
  CHECK_EQ(told.text({"source", "asn"}), "64511");
  CHECK_EQ(told.text({"source", "nothing", "deeper"}), "");
  CHECK_EQ(told.text({"why"}), "");
  CHECK_EQ(told.link, std::string("https://straykey.example.com/a/") + testing::kSampleId);
  REQUIRE_EQ(told.steps.size(), 5);
  CHECK_EQ(told.steps[0].key, "revoke_1");
  CHECK_EQ(told.steps[1].key, "revoke_2");
  CHECK_EQ(told.steps[1].purpose, "Revoke the sessions of role first in account 444455556666");
  CHECK_EQ(told.steps[4].key, "acknowledge");
  CHECK_NE(told.caution.find("stops every session of the role"), std::string::npos);
}

TEST_CASE("told message: what is told of an alert later leads to the alert") {
  Contradiction contradiction;
  contradiction.alert = *Hash128::from_hex(testing::kSampleId);
  const ToldMessage told = told_message(contradiction, {"p/"});
  CHECK_EQ(told.kind, "alert.contradicted");
  CHECK_NE(told.id, testing::kSampleId);
  CHECK_EQ(told.link, std::string("p/") + testing::kSampleId);
}

TEST_CASE("told message: an activation tells what counts as usual and leads to the report") {
  ActivationReport report;
  report.account = "111122223333";
  report.pairs = {{"111122223333/orders", "AS64511", 1, 19'800, 19'800}};
  report.pairs_total = 2;
  const ToldMessage told = told_message(report, {"https://straykey.example.com/#/alerts/"});
  REQUIRE_EQ(told.why.size(), 2);
  CHECK_EQ(told.why[0], "111122223333/orders from AS64511, on 1 day from 2024-03-18 to 2024-03-18");
  CHECK_EQ(told.why[1], "These are 1 of 2: `straykey baseline report` has all");
  CHECK_EQ(told.link, "https://straykey.example.com/#/report/111122223333");
  CHECK_NE(told.title.find(" 2 uses of networks "), std::string::npos);
}

TEST_CASE("told message: an activation with nothing to look through does not ask for it") {
  ActivationReport report;
  CHECK_EQ(told_message(report, {}).title.find("look through"), std::string::npos);
  report.pairs_total = 1;
  CHECK_NE(told_message(report, {}).title.find(" 1 use of networks outside AWS by its service identities counts"),
           std::string::npos);
}

TEST_CASE("told message: what is about no alert leads to no page") {
  EndpointTest test;
  test.endpoint = "soc";
  CHECK(told_message(test, {"p/"}).link.empty());
  CHECK(told_message(AlertSummary{}, {"p/"}).link.empty());
}

TEST_CASE("told message: an old body tells what its JSON says, and nothing if it is none") {
  const ToldMessage told = told_message(
      OldBody{R"({"type":"alert.created","timestamp":"2024-03-21T09:05:00Z","data":{}})",
              R"({"id":"00","severity":"low","title":"t","why":["a"],"respond":{"revoke":[1,{"role":2}]}})"},
      {});
  CHECK(told.is_alert());
  CHECK_EQ(told.at, 1'711'011'900);
  CHECK_EQ(told.severity, Severity::low);
  CHECK_EQ(told.title, "t");
  CHECK_EQ(told.why.size(), 1);
  CHECK(told.link.empty());
  const ToldMessage none = told_message(OldBody{"x", "y"}, {"p/"});
  CHECK(none.type.empty());
  CHECK(none.document.empty());
  CHECK(none.link.empty());
}

TEST_CASE("told message: shown text is escaped before it is cut, and has at most so many bytes") {
  CHECK_EQ(shown_text("plain", 10), "plain");
  CHECK_EQ(shown_text("\x01\xe2\x80\xae", 100), "\\x01\\xe2\\x80\\xae");
  CHECK_EQ(shown_text("0123456789ab", 10), "0123456...");
  for (std::size_t size = 4; size < 60; ++size) CHECK_LE(shown_text(testing::kHostile, size).size(), size);
}

TEST_CASE("told message: reasons are lines, as many as there is room for") {
  ToldMessage told;
  told.why = {"first", std::string(100, 'a'), "third"};
  CHECK_EQ(shown_why(told, "- ", 1'000), "- first\n- " + std::string(100, 'a') + "\n- third");
  CHECK_LE(shown_why(told, "- ", 60).size(), 60);
  CHECK_EQ(shown_why(told, "- ", 30), "");
}

}  // namespace
}  // namespace straykey
