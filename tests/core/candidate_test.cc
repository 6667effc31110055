#include "core/detect/candidate.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace straykey {
namespace {

Candidate full() {
  Candidate c;
  c.combination = {11, 12};
  c.time = 1'711'011'900;
  c.last_time = 1'711'011'999;
  c.count = 3;
  c.from_future = c.untrusted = c.range_capped = c.record_truncated = true;
  c.token = {Family::ecs,
             Proof::session_name,
             "ecs",
             "111122223333",
             "111122223333/orders",
             "111122223333/orders",
             "task",
             true,
             "ecs"};
  c.address_class = SourceClass::external;
  c.address = "198.51.100.7";
  c.source_text = "198.51.100.7";
  c.network = "AS64511";
  c.prefix_network = "198.51.100.0/24";
  c.asn = 64'511;
  c.as_name = "Example Hosting";
  c.vpc_endpoint = "vpce-1";
  c.endpoint_owner = "444455556666";
  c.tool = "aws-cli";
  c.tool_kind = ToolKind::cli;
  c.platform = Platform::kali;
  c.exec_env = "CloudShell";
  c.command = "s3.ls";
  c.sid = "sid";
  c.user_agent_text = "aws-cli/2";
  c.access_key = "ASIA";
  c.event_id = "e";
  c.shared_event_id = "se";
  c.event_name = "ListBuckets";
  c.event_source = "s3.amazonaws.com";
  c.region = "eu-west-1";
  c.error_code = "AccessDenied";
  c.recipient_account = "111122223333";
  c.record = "{}";
  c.presigned = true;
  c.console_session = true;
  c.token.parent_role = "111122223333/ci";
  c.token.chain = "111122223333/ci > 111122223333/orders";
  c.token.assumed_role = "111122223333/ci";
  c.evidence = "console,letter:n";
  c.newest_day = 20'000;
  c.downstream = "sts:GetCallerIdentity us-east-1 a1\n";
  return c;
}

TEST_CASE("candidate: an account's day and a contradiction are no calls, and are told apart") {
  Candidate day;
  day.account_day = true;
  Candidate contradiction;
  contradiction.contradiction = true;
  contradiction.access_key = "ASIA";
  for (const Candidate& candidate : {day, contradiction, full()}) {
    const auto read = decode_candidate(encode_candidate(candidate));
    REQUIRE(read.has_value());
    CHECK_EQ(read->account_day, candidate.account_day);
    CHECK_EQ(read->contradiction, candidate.contradiction);
    CHECK_EQ(read->is_call(), candidate.is_call());
  }
}

TEST_CASE("candidate: every field reads back") {
  const Candidate c = full();
  const std::string bytes = encode_candidate(c);
  const auto decoded = decode_candidate(bytes);
  REQUIRE(decoded);
  CHECK_EQ(encode_candidate(*decoded), bytes);
  CHECK_EQ(decoded->combination, c.combination);
  CHECK_EQ(decoded->last_time, c.last_time);
  CHECK_EQ(decoded->count, 3);
  CHECK_EQ(decoded->newest_day, 20'000);
  CHECK(decoded->from_future);
  CHECK(decoded->untrusted);
  CHECK(decoded->range_capped);
  CHECK(decoded->record_truncated);
  CHECK(decoded->token.serverless);
  CHECK_EQ(decoded->token.family, Family::ecs);
  CHECK_EQ(decoded->token.proof, Proof::session_name);
  CHECK_EQ(decoded->token.must_have_assumed, "ecs");
  CHECK_EQ(decoded->token.workload, "task");
  CHECK_EQ(decoded->address_class, SourceClass::external);
  CHECK_EQ(decoded->tool_kind, ToolKind::cli);
  CHECK_EQ(decoded->platform, Platform::kali);
  CHECK_EQ(decoded->asn, 64'511);
  CHECK_EQ(decoded->endpoint_owner, "444455556666");
  CHECK_EQ(decoded->event_source, "s3.amazonaws.com");
  CHECK_EQ(decoded->record, "{}");
  CHECK(decoded->presigned);
  CHECK(decoded->console_session);
  CHECK_EQ(decoded->token.parent_role, "111122223333/ci");
  CHECK_EQ(decoded->token.chain, "111122223333/ci > 111122223333/orders");
  CHECK_EQ(decoded->token.assumed_role, "111122223333/ci");
  CHECK_EQ(decoded->evidence, "console,letter:n");
  CHECK_EQ(decoded->downstream, full().downstream);
}

TEST_CASE(
    "candidate: only a row with downstream requests is of version 3, and one that says when it came of version 4") {
  Candidate c = full();
  CHECK_EQ(encode_candidate(c)[0], 4);
  c.newest_day = 0;
  CHECK_EQ(encode_candidate(c)[0], 3);
  c.downstream.clear();
  const std::string bytes = encode_candidate(c);
  CHECK_EQ(bytes[0], 2);
  const auto decoded = decode_candidate(bytes);
  REQUIRE(decoded);
  CHECK_EQ(decoded->evidence, c.evidence);
}

TEST_CASE("candidate: a row of version 1 reads, without what version 2 added") {
  Candidate c = full();
  c.presigned = c.console_session = false;
  c.token.parent_role = c.token.chain = c.token.assumed_role = c.evidence = c.downstream = "";
  c.newest_day = 0;
  std::string bytes = encode_candidate(c);
  bytes.resize(bytes.size() - 4);  // four empty texts
  bytes[0] = 1;
  const auto decoded = decode_candidate(bytes);
  REQUIRE(decoded);
  CHECK_EQ(decoded->record, "{}");
  CHECK_EQ(decoded->evidence, "");
  CHECK_EQ(decoded->newest_day, 0);
}

TEST_CASE("candidate: each flag is its own") {
  for (int flag = 0; flag < 7; ++flag) {
    Candidate c;
    bool* const flags[] = {&c.from_future,      &c.untrusted, &c.range_capped,   &c.token.serverless,
                           &c.record_truncated, &c.presigned, &c.console_session};
    *flags[flag] = true;
    const auto decoded = decode_candidate(encode_candidate(c));
    REQUIRE(decoded);
    const bool read[] = {decoded->from_future,      decoded->untrusted,        decoded->range_capped,
                         decoded->token.serverless, decoded->record_truncated, decoded->presigned,
                         decoded->console_session};
    for (int other = 0; other < 7; ++other) CHECK_EQ(read[other], other == flag);
  }
}

TEST_CASE("candidate: cut at any byte, or longer, it is none") {
  const std::string whole = encode_candidate(full());
  for (std::size_t size = 0; size < whole.size(); ++size)
    REQUIRE_FALSE(decode_candidate(whole.substr(0, size)).has_value());
  CHECK_FALSE(decode_candidate(whole + "x").has_value());
}

TEST_CASE("candidate: later calls are added to what is encoded") {
  Candidate candidate;
  candidate.time = 1'900'000'000;
  candidate.last_time = candidate.time + 5;
  candidate.count = 3;
  candidate.access_key = "ASIAEXAMPLE";
  std::string bytes = encode_candidate(candidate);
  REQUIRE(add_calls(bytes, 4, candidate.time));
  const Candidate more = decode_candidate(bytes).value();
  CHECK_EQ(more.count, 7);
  CHECK_EQ(more.last_time, candidate.last_time);
  CHECK_EQ(more.time, candidate.time);
  CHECK_EQ(more.access_key, "ASIAEXAMPLE");
  REQUIRE(add_calls(bytes, 1, candidate.time + 9));
  CHECK_EQ(decode_candidate(bytes).value().count, 8);
  CHECK_EQ(decode_candidate(bytes).value().last_time, candidate.time + 9);
  std::string cut = bytes.substr(0, 20);
  CHECK_FALSE(add_calls(cut, 1, candidate.time));
}

TEST_CASE("candidate: bytes changed at random are refused or read, never trusted beyond their enums") {
  std::mt19937 random(29);
  const std::string whole = encode_candidate(full());
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (unsigned changes = static_cast<unsigned>(1 + random() % 3); changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto decoded = decode_candidate(bytes);
    if (!decoded) continue;
    ++read;
    REQUIRE_LE(decoded->token.family, Family::kubernetes);
    REQUIRE_LE(decoded->token.proof, Proof::session);
    REQUIRE_LE(decoded->address_class, SourceClass::external);
    REQUIRE_LE(decoded->tool_kind, ToolKind::mcp);
    REQUIRE_LE(decoded->platform, Platform::kali);
    REQUIRE_GE(decoded->time, 0);
  }
  CHECK_GT(read, 0);
}

TEST_CASE("candidate: the networks by which a call is known") {
  Candidate c;
  c.address = "198.51.100.7";
  c.address_class = SourceClass::external;
  c.network = c.prefix_network = "198.51.100.0/24";
  CHECK_EQ(c.network_forms(), std::vector<std::string>{"198.51.100.0/24"});
  c.network = "AS64511";
  CHECK_EQ(c.network_forms(), std::vector<std::string>{"AS64511", "198.51.100.0/24"});
  c.endpoint_owner = "444455556666";
  CHECK_EQ(c.network_forms().front(), "vpce:444455556666");
  c.address_class = SourceClass::private_range;
  CHECK_EQ(c.network_forms(), std::vector<std::string>{"vpce:444455556666"});
  CHECK(c.may_be_external());
  c.endpoint_owner.clear();
  CHECK(c.network_forms().empty());
  CHECK_FALSE(c.may_be_external());
}

}  // namespace
}  // namespace straykey
