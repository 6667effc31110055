#pragma once
// Alerts to make documents and bodies of: a plain one, and one whose sender wrote what he could to be taken for
// something else.
#include <string>
#include <vector>

#include "core/detect/message.h"

namespace straykey::testing {

inline constexpr const char* kSampleId = "0123456789abcdef0123456789abcdef";

inline Alert sample_alert() {
  Alert alert;
  alert.id = *Hash128::from_hex(kSampleId);
  alert.severity = Severity::high;
  alert.verdict = {Variation::remote_suspicious, {"It is outside AWS.", "AS64511 is new to the identity."}, {}};
  alert.network = "AS64511";
  Candidate& call = alert.call;
  call.time = 1'711'011'900;  // 2024-03-21T09:05:00Z
  call.last_time = 1'711'011'960;
  call.token.family = Family::lambda;
  call.token.service = "lambda";
  call.token.account = "111122223333";
  call.token.identity = "111122223333/orders/orders-fn";
  call.token.role_identity = "111122223333/orders";
  call.address_class = SourceClass::external;
  call.address = call.source_text = "198.51.100.7";
  call.network = "AS64511";
  call.asn = 64'511;
  call.as_name = "Example Hosting";
  call.tool = "boto3";
  call.user_agent_text = "Boto3/1.34.0";
  call.access_key = "ASIAORDERS0000000001";
  call.event_id = "11111111-2222-3333-4444-555555555555";
  call.event_name = "ListBuckets";
  call.event_source = "s3.amazonaws.com";
  call.region = "eu-west-1";
  call.recipient_account = "111122223333";
  call.record = R"({"eventName":"ListBuckets","eventSource":"s3.amazonaws.com"})";
  alert.campaign = {{1, 2}, "AS64511", 19'800, 3, true, true};
  return alert;
}

// Control characters, a change of the writing direction, bytes that are no UTF-8, and the markup of every receiver.
inline const std::string kHostile =
    "\x01\x1b[31m\n\r\t<!channel> <https://evil.example|ok> *b* _i_ ~s~ `c` [l](https://evil.example) | = \\ \" ' & "
    "\xe2\x80\xae\xe2\x81\xa6\xc2\x9b\xff${x} $(id) {{ .Labels }}";

inline Alert hostile_alert(std::size_t repeats = 1) {
  Alert alert = sample_alert();
  std::string text;
  for (std::size_t i = 0; i < repeats; ++i) text += kHostile;
  Candidate& call = alert.call;
  call.user_agent_text = call.source_text = call.as_name = call.command = call.event_name = call.event_source = text;
  call.region = call.access_key = call.event_id = call.token.workload = call.tool = text;
  // Names and reasons are short, because readers of records cut them.
  const std::string name = text.substr(0, 400);
  call.token.identity = "111122223333/" + name;
  call.token.role_identity = "111122223333/" + name;
  call.address = "";
  call.error_code = text;
  call.record.clear();
  alert.network = name;
  alert.verdict.why = {name, name, name};
  alert.campaign.subject = name;
  return alert;
}

// What escapes make longest, or takes most bytes of JSON: DEL, C1 controls, direction, backslashes, quotes, ESC.
inline const std::vector<std::string> kLongestEscapes{"\x7f", "\xc2\x9b", "\xe2\x80\xae", "\\", "\"", "\x1b", "&", "a"};

// An alert, and each other message, with as much of `filler` in every text as what writes messages lets through.
inline std::vector<Message> messages_full_of(const std::string& filler) {
  const auto text = [&](std::size_t bytes) {
    std::string out;
    while (out.size() + filler.size() <= bytes) out += filler;
    return out;
  };
  Alert alert = sample_alert();
  Candidate& call = alert.call;
  for (std::string* one :
       {&call.source_text, &call.as_name, &call.command, &call.event_name, &call.event_source, &call.region,
        &call.event_id, &call.tool, &call.sid, &call.vpc_endpoint, &call.error_code, &call.token.workload})
    *one = text(256);
  call.user_agent_text = text(1'024);
  call.exec_env = text(64);
  call.token.identity = call.token.role_identity = "111122223333/" + text(128) + "/" + text(128);
  call.token.chain = "444455556666/" + text(128) + " > 111122223333/" + text(128);
  call.access_key = call.token.service = call.address = call.endpoint_owner = text(128);
  call.record = R"({"eventName":"X","requestParameters":")";
  const bool needs_escape = filler == "\\" || filler == "\"" || filler == "\x1b";
  const std::string in_json = filler == "\x1b" ? "\\u001b" : needs_escape ? "\\" + filler : filler;
  while (call.record.size() + in_json.size() + 2 <= kCandidateRecordBytesMax) call.record += in_json;
  call.record += "\"}";
  alert.network = text(128);
  alert.verdict.why.assign(8, text(400));
  alert.verdict.limits.assign(4, text(200));
  alert.campaign.subject = text(128);
  for (CallSummary* calls : {&alert.key_calls, &alert.identity_calls}) {
    calls->apis.assign(15, {text(128), 1, 1, 1, 1});
    calls->sources.assign(10, {text(128), 1});
    calls->agents.assign(4, {text(256), 1});
  }
  alert.role_assumed_by.assign(20, {text(256), 3, 19'000, 19'001});
  ActivationReport report;
  report.account = "111122223333";
  report.pairs.assign(ActivationReport::kPairsShown, {"111122223333/" + text(256), text(64), 3, 19'000, 19'001});
  report.pairs_total = report.pairs.size();
  AlertSummary summary;
  summary.account = "111122223333";
  summary.identity = call.token.identity;
  Contradiction contradiction;
  contradiction.alert = alert.id;
  contradiction.account = "111122223333";
  contradiction.identity = contradiction.role = call.token.identity;
  contradiction.access_key = contradiction.service = contradiction.network = text(128);
  contradiction.assumed_by = contradiction.region = text(256);
  return {alert, report, summary, contradiction};
}

// What the merger tells when the sample alert is contradicted.
inline Contradiction sample_contradiction() {
  const Alert alert = sample_alert();
  return {.alert = alert.id,
          .variation = alert.verdict.variation,
          .severity = alert.severity,
          .account = alert.call.token.account,
          .identity = alert.call.token.identity,
          .access_key = alert.call.access_key,
          .role = alert.call.token.role_identity,
          .service = "ecs",
          .assumed_by = "ecs-tasks.amazonaws.com",
          .at = 1'711'011'000,  // 2024-03-21T08:50:00Z
          .network = alert.network,
          .region = alert.call.region};
}

inline std::vector<Message> sample_messages() {
  ActivationReport report;
  report.account = "111122223333";
  report.at = 1'711'011'900;
  AlertSummary summary;
  summary.account = "111122223333";
  summary.identity = "111122223333/orders";
  summary.day = 19'800;
  summary.strong = 7;
  EndpointTest test;
  test.id = {5, 6};
  test.endpoint = "soc";
  test.at = 1'711'011'900;
  const DeliveryDigest digest{{7, 8}, "soc", 12, Severity::high, 1'711'011'900, 1'711'011'960};
  return {sample_alert(),
          report,
          summary,
          sample_contradiction(),
          test,
          digest,
          OldBody{R"({"type":"alert.created","timestamp":"2024-03-21T09:05:00Z","data":{"id":"00","severity":"low"}})",
                  R"({"id":"00","severity":"low"})"},
          OldBody{"no JSON", "none"}};
}

}  // namespace straykey::testing
