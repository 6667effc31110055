#include "tools/commands/alert_text.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("an alert on a terminal says what it is, why, and what to do now") {
  const std::string command(6'000, 'x');
  const std::string text = alert_text(
      R"({"title":"The token was used.","severity":"high","status":"open","description":"A theft?",)"
      R"("first_seen":"2026-11-01T00:00:00Z",)"
      R"("last_seen":"2026-11-02T00:00:00Z","occurrences":7,"identity":"111122223333/orders","network":"AS64511",)"
      R"("why":["It is new.","It is far."],"limits":[],"campaign":{"sentence":"1st identity here."},)"
      R"("respond":{"revoke":[{"account":"111122223333","role":"orders","command":"aws iam put-role-policy"}],)"
      R"("revoke_caution":"It stops all.","cloudtrail_command":")" +
      command + R"(","acknowledge_command":"straykey alerts ack 0123"}})");
  CHECK(text.starts_with("The token was used.\nhigh, open: A theft?\n"));
  CHECK(holds(text, "7 times, by 111122223333/orders from AS64511\n"));
  CHECK(holds(text, "\nWhy\n  - It is new.\n  - It is far.\n"));
  CHECK(holds(
      text,
      "revoke the sessions of orders in account 111122223333:\n    aws iam put-role-policy\n    It stops all.\n"));
  CHECK(holds(text, "    " + command + "\n"));
  CHECK(holds(text, "if it was yours:\n    straykey alerts ack 0123\n"));
  CHECK_FALSE(holds(text, "What may be otherwise"));
}

TEST_CASE("a text of others in an alert is only text, and what is no alert is nothing") {
  const std::string text = alert_text(R"({"title":"a\u001b[31m\nb","why":[1,{}],"respond":{"revoke":[3,{}]}})");
  CHECK_FALSE(holds(text, "\x1b"));
  CHECK(text.starts_with("a\\x1b[31m\\x0ab\n"));
  CHECK_EQ(alert_text("[]"), "");
  CHECK_EQ(alert_text("no JSON"), "");
}

}  // namespace
}  // namespace straykey
