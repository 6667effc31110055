#include "core/operate/operator_json.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("operator json: a fact names its days from the oldest on") {
  KnownFact known{FactKind::identity_tool, {{}, "111122223333/orders", "boto3"}};
  known.fact.fact.seen(19'790);
  known.fact.fact.seen(19'792);
  CHECK_EQ(fact_json(known), R"({"kind":"identity_tool","scope":"111122223333/orders","value":"boto3",)"
                             R"("days":["2024-03-08","2024-03-10"],"first_day":"2024-03-08"})");
  known.fact.fact.acknowledged = true;
  CHECK_NE(fact_json(known).find(R"(,"acknowledged":true})"), std::string::npos);
}

TEST_CASE("operator json: a message has its body as a text, its state where it has one, and its deliveries") {
  StoredMessage message{{1, 2}, R"({"a":"b"})", {}, {}};
  CHECK_EQ(message_json(message), R"({"id":")" + message.id.hex() + R"(","body":"{\"a\":\"b\"}","deliveries":[]})");
  message.state.emplace();
  message.state->note = "ours";
  message.deliveries.push_back({"siem", 3, 1'711'000'000, true, "refused"});
  const std::string shown = message_json(message);
  CHECK_NE(shown.find(R"("status":"open","note":"ours"})"), std::string::npos);
  CHECK_NE(shown.find(R"("deliveries":[{"endpoint":"siem","attempts":3,"next_attempt":1711000000,"dead":true,)"
                      R"("last_error":"refused"}])"),
           std::string::npos);
}

TEST_CASE("operator json: a report names the account, its days and every pair") {
  AccountReport report;
  report.report.account = "111122223333";
  report.account.seen(19'790);
  report.report.pairs.push_back({"111122223333/orders", "AS64511", 2, 19'788, 19'790});
  CHECK_EQ(account_json(report),
           R"({"account":"111122223333","first_day":"2024-03-08","last_day":"2024-03-08","pairs":[)"
           R"({"identity":"111122223333/orders","network":"AS64511","days":2,"first_day":"2024-03-06",)"
           R"("last_day":"2024-03-08"}]})");
  CHECK_EQ(changed_json(3), R"({"changed":3})");
}

}  // namespace
}  // namespace straykey
