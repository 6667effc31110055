#include "core/detect/formats/slack.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

namespace json = boost::json;

// Every text object, with the limit of the place where it stands. -> how many characters they have together.
struct Walk {
  std::size_t characters = 0;
  std::size_t markups = 0;
  std::string literal;  // texts of preformatted elements

  void text(const json::value& object, std::size_t size_max) {
    const std::string words(object.at("text").as_string());
    CHECK_FALSE(words.empty());
    CHECK_LE(words.size(), size_max);
    characters += words.size();
    if (object.at("type").as_string() == "mrkdwn") {
      ++markups;
      return;
    }
    CHECK_EQ(object.at("type").as_string(), "plain_text");
    CHECK_EQ(words.find('<'), std::string::npos);
    CHECK_EQ(words.find('>'), std::string::npos);
  }
  void rich(const json::value& block) {
    for (const json::value& element : block.at("elements").as_array())
      for (const json::value& run : element.at("elements").as_array()) {
        CHECK_EQ(run.at("type").as_string(), "text");
        CHECK_LE(run.at("text").as_string().size(), 3'000);
        characters += run.at("text").as_string().size();
        literal += std::string(run.at("text").as_string()) + "\n";
      }
  }
  void block(const json::value& block) {
    const std::string type(block.at("type").as_string());
    if (type == "header") return text(block.at("text"), 150);
    if (type == "rich_text") return rich(block);
    if (type == "context")
      for (const json::value& element : block.at("elements").as_array()) text(element, 3'000);
    if (type != "section") return;
    if (block.as_object().contains("text")) text(block.at("text"), 3'000);
    if (!block.as_object().contains("fields")) return;
    CHECK_LE(block.at("fields").as_array().size(), 10);
    for (const json::value& field : block.at("fields").as_array()) text(field, 2'000);
  }
};

Walk walked(const std::string& body) {
  const json::value message = json::parse(body);
  CHECK_FALSE(message.at("mrkdwn").as_bool());
  CHECK_EQ(message.at("text").as_string().find('<'), std::string::npos);
  CHECK_LE(message.at("blocks").as_array().size(), 50);
  Walk walk;
  for (const json::value& block : message.at("blocks").as_array()) walk.block(block);
  CHECK_LE(walk.characters, 13'000);
  return walk;
}

TEST_CASE("slack: an alert is a header, a sentence, fields, reasons, commands and its id") {
  const std::string body = slack_body(testing::sample_alert(), {"https://p.example/"});
  const Walk walk = walked(body);
  CHECK_EQ(walk.markups, 1);
  const json::value message = json::parse(body);
  CHECK_EQ(message.at_pointer("/blocks/0/text/text").as_string(), "HIGH: Suspicious usage of AWS service token");
  CHECK_NE(walk.literal.find("--policy-document='{\"Version\":"), std::string::npos);
  CHECK_NE(body.find(std::string("<https://p.example/") + testing::kSampleId + "|Open it in straykey>"),
           std::string::npos);
}

TEST_CASE("slack: who reads how to revoke also reads what that stops, before the command") {
  const std::string body = slack_body(testing::sample_alert(), {});
  const std::size_t caution = body.find("Caution: The policy stops every session of the role");
  REQUIRE_NE(caution, std::string::npos);
  CHECK_LT(caution, body.find("put-role-policy"));
}

TEST_CASE("slack: the limits of Block Kit hold and nothing of a sender's is markup, whatever he wrote") {
  for (const std::size_t repeats : {1, 3, 40, 200})
    CHECK_EQ(walked(slack_body(testing::hostile_alert(repeats), {})).markups, 0);
  Alert alert = testing::sample_alert();
  alert.verdict.why.assign(30, std::string(500, '&'));
  alert.call.token.chain = "111122223333/" + std::string(64, 'a') + " > 111122223333/" + std::string(64, 'b');
  CHECK_EQ(walked(slack_body(alert, {"https://p.example/?a=<b>&c="})).markups, 1);
  for (const Message& message : testing::sample_messages()) walked(slack_body(message, {}));
}

}  // namespace
}  // namespace straykey
