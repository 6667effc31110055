#include "core/detect/alert.h"
#include "core/detect/alert_state.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <random>
#include <string>

namespace straykey {
namespace {

namespace json = boost::json;

Candidate call() {
  Candidate c;
  c.time = 1'711'011'900;  // 2024-03-21T09:05:00Z
  c.last_time = 1'711'011'960;
  c.count = 2;
  c.token = {Family::lambda,
             Proof::in_scope_of,
             "lambda",
             "111122223333",
             "111122223333/orders/orders-fn",
             "111122223333/orders",
             "arn:aws:lambda:eu-west-1:111122223333:function:orders-fn",
             true,
             ""};
  c.address_class = SourceClass::external;
  c.address = c.source_text = "198.51.100.7";
  c.network = "AS64511";
  c.prefix_network = "198.51.100.0/24";
  c.asn = 64'511;
  c.as_name = "Example Hosting";
  c.tool = "boto3";
  c.tool_kind = ToolKind::sdk;
  c.user_agent_text = "Boto3/1.34.0";
  c.access_key = "ASIAORDERS0000000001";
  c.event_id = "11111111-2222-3333-4444-555555555555";
  c.event_name = "ListBuckets";
  c.event_source = "s3.amazonaws.com";
  c.region = "eu-west-1";
  c.recipient_account = "111122223333";
  c.record = R"({"eventID":"11111111-2222-3333-4444-555555555555","eventName":"ListBuckets"})";
  return c;
}

Alert alert_of(const Candidate& c, Variation variation = Variation::remote_suspicious) {
  Alert alert;
  alert.call = c;
  alert.verdict = {variation, {"It is outside AWS."}, {}};
  alert.severity = Severity::high;
  alert.network = "AS64511";
  const CatalogueEntry& entry = alert.verdict.entry();
  alert.id = alert_id({entry.analytic, c.token.account, c.token.identity, "AS64511"}, entry.tier, c.day());
  return alert;
}

json::value parsed(const std::string& text) {
  json::parse_options deep;
  deep.max_depth = 128;
  return json::parse(text, {}, deep);
}

std::string_view text_at(const json::value& document, std::string_view pointer) {
  return document.at_pointer(pointer).as_string();
}

// What a hostile sender can put into 256 bytes so that JSON writes as much as possible for it.
std::string controls(std::size_t size) {
  return std::string(size, '\x01');
}

TEST_CASE("alert: the document holds the contract's fields") {
  const Candidate c = call();
  const Alert alert = alert_of(c);
  const json::value document = parsed(alert_document(alert));
  CHECK_EQ(text_at(document, "/id"), alert.id.hex());
  CHECK_EQ(text_at(document, "/analytic"), "remote_service_token");
  CHECK_EQ(text_at(document, "/variation"), "remote_service_token.suspicious");
  CHECK_EQ(text_at(document, "/name"), "Suspicious usage of AWS service token");
  CHECK_EQ(text_at(document, "/severity"), "high");
  CHECK_EQ(text_at(document, "/evidence"), "strong");
  CHECK_EQ(text_at(document, "/account"), "111122223333");
  CHECK_EQ(text_at(document, "/identity"), "111122223333/orders/orders-fn");
  CHECK_EQ(text_at(document, "/network"), "AS64511");
  CHECK_EQ(text_at(document, "/first_seen"), "2024-03-21T09:05:00Z");
  CHECK_EQ(text_at(document, "/last_seen"), "2024-03-21T09:06:00Z");
  CHECK_EQ(document.at("occurrences").to_number<int>(), 2);
  CHECK_EQ(text_at(document, "/token/access_key_id"), "ASIAORDERS0000000001");
  CHECK_EQ(text_at(document, "/token/family"), "Lambda");
  CHECK_EQ(text_at(document, "/token/proof"), "in_scope_of");
  CHECK_EQ(text_at(document, "/source/address"), "198.51.100.7");
  CHECK_EQ(text_at(document, "/source/class"), "external");
  CHECK_EQ(document.at_pointer("/source/asn").to_number<int>(), 64'511);
  CHECK_EQ(text_at(document, "/user_agent/tool"), "boto3");
  CHECK_EQ(text_at(document, "/user_agent/raw"), "Boto3/1.34.0");
  CHECK_EQ(text_at(document, "/event/eventID"), c.event_id);
  CHECK_EQ(text_at(document, "/event/eventName"), "ListBuckets");
  CHECK_EQ(text_at(document, "/why/0"), "It is outside AWS.");
  CHECK_EQ(text_at(document, "/dedup_until"), "2024-03-26T00:00:00Z");
  CHECK_EQ(text_at(document, "/attack/mapping"), "straykey");
  CHECK_FALSE(document.at("record_truncated").as_bool());
  CHECK_GT(document.at("investigative_actions").as_array().size(), 0);
}

TEST_CASE("alert: its campaign is told as it was when the alert was raised") {
  Alert alert = alert_of(call());
  CHECK_FALSE(parsed(alert_document(alert)).as_object().contains("campaign"));
  alert.campaign = {{1, 2}, "AS64511", 19'800, 7, true, false};
  const json::value document = parsed(alert_document(alert));
  CHECK_EQ(text_at(document, "/campaign/id"), alert.campaign.id.hex());
  CHECK_EQ(text_at(document, "/campaign/subject"), "AS64511");
  CHECK_EQ(text_at(document, "/campaign/first_day"), "2024-03-18");
  CHECK_EQ(document.at_pointer("/campaign/identities").to_number<int>(), 7);
  CHECK_EQ(text_at(document, "/campaign/sentence"), "7th identity in this network since 2024-03-18.");
  CHECK_EQ(text_at(document, "/campaign/declare"), "networks.trusted");
  CHECK_FALSE(document.at_pointer("/campaign/notify").as_bool());
  alert.hosting = true;
  CHECK_EQ(text_at(parsed(alert_document(alert)), "/campaign/declare"), "[[known]]");
  alert.hosting = false;
  alert.campaign.subject = "misused_service_token.pasted";
  CHECK_FALSE(parsed(alert_document(alert)).at("campaign").as_object().contains("declare"));
}

TEST_CASE("alert: only the second analytic carries the serverless tag") {
  const Candidate c = call();
  CHECK_FALSE(parsed(alert_document(alert_of(c))).as_object().contains("tags"));
  CHECK_EQ(text_at(parsed(alert_document(alert_of(c, Variation::cli_unusual))), "/tags/0"),
           "Cloud Serverless Function Credentials Theft Analytics");
}

TEST_CASE("alert: without the record the deciding fields stand in its place") {
  Candidate c = call();
  c.record.clear();
  c.record_truncated = true;
  const json::value document = parsed(alert_document(alert_of(c)));
  CHECK(document.at("record_truncated").as_bool());
  CHECK_EQ(text_at(document, "/event/eventID"), c.event_id);
  CHECK_EQ(text_at(document, "/event/sourceIPAddress"), "198.51.100.7");
}

TEST_CASE(
    "alert: a record nested as deeply as records may be is shown whole, and its state can still be laid over it") {
  Candidate c = call();
  c.record = R"({"eventID":"deep","requestParameters":)" + std::string(62, '[') + std::string(62, ']') + "}";
  const std::string document = alert_document(alert_of(c));
  CHECK_EQ(text_at(parsed(document), "/event/eventID"), "deep");
  AlertState state;
  state.occurrences = 9;
  CHECK_EQ(parsed(alert_with_state(document, state)).at("occurrences").to_number<int>(), 9);
}

TEST_CASE("alert: a document stays under 20 KB whatever the sender wrote") {
  Candidate c = call();
  c.record = R"({"eventID":"x","requestParameters":[)";
  while (c.record.size() + 8 < kCandidateRecordBytesMax) c.record += "1.1,";  // JSON writers make these longer
  c.record += "1]}";
  c.user_agent_text = controls(1'024);
  c.source_text = controls(256);
  c.as_name = c.vpc_endpoint = c.command = c.event_name = c.event_source = c.error_code = controls(128);
  c.exec_env = c.sid = c.region = controls(64);
  c.token.workload = controls(256);
  for (int i = 0; i < 15; ++i) c.downstream += std::string(64, 'a') + ' ' + std::string(64, 'b') + " c\n";
  Alert alert = alert_of(c);
  for (CallSummary* calls : {&alert.key_calls, &alert.identity_calls}) {
    for (int i = 0; i < 15; ++i) calls->apis.push_back({controls(512), 1, 1, c.time, c.time});
    for (int i = 0; i < 10; ++i) calls->sources.push_back({controls(256), 1});
    for (int i = 0; i < 4; ++i) calls->agents.push_back({controls(256), 1});
  }
  for (int i = 0; i < 20; ++i) alert.role_assumed_by.push_back({controls(512), 30, c.day(), c.day()});
  const std::string document = alert_document(alert);
  CHECK_LT(document.size(), 20 * 1024);
  CHECK_EQ(text_at(parsed(document), "/event/eventID"), c.event_id);
  CHECK(parsed(document).at("record_truncated").as_bool());
}

TEST_CASE("alert: the requests that came of an AwsMcpEvent are part of its investigation") {
  Candidate c = call();
  CHECK_FALSE(parsed(alert_document(alert_of(c))).at("investigation").as_object().contains("downstream_requests"));
  c.tool = "mcp";
  c.tool_kind = ToolKind::mcp;
  c.downstream = "sts:GetCallerIdentity us-east-1 a1\ns3:ListBuckets - b2\n";
  const json::value document = parsed(alert_document(alert_of(c)));
  CHECK_EQ(text_at(document, "/investigation/downstream_requests/0/api"), "sts:GetCallerIdentity");
  CHECK_EQ(text_at(document, "/investigation/downstream_requests/0/region"), "us-east-1");
  CHECK_EQ(text_at(document, "/investigation/downstream_requests/1/request_id"), "b2");
  CHECK_EQ(text_at(document, "/investigation/downstream_requests/1/region"), "");
  CHECK_EQ(text_at(document, "/user_agent/kind"), "mcp");
  CHECK_EQ(text_at(parsed(investigation_document(alert_of(c), alert_of(c))), "/as_of_alert/downstream_requests/1/api"),
           "s3:ListBuckets");
}

TEST_CASE("alert: a plain record of 8 KB is kept whole") {
  Candidate c = call();
  c.record = R"({"eventID":"x","requestParameters":")";
  c.record.append(kCandidateRecordBytesMax - c.record.size() - 2, 'r');
  c.record += "\"}";
  const std::string document = alert_document(alert_of(c));
  CHECK_LT(document.size(), 20 * 1024);
  CHECK_EQ(text_at(parsed(document), "/event/eventID"), "x");
}

TEST_CASE("alert: its id depends on analytic, tier, account, identity, subject and day, and on nothing else") {
  const AlertSubject about{Analytic::remote_service_token, "a", "i", "n"};
  const Hash128 id = alert_id(about, Tier::strong, 5);
  CHECK_EQ(id, alert_id({Analytic::remote_service_token, "a", "i", "n"}, Tier::strong, 5));
  CHECK_NE(id, alert_id(about, Tier::weak, 5));
  CHECK_NE(id, alert_id(about, Tier::strong, 6));
  CHECK_NE(id, alert_id({Analytic::serverless_cli, "a", "i", "n"}, Tier::strong, 5));
  CHECK_NE(id, alert_id({Analytic::remote_service_token, "b", "i", "n"}, Tier::strong, 5));
  CHECK_NE(id, alert_id({Analytic::remote_service_token, "a", "j", "n"}, Tier::strong, 5));
  CHECK_NE(id, alert_id({Analytic::remote_service_token, "a", "i", "m"}, Tier::strong, 5));
  CHECK_NE(alert_id({Analytic::remote_service_token, "ab", "c", "n"}, Tier::strong, 5),
           alert_id({Analytic::remote_service_token, "a", "bc", "n"}, Tier::strong, 5));
}

TEST_CASE("alert: its state widens with what it takes in, and its lists stay bounded") {
  AlertState state;
  Candidate c = call();
  state.take_in(c);
  CHECK_EQ(state.occurrences, 2);
  c.time -= 100;
  state.take_in(c);
  CHECK_EQ(state.first_seen, c.time);
  CHECK_EQ(state.last_seen, c.last_time);
  CHECK_EQ(state.addresses.size(), 1);
  for (int i = 0; i < 40; ++i) {
    c.address = "203.0.113." + std::to_string(i);
    state.take_in(c);
  }
  CHECK_EQ(state.addresses.size(), 16);
  CHECK_EQ(state.occurrences, 84);
}

TEST_CASE("alert: secrets of the record are shown to nobody, and a place without an address is hidden") {
  Candidate c = call();
  c.record = R"({"eventName":"AssumeRole","responseElements":{"credentials":{"sessionToken":"the-token"}}})";
  Alert alert = alert_of(c);
  alert.source_class = SourceClass::service;
  const std::string document = alert_document(alert);
  CHECK_EQ(document.find("the-token"), std::string::npos);
  CHECK_NE(document.find(R"("eventName":"AssumeRole")"), std::string::npos);
  CHECK_NE(document.find(R"("class":"hidden")"), std::string::npos);
}

TEST_CASE("alert: one occurrence is exact, more may be approximate, and it says so") {
  AlertState state;
  state.occurrences = 1;
  CHECK_NE(alert_with_state("{}", state).find(R"("occurrences_may_be_approximate":false)"), std::string::npos);
  state.occurrences = 2;
  CHECK_NE(alert_with_state("{}", state).find(R"("occurrences_may_be_approximate":true)"), std::string::npos);
}

TEST_CASE("alert: its state reads back, and cut or changed bytes are none") {
  AlertState state;
  state.take_in(call());
  state.status = AlertState::Status::acknowledged;
  state.status_at = 1'711'111'111;
  state.note = "ours";
  state.acknowledged_until = 20'000;
  const std::string bytes = encode_alert_state(state);
  const auto decoded = decode_alert_state(bytes);
  REQUIRE(decoded);
  CHECK_EQ(encode_alert_state(*decoded), bytes);
  CHECK_EQ(decoded->keys, state.keys);
  CHECK_EQ(decoded->acknowledged_until, 20'000);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_alert_state(bytes.substr(0, size)).has_value());
  std::mt19937 random(31);
  for (int round = 0; round < 5'000; ++round) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    const auto read = decode_alert_state(changed);
    if (read) REQUIRE_LE(read->addresses.size(), 16);
  }
}

TEST_CASE("alert: its state lies over the document and the document's other fields stay") {
  const Candidate c = call();
  AlertState state;
  state.take_in(c);
  state.occurrences = 77;
  state.status = AlertState::Status::acknowledged;
  state.status_at = 1'711'111'111;
  state.note = "ours";
  const json::value shown = parsed(alert_with_state(alert_document(alert_of(c)), state));
  CHECK_EQ(shown.at("occurrences").to_number<int>(), 77);
  CHECK_EQ(text_at(shown, "/status"), "acknowledged");
  CHECK_EQ(text_at(shown, "/note"), "ours");
  CHECK_EQ(text_at(shown, "/addresses/0"), "198.51.100.7");
  CHECK_EQ(text_at(shown, "/access_keys/0"), c.access_key);
  CHECK_EQ(text_at(shown, "/name"), "Suspicious usage of AWS service token");
}

TEST_CASE("alert: the title is a sentence with who, where and what") {
  Candidate c = call();
  CHECK_EQ(alert_title(alert_of(c)),
           "The token of Lambda orders-fn in account 111122223333 was used from 198.51.100.7 (Example Hosting), "
           "outside AWS.");
  c.tool = "aws-cli";
  c.command = "s3.ls";
  CHECK_EQ(alert_title(alert_of(c, Variation::cli_unusual)),
           "The token of Lambda orders-fn in account 111122223333 was used with aws-cli (s3.ls).");
  c.token.family = Family::other;
  c.token.identity = "111122223333/site-build-role#codebuild";
  CHECK_EQ(alert_title(alert_of(c, Variation::cli_unusual)),
           "The token of codebuild with role site-build-role in account 111122223333 was used with aws-cli (s3.ls).");
  c.token.identity = "111122223333/site-deploy-role";
  CHECK_EQ(alert_title(alert_of(c, Variation::cli_unusual)),
           "The token of role site-deploy-role in account 111122223333 was used with aws-cli (s3.ls).");
}

TEST_CASE("alert: of one event it names every other alert, not itself and none that was not raised") {
  Alert alert = alert_of(call());
  relate_to_event(alert, std::vector<Hash128>{{1, 1}, alert.id, {}, {2, 2}});
  CHECK_EQ(alert.related, std::vector<RelatedAlert>{{{1, 1}, "same_event"}, {{2, 2}, "same_event"}});
}

}  // namespace
}  // namespace straykey
