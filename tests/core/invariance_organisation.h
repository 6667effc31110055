#pragma once
// A made-up organisation from a seed: the lines of its trail, day by day, with thefts of each kind among them.
//
// Shape:  days in their order; within a day in any. The same seed gives the same lines.
// Thread: one at a time.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "tests/support/record_builder.h"

namespace straykey {

inline constexpr Day kFirstDay = 20'454;
inline constexpr int kDays = 36;
inline constexpr std::string_view kAccounts[] = {"111122223333", "444455556666"};
inline constexpr std::string_view kCluster = "arn:aws:iam::111122223333:oidc-provider/oidc.cluster.example.com/one";

// --- A synthetic organisation, from a seed ---

struct Line {
  int day = 1;
  std::string json;
};

class Organisation {
 public:
  explicit Organisation(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 60; ++i) add("lambda", i, i / 2);  // two functions a role
    for (int i = 0; i < 50; ++i) add("ecs", i, i);
    for (int i = 0; i < 50; ++i) add("eks", i, i);
    for (int i = 0; i < 50; ++i) add("ec2", i, i);
    for (int i = 0; i < 40; ++i) add("codebuild", i, i);
    for (int i = 0; i < 50; ++i) add("glue", i, i);
  }

  std::vector<Line> lines() {
    for (int day = 1; day <= kDays; ++day) {
      for (std::size_t i = 0; i < workloads_.size(); ++i) live(day, i);
      for (int i = 0; i < 8; ++i) user_call(day, i);
      if (day >= 12) thefts(day);
    }
    return std::move(lines_);
  }

