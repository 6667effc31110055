#include "core/detect/message.h"

#include <random>
#include <string>

#include "core/base/bytes.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

Alert full_alert() {
  Alert alert;
  alert.call.time = 1'711'011'900;
  alert.call.last_time = 1'711'011'960;
  alert.call.count = 3;
  alert.call.token.account = "111122223333";
  alert.call.token.identity = "111122223333/orders/orders-fn";
  alert.call.address = "198.51.100.7";
  alert.call.record = R"({"eventID":"x"})";
  alert.verdict = {Variation::remote_ecs_remote, {"one", "two"}, {"AWS ranges are old"}};
  alert.severity = Severity::medium;
  alert.source_class = SourceClass::external;
  alert.network = "AS64511";
  alert.dedup_days = 7;
  alert.hosting = true;
  alert.verdict.kept_weak = true;
  alert.key_calls = {9, 2, 5, 6, {{"s3:ListBuckets", 7, 1, 5, 6}}, 2, {{"198.51.100.7", 9}}, {{"Boto3/1.34.0", 9}}};
  alert.identity_calls = {1, 0, 5, 5, {}, 1, {}, {}};
  alert.role_assumed_by = {{"lambda", 12, 19'000, 19'011}};
  alert.related = {{{1, 2}, "same_event"}, {{3, 4}, "weaker_evidence"}};
  alert.id = {5, 6};
  alert.campaign = {{7, 8}, "AS64511", 19'800, 7, true, false};
  return alert;
}

TEST_CASE("message: an alert's facts read back whole, so its document is the same for ever") {
  const Alert alert = full_alert();
  const std::string bytes = encode_message(alert);
  const auto message = decode_message(bytes);
  REQUIRE(message.has_value());
  REQUIRE(std::holds_alternative<Alert>(*message));
  const Alert& read = std::get<Alert>(*message);
  CHECK_EQ(read.verdict.variation, alert.verdict.variation);
  CHECK_EQ(read.verdict.limits, alert.verdict.limits);
  CHECK_EQ(read.key_calls, alert.key_calls);
  CHECK_EQ(read.identity_calls, alert.identity_calls);
  CHECK_EQ(read.role_assumed_by, alert.role_assumed_by);
  CHECK_EQ(read.related, alert.related);
  CHECK_EQ(read.campaign, alert.campaign);
  CHECK(read.hosting);
  CHECK(read.verdict.kept_weak);
  CHECK_EQ(message_document(*message), alert_document(alert));
  CHECK_EQ(encode_message(*message), bytes);
  CHECK_EQ(message_type(*message), "alert.created");
  CHECK_EQ(message_time(*message), alert.call.time);
}

TEST_CASE("message: of an activation report the pairs that are shown are kept, and all are counted") {
  ActivationReport report{{7, 8}, "111122223333", 19'803, 1'711'011'900, {}, 0};
  for (int i = 0; i < 150; ++i) report.pairs.push_back({"identity " + std::to_string(i), "AS64511", 3, 19'790, 19'802});
  report.pairs_total = report.pairs.size();
  const auto message = decode_message(encode_message(report));
  REQUIRE(message.has_value());
  CHECK_EQ(message_document(*message), activation_document(report));
  CHECK_EQ(std::get<ActivationReport>(*message).pairs.size(), ActivationReport::kPairsShown);
  CHECK_EQ(std::get<ActivationReport>(*message).pairs_total, 150);
  CHECK_EQ(message_type(*message), "account.activated");
  CHECK_EQ(message_time(*message), 1'711'011'900);
}

TEST_CASE("message: a digest reads back, and says how many messages an endpoint was not sent") {
  const DeliveryDigest digest{{7, 8}, "soc", 12, Severity::high, 1'711'011'900, 1'711'011'960};
  const auto message = decode_message(encode_message(digest));
  REQUIRE(message.has_value());
  CHECK_EQ(std::get<DeliveryDigest>(*message), digest);
  CHECK_EQ(message_type(*message), "deliveries.digest");
  CHECK_EQ(message_time(*message), 1'711'011'960);
  CHECK_NE(message_document(*message).find("12 messages were not sent to soc"), std::string::npos);
}

TEST_CASE("message: a summary reads back, and its time is the end of its day") {
  const AlertSummary summary{
      Analytic::serverless_cli, "111122223333", "111122223333/orders", 19'803, Severity::high, 3, 4, 50};
  const auto message = decode_message(encode_message(summary));
  REQUIRE(message.has_value());
  CHECK_EQ(std::get<AlertSummary>(*message), summary);
  CHECK_EQ(format_time(message_time(*message)), "2024-03-22T00:00:00Z");
  CHECK_EQ(message_type(*message), "alerts.summary");
}

TEST_CASE("message: a contradiction reads back, and has one id for each alert") {
  const Contradiction contradiction{.alert = {7, 8},
                                    .variation = Variation::remote_ecs_suspicious,
                                    .severity = Severity::high,
                                    .account = "111122223333",
                                    .identity = "111122223333/orders",
                                    .access_key = "ASIA",
                                    .role = "111122223333/orders",
                                    .service = {},
                                    .assumed_by = "arn:aws:iam::111122223333:user/alice",
                                    .at = 1'711'011'900,
                                    .network = "AS64511",
                                    .region = "eu-west-1"};
  const auto message = decode_message(encode_message(contradiction));
  REQUIRE(message.has_value());
  CHECK_EQ(std::get<Contradiction>(*message), contradiction);
  CHECK_EQ(message_type(*message), "alert.contradicted");
  CHECK_EQ(message_time(*message), 1'711'011'900);
  CHECK(message_document(*message).find("issued to no workload") != std::string::npos);
  CHECK_FALSE(contradiction.id() == Contradiction::contradiction_id({8, 7}));
}

TEST_CASE("message: a contradiction of an older build reads back without its alert's network and Region") {
  Contradiction contradiction;
  contradiction.alert = {7, 8};
  contradiction.account = "1";
  contradiction.at = 5;
  contradiction.network = "n";
  std::string bytes = encode_message(contradiction);
  REQUIRE_EQ(bytes[1], 6);
  bytes[1] = 4;
  CHECK_FALSE(decode_message(bytes).has_value());
  bytes.resize(bytes.size() - 3);  // "n" and an empty text
  Contradiction short_one = contradiction;
  short_one.network.clear();
  CHECK_EQ(std::get<Contradiction>(decode_message(bytes).value()), short_one);
}

TEST_CASE("message: a body that format 1 stored is itself for ever") {
  const std::string body = R"({"type":"alert.created","data":{"id":"x"}})", document = R"({"id":"x"})";
  const std::string row =
      ByteWriter().fixed<std::uint8_t>(1).varint(body.find(document)).varint(document.size()).string(body).bytes();
  const auto message = decode_message(row);
  REQUIRE(message.has_value());
  CHECK_EQ(std::get<OldBody>(*message).body, body);
  CHECK_EQ(message_document(*message), document);
  for (std::size_t size = 0; size < row.size(); ++size) CHECK_FALSE(decode_message(row.substr(0, size)).has_value());
}

TEST_CASE("message: bytes that are cut are none, and changed ones never read outside") {
  const ActivationReport report{{7, 8}, "1", 19'803, 5, {{"i", "n", 1, 2, 3}}, 1};
  for (const std::string& bytes : {encode_message(full_alert()), encode_message(report), encode_message(AlertSummary{}),
                                   encode_message(Contradiction{})}) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK_FALSE(decode_message(bytes.substr(0, size)).has_value());
    CHECK_FALSE(decode_message(bytes + 'x').has_value());
    std::mt19937 random(13);
    for (int round = 0; round < 5'000; ++round) {
      std::string changed = bytes;
      changed[random() % changed.size()] = static_cast<char>(random());
      if (const auto message = decode_message(changed)) REQUIRE_FALSE(message_document(*message).empty());
    }
  }
}

}  // namespace
}  // namespace straykey
