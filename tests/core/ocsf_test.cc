#include "core/detect/formats/ocsf.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "tests/support/alert_samples.h"

// The checks are ours, written after OCSF 1.3.0: every member that an object may have, those that it must have, and the
// numbers of the enumerations that are used.
namespace straykey {
namespace {

namespace json = boost::json;
using Names = std::set<std::string>;

void check_members(const json::object& object, const Names& required, const Names& allowed) {
  for (const std::string& name : required) {
    CAPTURE(name);
    CHECK(object.contains(name));
  }
  for (const auto& member : object) {
    const std::string name(member.key());
    CAPTURE(name);
    CHECK((required.contains(name) || allowed.contains(name)));
  }
}

void check_number(const json::object& object, const char* name, const std::set<std::int64_t>& values) {
  CAPTURE(name);
  CHECK(values.contains(object.at(name).as_int64()));
}

void check_finding_info(const json::object& info) {
  check_members(info, {"title", "uid"},
                {"analytic", "attacks", "created_time", "data_sources", "desc", "first_seen_time", "last_seen_time",
                 "modified_time", "src_url", "types"});
  const json::object& analytic = info.at("analytic").as_object();
  check_members(analytic, {"type_id"}, {"category", "name", "type", "uid"});
  check_number(analytic, "type_id", {2});
  CHECK_EQ(analytic.at("type").as_string(), "Behavioral");
  if (!info.contains("attacks")) return;
  for (const json::value& attack : info.at("attacks").as_array()) {
    check_members(attack.as_object(), {"technique", "version"}, {"tactic"});
    check_members(attack.at("technique").as_object(), {"uid"}, {"name"});
    if (attack.as_object().contains("tactic")) check_members(attack.at("tactic").as_object(), {"uid"}, {"name"});
  }
}

void check_account(const json::value& account) {
  check_members(account.as_object(), {"uid"}, {"type", "type_id", "name"});
  check_number(account.as_object(), "type_id", {10});
  CHECK_EQ(account.at("type").as_string(), "AWS Account");
}

void check_evidence(const json::object& evidence) {
  check_members(evidence, {}, {"actor", "api", "data", "src_endpoint"});
  const json::object& user = evidence.at("actor").at("user").as_object();
  check_members(user, {}, {"account", "credential_uid", "name", "type", "type_id"});
  check_number(user, "type_id", {99});
  check_account(user.at("account"));
  if (evidence.contains("api")) {
    check_members(evidence.at("api").as_object(), {"operation"}, {"service"});
    if (evidence.at("api").as_object().contains("service"))
      check_members(evidence.at("api").at("service").as_object(), {}, {"name"});
  }
  check_members(evidence.at("src_endpoint").as_object(), {}, {"autonomous_system", "ip", "svc_name", "uid"});
}

void check_finding(const std::string& text) {
  const json::value parsed = json::parse(text);
  const json::object& body = parsed.as_object();
  check_members(body,
                {"activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "metadata",
                 "finding_info", "cloud"},
                {"activity_name", "category_name", "class_name", "type_name", "severity", "status", "status_id",
                 "message", "evidences", "resources", "observables", "remediation", "unmapped"});
  check_number(body, "activity_id", {1, 3});
  check_number(body, "category_uid", {2});
  check_number(body, "class_uid", {2004});
  CHECK_EQ(body.at("type_uid").as_int64(), 200'400 + body.at("activity_id").as_int64());
  check_number(body, "severity_id", {1, 2, 3, 4});
  check_number(body, "status_id", {1, 4});
  check_members(body.at("metadata").as_object(), {"product", "version"}, {"event_code", "profiles", "uid"});
  CHECK_EQ(body.at("metadata").at("version").as_string(), "1.3.0");
  check_members(body.at("metadata").at("product").as_object(), {"vendor_name"}, {"name"});
  check_members(body.at("cloud").as_object(), {"provider"}, {"account", "region"});
  if (body.at("cloud").as_object().contains("account")) check_account(body.at("cloud").at("account"));
  check_finding_info(body.at("finding_info").as_object());
  if (body.contains("remediation")) check_members(body.at("remediation").as_object(), {"desc"}, {});
  if (body.contains("evidences"))
    for (const json::value& evidence : body.at("evidences").as_array()) check_evidence(evidence.as_object());
  if (!body.contains("observables")) return;
  for (const json::value& observable : body.at("observables").as_array()) {
    check_members(observable.as_object(), {"name", "type_id"}, {"type", "value"});
    check_number(observable.as_object(), "type_id", {2, 10});
  }
}

TEST_CASE("ocsf: every message is a Detection Finding of 1.3.0 with all that the class requires and nothing else") {
  for (const Message& message : testing::sample_messages()) check_finding(ocsf_body(message, {"https://p.example/"}));
  check_finding(ocsf_body(testing::hostile_alert(), {}));
}

TEST_CASE("ocsf: an alert's facts stand where the schema has a place for them") {
  const json::value body = json::parse(ocsf_body(testing::sample_alert(), {"https://p.example/"}));
  CHECK_EQ(body.at("severity_id").as_int64(), 4);
  CHECK_EQ(body.at("severity").as_string(), "High");
  CHECK_EQ(body.at("time").as_int64(), 1'711'011'900'000);
  CHECK_EQ(body.at_pointer("/finding_info/uid").as_string(), testing::kSampleId);
  CHECK_EQ(body.at_pointer("/finding_info/src_url").as_string(),
           std::string("https://p.example/") + testing::kSampleId);
  CHECK_EQ(body.at_pointer("/finding_info/last_seen_time").as_int64(), 1'711'011'960'000);
  CHECK_EQ(body.at_pointer("/finding_info/attacks/0/tactic/uid").as_string(), "TA0006");
  CHECK_EQ(body.at_pointer("/evidences/0/src_endpoint/ip").as_string(), "198.51.100.7");
  CHECK_EQ(body.at_pointer("/evidences/0/src_endpoint/autonomous_system/number").as_int64(), 64'511);
  CHECK_EQ(body.at_pointer("/evidences/0/api/operation").as_string(), "ListBuckets");
  CHECK_EQ(body.at_pointer("/evidences/0/actor/user/credential_uid").as_string(), "ASIAORDERS0000000001");
  CHECK_EQ(body.at_pointer("/observables/0/value").as_string(), "198.51.100.7");
  CHECK_EQ(body.at_pointer("/unmapped/why/1").as_string(), "AS64511 is new to the identity.");
  CHECK_EQ(body.at_pointer("/unmapped/respond/revoke/0/role").as_string(), "orders");
}

TEST_CASE("ocsf: what takes an alert back closes its finding") {
  const json::value body = json::parse(ocsf_body(testing::sample_contradiction(), {}));
  CHECK_EQ(body.at_pointer("/finding_info/uid").as_string(), testing::kSampleId);
  CHECK_NE(body.at_pointer("/metadata/uid").as_string(), testing::kSampleId);
  CHECK_EQ(body.at("activity_id").as_int64(), 3);
  CHECK_EQ(body.at("status").as_string(), "Resolved");
  CHECK_EQ(body.at("time").as_int64(), 1'711'011'000'000);
  CHECK_EQ(body.at_pointer("/finding_info/modified_time").as_int64(), 1'711'011'000'000);
  CHECK_EQ(body.at_pointer("/finding_info/analytic/uid").as_string(), "remote_service_token.suspicious");
}

TEST_CASE("ocsf: severities are numbers of their own") {
  Alert alert = testing::sample_alert();
  std::int64_t expected = 1;
  for (const Severity severity : {Severity::informational, Severity::low, Severity::medium, Severity::high}) {
    alert.severity = severity;
    CHECK_EQ(json::parse(ocsf_body(alert, {})).at("severity_id").as_int64(), expected++);
  }
}

}  // namespace
}  // namespace straykey