 private:
  enum class Shown { in_scope, issued, issued_after, weak, descended };

  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }

  void add(std::string service, int name, int role) {
    const std::string text = fmt::format("{}-{}", service, name);
    workloads_.push_back({service, std::string(kAccounts[role % 2]), fmt::format("{}-role-{}", service, role),
                          service == "eks" ? "apps/" + text : text});
  }

  struct Call {
    int day;
    std::size_t workload;
    std::string ip, tool, owner;
    Shown shown;
    // What is evidence by itself: none, a file, an exchange, the console, a link
    int evidence = 0;
  };

  // The workload assumes two roles, one after the other, and calls with the second one's key. The event that issued its
  // own key comes first, last or not at all, where AWS tells whose it is.
  void descended_call(const Call& call) {
    const Workload& workload = workloads_[call.workload];
    const std::string salt = fmt::format("{}-{}-descended", call.day, call.ip);
    const std::string session = session_name_of(workload, salt);
    const auto key = [&](int depth) { return made_up_key("ASIA", fmt::format("{}{}{}", workload.name, salt, depth)); };
    const auto role = [&](int depth) {
      return depth == 0 ? workload.role : fmt::format("{}-{}", workload.role, depth);
    };
    std::vector<TrailRecord> records;
    for (int depth = 0; depth <= 2; ++depth) {
      records.push_back(
          session_record({"", workload.account, role(depth), ""}, depth == 0 ? session : "next", key(depth)));
      TrailRecord& record = records.back();
      fill(record, call.day, depth == 2 ? call.ip : "192.0.2.7", depth == 2 ? call.tool : "boto3");
      if (depth == 2) break;
      record.set_api("sts:AssumeRole");
      record.error_code.clear();
      record.assumed_role_arn = role_arn(workload.account, role(depth + 1));
      record.role_session_name = "next";
      record.issued_key = key(depth + 1);
    }
    const int told = below(3);
    if (told == 0) add_in_scope_of(records.front(), workload);
    TrailRecord issue = issuing_record(workload, session, key(0));
    issue.time = records.front().time;
    issue.event_id = next_id();
    if (told == 1) push(call.day, issue);
    if (chance(50)) std::reverse(records.begin(), records.end());
    for (const TrailRecord& record : records) push(call.day, record);
    if (told == 2) push(call.day, issue);
  }

  void call(const Call& call) {
    if (call.shown == Shown::descended) return descended_call(call);
    const Workload& workload = workloads_[call.workload];
    const std::string salt = fmt::format("{}-{}-{}", call.day, call.ip, static_cast<int>(call.shown));
    const std::string session = session_name_of(workload, salt);
    const std::string key = made_up_key("ASIA", workload.name + salt);
    TrailRecord record = session_record(workload, session, key);
    fill(record, call.day, call.ip, call.tool);
    record.vpc_endpoint_account = call.owner;
    add_evidence(record, call.evidence);
    if (call.shown == Shown::in_scope) add_in_scope_of(record, workload);
    if (is_elsewhere(workload)) record.federated_provider = kCluster;
    TrailRecord issue = is_elsewhere(workload) ? exchange_elsewhere(workload, session, key, record)
                                               : issuing_record(workload, session, key);
    issue.time = record.time;
    issue.event_id = next_id();
    if (call.shown == Shown::issued) push(call.day, issue);
    push(call.day, record);
    // Not on a later day: a late hit is taken in by whichever alert is there by then, so days must come in their order.
    if (call.shown == Shown::issued_after) push(call.day, issue);
  }

  // Somebody asks an MCP server of AWS with a workload's token: its event, and a call that it made, with another key.
  void mcp_call(int day, const Workload& workload, const std::string& ip) {
    const std::string session = session_name_of(workload, fmt::format("{}-{}-mcp", day, ip));
    const auto record_of = [&](std::string_view use, const std::string& from) {
      TrailRecord record = session_record(workload, session, made_up_key("ASIA", session + std::string(use)));
      fill(record, day, from, "mcp-proxy");
      return record;
    };
    TrailRecord proof = record_of("own", "192.0.2.7"), own = record_of("own", ip), made = record_of("made", "");
    add_in_scope_of(proof, workload);
    own.set_api("aws-mcp:CallReadWriteTool");
    own.event_type = "AwsMcpEvent";
    made.invoked_by = made.source_ip = made.user_agent = "aws-mcp.amazonaws.com";
    std::vector<TrailRecord> records{made};
    if (chance(70)) records.push_back(proof);
    if (chance(60)) records.push_back(own);
    if (chance(30)) add_in_scope_of(records.back(), workload);
    std::shuffle(records.begin(), records.end(), random_);
    for (const TrailRecord& record : records) push(day, record);
  }

  // Every third pod's cluster is not EKS's.
  static bool is_elsewhere(const Workload& workload) {
    return workload.service == "eks" && workload.name.back() % 3 == 0;
  }

  static TrailRecord exchange_elsewhere(const Workload& workload, const std::string& session, const std::string& key,
                                        const TrailRecord& call) {
    TrailRecord record = exchange_record(workload, session, key);
    record.identity_provider = kCluster;
    record.principal_id = fmt::format("{}:sts.amazonaws.com:{}", kCluster, record.user_name);
    record.source_ip = call.source_ip;
    record.user_agent = call.user_agent;
    return record;
  }

  static void add_evidence(TrailRecord& record, int evidence) {
    if (evidence == 1) record.user_agent += " m/Z,n,b";
    if (evidence == 2) record.set_api("sts:GetWebIdentityToken");
    if (evidence == 3) record.set_api("signin:GetSigninToken");
    if (evidence == 4) record.console_session = true;
    if (evidence == 5) record.set_api("s3:GetObject");
    record.presigned = evidence == 5;
  }

  void fill(TrailRecord& record, int day, const std::string& ip, const std::string& tool) {
    record.time = (static_cast<Seconds>(kFirstDay) + day - 1) * kSecondsPerDay + below(86'400);
    record.event_id = next_id();
    record.set_api(chance(50) ? "s3:ListBuckets" : "dynamodb:Query");
    record.source_ip = ip;
    record.user_agent = user_agent_of(tool, "");
    if (chance(5)) record.error_code = "AccessDenied";
  }

  // Ordinary life: inside AWS with an SDK; a few work from an office or with a command line every few days.
  void live(int day, std::size_t i) {
    if (chance(45)) return;
    const auto shown = static_cast<Shown>(below(5));
    const std::string inside = fmt::format("192.0.2.{}", below(200));
    call({day, i, inside, i % 11 == 0 ? "aws-cli" : i % 13 == 0 ? "s5cmd" : "boto3", "", shown});
    if (i % 7 == 0 && day < 14) call({day, i, fmt::format("203.0.113.{}", below(4)), "boto3", "", shown});
    if (i % 17 == 0) call({day, i, "10.3.4.5", "boto3", i % 2 == 0 ? "555566667777" : "", shown});
  }

  void user_call(int day, int i) {
    TrailRecord record;
    record.type = "IAMUser";
    record.account = record.recipient_account = kAccounts[i % 2];
    record.user_name = fmt::format("user-{}", i);
    record.arn = fmt::format("arn:aws:iam::{}:user/{}", record.account, record.user_name);
    record.access_key = made_up_key("AKIA", record.user_name);
    fill(record, day, fmt::format("203.0.113.{}", 10 + i), "aws-cli/macos");
    push(day, record);
  }

  // Strangers and colleagues: new places, known networks, new tools, impossible platforms, foreign endpoints; some for
  // days.
  void thefts(int day) {
    static const std::string kTools[] = {"boto3", "aws-cli", "aws-cli/macos", "s5cmd",
                                         "pacu",  "rclone",  "go-sdk",        "boto3/macos"};
    for (int n = 0; n < 6; ++n) {
      const auto victim = static_cast<std::size_t>(below(static_cast<int>(workloads_.size())));
      const std::string& tool = kTools[below(8)];
      const int evidence = below(12);  // 0 and above 5: none
      const auto shown = static_cast<Shown>(below(5));
      std::string ip, owner;
      switch (below(6)) {
        case 0:
          ip = fmt::format("198.51.100.{}", below(250));
          break;  // AS64511
        case 1:
          ip = fmt::format("203.0.113.{}", below(250));
          break;  // the office's AS
        case 2:
          ip = fmt::format("100.{}.7.9", 128 + below(3));
          break;  // no AS known
        case 3:
          ip = fmt::format("192.0.2.{}", below(200));
          break;  // inside AWS: only the tool shows
        case 4:
          ip = fmt::format("2001:db8:{}::1", below(4));
          break;
        default:
          ip = "10.9.9.9";
          owner = chance(50) ? "777788889999" : "999900001111";
          break;
      }
      for (int until = std::min(kDays, day + below(8)), at = day; at <= until; ++at)
        if (at == day || chance(70)) call({at, victim, ip, tool, owner, shown, evidence});
    }
    for (int n = 0; n < 2; ++n) {
      const auto victim = static_cast<std::size_t>(below(static_cast<int>(workloads_.size())));
      mcp_call(day, workloads_[victim], chance(50) ? "192.0.2.9" : fmt::format("198.51.100.{}", below(250)));
    }
  }

  std::string next_id() { return made_up_hex(fmt::format("event {}", ++events_), 32); }
  void push(int day, const TrailRecord& record) { lines_.push_back({day, record.json()}); }

  std::mt19937_64 random_;
  std::vector<Workload> workloads_;
  std::vector<Line> lines_;
  int events_ = 0;
};

}  // namespace straykey
