#include "core/detect/formats/teams.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

namespace json = boost::json;

// A card of 1.4 that shows texts in runs only, where no markup is read. -> all of the texts, a line each.
std::string check_elements(const json::array& elements) {
  std::string texts;
  for (const json::value& element : elements) {
    const std::string type(element.at("type").as_string());
    if (type == "Container") {
      texts += check_elements(element.at("items").as_array());
      continue;
    }
    CHECK_EQ(type, "RichTextBlock");
    for (const json::value& run : element.at("inlines").as_array()) {
      CHECK_EQ(run.at("type").as_string(), "TextRun");
      texts += run.at("text").as_string();
    }
    texts += "\n";
  }
  return texts;
}

std::string checked(const std::string& body) {
  CHECK_LE(body.size(), kTeamsBytesMax);
  const json::value message = json::parse(body);
  CHECK_EQ(message.at("type").as_string(), "message");
  REQUIRE_EQ(message.at("attachments").as_array().size(), 1);
  const json::value& attachment = message.at("attachments").at(0);
  CHECK_EQ(attachment.at("contentType").as_string(), "application/vnd.microsoft.card.adaptive");
  const json::value& card = attachment.at("content");
  CHECK_EQ(card.at("type").as_string(), "AdaptiveCard");
  CHECK_EQ(card.at("version").as_string(), "1.4");
  return check_elements(card.at("body").as_array());
}

TEST_CASE("teams: an alert is a card with heading, facts, reasons and commands, and opens its page") {
  const std::string body = teams_body(testing::sample_alert(), {"https://p.example/"});
  const std::string texts = checked(body);
  CHECK(texts.starts_with("HIGH: Suspicious usage of AWS service token\n"));
  CHECK_NE(texts.find("Account: 111122223333\n"), std::string::npos);
  CHECK_NE(texts.find("- It is outside AWS.\n"), std::string::npos);
  CHECK_NE(texts.find("\naws iam put-role-policy"), std::string::npos);
  const json::value card = json::parse(body).at("attachments").at(0).at("content");
  CHECK_EQ(card.at("actions").at(0).at("url").as_string(), std::string("https://p.example/") + testing::kSampleId);
}

TEST_CASE("teams: a card stays within what Teams takes, whatever a sender wrote") {
  for (const std::size_t repeats : {1, 3, 40, 200}) checked(teams_body(testing::hostile_alert(repeats), {}));
  Alert alert = testing::sample_alert();
  alert.verdict.why.assign(60, std::string(900, '"'));
  checked(teams_body(alert, {"https://p.example/"}));
  for (const Message& message : testing::sample_messages()) checked(teams_body(message, {}));
}

}  // namespace
}  // namespace straykey
