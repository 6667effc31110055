#include "core/engine/observation.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/event/mcp_event.h"
#include "tests/support/calls.h"

namespace straykey {
namespace {

struct Observed {
  std::unique_ptr<Request> request;
  Observation observation;
};
Observed observed(const Call& call, const DetectionSettings& settings = {}, const IssuedToken* issued = nullptr) {
  static const auto networks = test_networks();
  Observed out{request_of({call}), {}};
  out.observation = observe(out.request->events[0], issued, *networks, settings);
  describe(out.observation.call, out.request->events[0]);
  return out;
}

TEST_CASE("observation: a call from another network carries where, with what and whose token") {
  const auto [request, seen] = observed({.id = "e1", .agent = std::string(kAwsCli), .record = R"({"a":1})"});
  CHECK(seen.own);
  CHECK(seen.has_token);
  CHECK_EQ(seen.caller, "111122223333/orders");
  CHECK_EQ(seen.call.address, "198.51.100.7");
  CHECK_EQ(seen.call.address_class, SourceClass::external);
  CHECK_EQ(seen.call.network, "AS64511");
  CHECK_EQ(seen.call.prefix_network, "198.51.100.0/24");
  CHECK_EQ(seen.call.as_name, "Example Hosting");
  CHECK_FALSE(seen.call.range_capped);
  CHECK_EQ(seen.call.tool, "aws-cli");
  CHECK_EQ(seen.call.command, "s3.ls");
  CHECK_EQ(seen.call.record, R"({"a":1})");
  CHECK_EQ(seen.call.event_id, "e1");
}

TEST_CASE("observation: without a known ASN and with ranges older than 30 days the verdict will be capped") {
  CHECK(observed({.at = "2024-05-21T09:05:00Z", .ip = "8.8.8.8"}).observation.call.range_capped);
  CHECK_FALSE(observed({.ip = "8.8.8.8"}).observation.call.range_capped);
  CHECK_FALSE(observed({.at = "2024-05-21T09:05:00Z"}).observation.call.range_capped);  // its ASN is known
}

TEST_CASE("observation: ranges without an address of the call's Region cap the verdict, however fresh they are") {
  NetworkInputs inputs;
  inputs.aws_ranges = {*parse_prefix("192.0.2.0/24")};
  inputs.aws_ranges_created = parse_time("2024-03-20T00:00:00Z");
  inputs.aws_regions = {"us-east-1"};
  const NetworkMap networks(std::move(inputs));
  const auto request = request_of({Call{.ip = "203.0.113.7"}});
  Event event = request->events[0];
  const auto capped = [&](std::string_view region) {
    event.region = region;
    return observe(event, nullptr, networks, {}).call.range_capped;
  };
  CHECK_FALSE(capped("us-east-1"));
  CHECK(capped("xx-new-1"));
  CHECK_FALSE(capped(""));
  // Capped and not capped are two verdicts, so they are two candidates.
  Candidate in_known = observe(event, nullptr, networks, {}).call, in_new = in_known;
  in_new.range_capped = true;
  CHECK(combination_of(HashKey{1, 2}, in_known) != combination_of(HashKey{1, 2}, in_new));
}

TEST_CASE("observation: only an endpoint owner that may be foreign is kept") {
  DetectionSettings settings;
  settings.accounts = {"777788889999"};
  CHECK_EQ(observed({.ip = "10.0.0.1", .endpoint_owner = "444455556666"}, settings).observation.call.endpoint_owner,
           "444455556666");
  CHECK(observed({.endpoint_owner = std::string(kTestAccount)}, settings).observation.call.endpoint_owner.empty());
  CHECK(observed({.endpoint_owner = "777788889999"}, settings).observation.call.endpoint_owner.empty());
  CHECK(observed({.endpoint_owner = "nonsense"}, settings).observation.call.endpoint_owner.empty());
  CHECK(observed({.ip = "AWS Internal", .endpoint_owner = "444455556666"}).observation.call.address.empty());
}

TEST_CASE("observation: of a list the first external address counts, else the first; what is no address is no place") {
  const auto address = [](std::string ip) { return observed({.ip = std::move(ip)}).observation.call.address; };
  CHECK_EQ(address("10.0.0.1, 198.51.100.7"), "198.51.100.7");
  CHECK_EQ(address("10.0.0.1,192.0.2.10"), "10.0.0.1");
  CHECK_EQ(address("unknown, [2001:db8::1]:443"), "2001:db8::1");
  CHECK_EQ(address("198.51.100.7:4711"), "198.51.100.7");
  CHECK_EQ(address("appstream.amazonaws.com"), "");
  CHECK_EQ(address(""), "");
  CHECK_EQ(address(", ,"), "");
}

TEST_CASE("observation: a record over its bound is left out and says so") {
  const auto big = observed({.record = std::string(kCandidateRecordBytesMax + 1, 'x')});
  CHECK(big.observation.call.record.empty());
  CHECK(big.observation.call.record_truncated);
  const auto fits = observed({.record = std::string(kCandidateRecordBytesMax, 'x')});
  CHECK_EQ(fits.observation.call.record.size(), kCandidateRecordBytesMax);
  CHECK_FALSE(fits.observation.call.record_truncated);
}

TEST_CASE("observation: a long user agent is cut between characters") {
  const auto seen = observed({.agent = std::string(1'023, 'a') + "ää"});
  CHECK_EQ(seen.observation.call.user_agent_text, std::string(1'023, 'a'));
}

TEST_CASE("observation: an unproven temporary key may wait for proof; one whose issue is known may not") {
  const auto waiting = observed({.issuer_type = ""});
  CHECK(waiting.observation.may_wait_for_proof);
  CHECK_EQ(waiting.observation.session, "orders-fn");
  CHECK_FALSE(waiting.observation.has_token);
  const IssuedToken nobody;
  CHECK_FALSE(observed({.issuer_type = ""}, {}, &nobody).observation.may_wait_for_proof);
  CHECK_FALSE(observed({.key = "AKIAEXAMPLE", .issuer_type = ""}).observation.may_wait_for_proof);
  CHECK_FALSE(observed({}).observation.may_wait_for_proof);
}

TEST_CASE("observation: a late proof gives the call the identity that an early one would have given") {
  const IssuedToken issued{"lambda", {}, 0};
  Observation late = observed({.issuer_type = ""}).observation;
  late.call.token.role_identity = late.caller;
  prove(late.call, late.session, issued);
  CHECK_EQ(late.call.token.identity, observed({.issuer_type = ""}, {}, &issued).observation.call.token.identity);
}

TEST_CASE("observation: a combination is one a day for what a verdict depends on, whatever else changes") {
  const HashKey key{1, 2};
  const auto combination = [&](const Call& call) { return combination_of(key, observed(call).observation.call); };
  const Hash128 base = combination({});
  CHECK_EQ(base, combination({.at = "2024-03-21T23:59:59Z", .id = "other", .key = "ASIAOTHER", .api = "GetObject"}));
  CHECK_NE(base, combination({.at = "2024-03-22T00:00:00Z"}));
  CHECK_NE(base, combination({.session = "other-fn"}));
  CHECK_NE(base, combination({.ip = "198.51.100.8"}));
  CHECK_NE(base, combination({.agent = std::string(kAwsCli)}));
  CHECK_NE(base, combination({.endpoint_owner = "444455556666"}));
}

TEST_CASE("observation: each field that a verdict reads makes a combination of its own") {
  const Candidate base = observed({}).observation.call;
  const std::vector<std::function<void(Candidate&)>> changes{
      [](Candidate& c) { c.token.identity += "x"; },
      [](Candidate& c) { c.token.family = Family::ecs; },
      [](Candidate& c) { c.token.service = "ecs"; },
      [](Candidate& c) { c.token.must_have_assumed = "lambda"; },
      [](Candidate& c) { c.token.chain = "111122223333/ci > 111122223333/orders"; },
      [](Candidate& c) { c.address = "198.51.100.8"; },
      [](Candidate& c) { c.network = "AS64510"; },
      [](Candidate& c) { c.prefix_network = "198.51.101.0/24"; },
      [](Candidate& c) { c.endpoint_owner = "444455556666"; },
      [](Candidate& c) { c.tool = "other"; },
      [](Candidate& c) { c.platform = Platform::macos; },
      [](Candidate& c) { c.exec_env = "other"; },
      [](Candidate& c) { c.evidence = "letter:n"; },
      [](Candidate& c) { c.presigned = true; },
      [](Candidate& c) { c.console_session = true; },
      [](Candidate& c) { c.time += kSecondsPerDay; },
      [](Candidate& c) { c.from_future = true; },
      [](Candidate& c) {
        c.tool_kind = ToolKind::mcp;
        c.address_class = SourceClass::aws;
      },
  };
  std::set<Hash128> combinations{combination_of({1, 2}, base)};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    Candidate changed = base;
    changes[i](changed);
    CHECK(combinations.insert(combination_of({1, 2}, changed)).second);
  }
}

TEST_CASE("observation: a call that AWS's MCP server made has no place, and waits where nothing proves it") {
  const auto request = request_of({Call{.key = "ASIAMADEBYMCP0000001", .issuer_type = "", .ip = "198.51.100.7"}});
  Event event = request->events[0];
  event.principal_id = "AROAEXAMPLE:orders-fn";
  event.invoked_by = "aws-mcp.amazonaws.com";
  note_mcp(event);
  const auto networks = test_networks();
  Observation seen = observe(event, nullptr, *networks, {});
  CHECK_FALSE(seen.has_token);
  CHECK(seen.may_wait_for_proof);
  CHECK_EQ(seen.call.address_class, SourceClass::aws);
  CHECK_FALSE(seen.call.may_be_external());
  CHECK_EQ(seen.call.tool, "mcp");
  IssuedToken session;
  session.service = "lambda";
  session.session_role = "111122223333/orders";
  seen = observe(event, &session, *networks, {});
  CHECK(seen.has_token);
  CHECK_FALSE(seen.may_wait_for_proof);
  CHECK(worth_judging(seen.call, {}));
}

TEST_CASE("observation: the requests that came of an AwsMcpEvent are kept, however long its record is") {
  const std::string list = R"({"additionalEventData":{"downstreamRequests":[{"apiName":"s3:ListBuckets"}]},"x":")";
  const auto request = request_of({Call{.record = list + std::string(kCandidateRecordBytesMax, 'x') + "\"}"}});
  Event event = request->events[0];
  event.event_type = "AwsMcpEvent";
  Candidate call;
  describe(call, event);
  CHECK(call.downstream.empty());
  note_mcp(event);
  describe(call, event);
  CHECK_EQ(call.downstream, "s3:ListBuckets - -\n");
  CHECK(call.record_truncated);
}

TEST_CASE("observation: a call carries its evidence, sorted, and where the client found its credentials") {
  const auto evidence = [](const Call& call) { return observed(call).observation.call.evidence; };
  const std::string pasted = std::string(kBoto3) + " m/n,E,g";
  CHECK_EQ(evidence({}), "");
  CHECK_EQ(evidence({.agent = pasted}), "letter:g,letter:n");
  CHECK_EQ(evidence({.agent = pasted, .source = "signin.amazonaws.com", .api = "GetSigninToken"}),
           "console,letter:g,letter:n");
  CHECK_EQ(evidence({.source = "signin.amazonaws.com", .api = "ConsoleLogin"}), "console");
  CHECK_EQ(evidence({.source = "sts.amazonaws.com", .api = "GetWebIdentityToken"}), "exchanged:GetWebIdentityToken");
  CHECK_EQ(evidence({.source = "other.amazonaws.com", .api = "GetWebIdentityToken"}), "");
  CHECK_EQ(evidence({.api = "CreateOAuth2TokenWithIAM"}), "exchanged:CreateOAuth2TokenWithIAM");
}

TEST_CASE("observation: of a console session only that is judged which its own record proves") {
  const auto proven = observed({.agent = std::string(kBoto3) + " m/n", .console_session = true}).observation;
  CHECK(proven.has_token);
  CHECK(proven.call.console_session);
  CHECK_EQ(proven.call.evidence, "console");
  CHECK_EQ(proven.caller, "");  // it teaches no network
  CHECK(observed({.session = "i-0123456789abcdef0", .issuer_type = "", .console_session = true}).observation.has_token);
  // An issuing event tells of another key, and the shape of a name is no proof of its own.
  const IssuedToken issued{"lambda", {}, 0};
  CHECK_FALSE(observed({.issuer_type = "", .console_session = true}, {}, &issued).observation.has_token);
  const auto shape =
      observed({.session = "0123456789abcdef0123456789abcdef", .issuer_type = "", .console_session = true});
  CHECK_FALSE(shape.observation.has_token);
  CHECK_EQ(shape.observation.caller, "111122223333/orders");
}

TEST_CASE(
    "observation: of a presigned request nothing of the agent is read, for whoever holds the link has chosen it") {
  const std::string agent = std::string(kAwsCli) + " exec-env/AWS_Lambda_python3.12 m/n";
  const auto seen = observed({.agent = agent, .presigned = true}).observation.call;
  CHECK(seen.presigned);
  CHECK_EQ(seen.tool, "unknown");
  CHECK_EQ(seen.tool_kind, ToolKind::unknown);
  CHECK_EQ(seen.platform, Platform::unknown);
  CHECK_EQ(seen.exec_env, "");
  CHECK_EQ(seen.evidence, "");
  CHECK_EQ(seen.user_agent_text, agent);  // it is shown
  CHECK_FALSE(observed({.issuer_type = "", .agent = agent, .presigned = true}).observation.has_token);
  CHECK(observed({.issuer_type = "", .agent = agent}).observation.has_token);
}

TEST_CASE("observation: an exec-env that no rule knows is one value") {
  const auto exec_env = [](std::string_view text) {
    return observed({.agent = std::string(kBoto3) + " exec-env/" + std::string(text)}).observation.call.exec_env;
  };
  for (const std::string_view known : {"AWS_Lambda_python3.12", "AWS_ECS_EC2", "CloudShell", "AmazonQ-For-CLI"})
    CHECK_EQ(exec_env(known), known);
  CHECK_EQ(exec_env("Mine-1"), "other");
  CHECK_EQ(exec_env("Mine-2"), "other");
}

TEST_CASE("observation: worth judging is what is external, a serverless CLI, or evidence by itself") {
  const auto worth = [](const Call& call, const DetectionSettings& settings = {}) {
    return worth_judging(observed(call, settings).observation.call, settings);
  };
  CHECK(worth({}));
  CHECK_FALSE(worth({.ip = "192.0.2.10"}));
  CHECK(worth({.ip = "192.0.2.10", .agent = std::string(kAwsCli)}));
  CHECK_FALSE(worth({.issuer_type = "AWS::EC2::Instance", .ip = "192.0.2.10", .agent = std::string(kAwsCli)}));
  CHECK(worth({.issuer_type = "AWS::EC2::Instance"}));
  const std::string pasted = std::string(kBoto3) + " m/n", from_environment = std::string(kBoto3) + " m/g";
  CHECK(worth({.ip = "192.0.2.10", .agent = pasted}));
  CHECK_FALSE(worth({.ip = "192.0.2.10", .agent = from_environment}));  // that is where Lambda puts it
  CHECK(worth({.issuer_type = "AWS::EC2::Instance", .ip = "192.0.2.10", .agent = from_environment}));
  CHECK(worth({.ip = "192.0.2.10", .agent = "aws-sdk-js/3.895.0 os/darwin#23.0.0"}));
  CHECK(worth({.issuer_type = "AWS::EC2::Instance", .ip = "192.0.2.10", .agent = "TruffleHog"}));
  DetectionSettings no_ec2;
  no_ec2.ec2 = false;
  CHECK_FALSE(worth({.issuer_type = "AWS::EC2::Instance"}, no_ec2));
}

TEST_CASE("observation: each family is judged but EC2 where it is off and Kubernetes where it is not on") {
  DetectionSettings settings;
  for (const Family family : {Family::lambda, Family::ecs, Family::eks, Family::ec2, Family::other})
    CHECK(is_judged(family, settings));
  CHECK_FALSE(is_judged(Family::kubernetes, settings));
  settings.kubernetes = true;
  settings.ec2 = false;
  CHECK(is_judged(Family::kubernetes, settings));
  CHECK_FALSE(is_judged(Family::ec2, settings));
}

}  // namespace
}  // namespace straykey
