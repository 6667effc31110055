// The same input gives the same alerts: whatever the shard count, the size of requests, the order inside a day,
// duplicates, restarts, and crashes between the two commits.
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"  // before doctest, whose CHECK is the one that counts here
#include "core/event/cloudtrail.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <variant>

#include "core/detect/catalogue.h"
#include "core/detect/message.h"
#include "tests/support/record_builder.h"

namespace straykey {
namespace {

constexpr Day kFirstDay = 20'454;
constexpr int kDays = 36;
constexpr std::string_view kAccounts[] = {"111122223333", "444455556666"};
constexpr std::string_view kCluster = "arn:aws:iam::111122223333:oidc-provider/oidc.cluster.example.com/one";

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

// --- One run of the engine over the input ---

enum class Trouble { none, restarts, crashes_between_commits, merger_commits_fail, shard_commits_fail };

struct Plan {
  std::uint32_t shards = 1;
  std::size_t request_size = 0;  // 0: a whole day
  bool shuffled = false;
  bool duplicates = false;
  Trouble trouble = Trouble::none;
  std::uint64_t seed = 1;
};

// By (analytic, account, identity, network or tool, day): the strongest alert's id, variation and severity.
using Outcome = std::map<std::string, std::string>;

class Run {
 public:
  explicit Run(const Plan& plan) : plan_(plan), random_(plan.seed), networks_(inputs()) {
    settings_.accounts = {std::string(kAccounts[0]), std::string(kAccounts[1])};
    settings_.kubernetes = true;
    for (std::uint32_t shard = 0; shard < plan.shards; ++shard)
      partitions_.push_back(std::make_unique<MemoryBaselineStore>());
    start();
  }

  Outcome over(const std::vector<Line>& lines) {
    std::vector<std::vector<std::string>> days(kDays + 4);
    for (const Line& line : lines) {
      days[static_cast<std::size_t>(line.day)].push_back(line.json);
      // Sent again: at once, or days later.
      if (plan_.duplicates && random_() % 10 < 3)
        days[static_cast<std::size_t>(line.day) + random_() % 3].push_back(line.json);
    }
    for (std::vector<std::string>& day : days) {
      if (plan_.shuffled) std::shuffle(day.begin(), day.end(), random_);
      const std::size_t size = plan_.request_size == 0 ? std::max<std::size_t>(day.size(), 1) : plan_.request_size;
      for (std::size_t at = 0; at < day.size(); at += size)
        send({day.begin() + static_cast<std::ptrdiff_t>(at),
              day.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, day.size()))});
    }
    return outcome();
  }

 private:
  static NetworkInputs inputs() {
    NetworkInputs inputs;
    inputs.aws_ranges.push_back(*parse_prefix("192.0.2.0/24"));
    inputs.aws_ranges_created = static_cast<Seconds>(kFirstDay - 5) * kSecondsPerDay;  // too old from day 26 on
    const auto add = [&](std::string_view prefix, std::uint32_t asn) {
      inputs.asns.push_back({parse_prefix(prefix)->first, parse_prefix(prefix)->last(), asn, "Example"});
    };
    add("198.51.100.0/24", 64511);
    add("203.0.113.0/24", 64500);
    return inputs;
  }

  void start() {
    InlinePipeline::Stores stores;
    for (const auto& partition : partitions_) stores.partitions.push_back(partition.get());
    stores.alerts = &alerts_;
    const HashKey key{plan_.seed, 17};
    pipeline_ = std::make_unique<InlinePipeline>(
        key, plan_.shards, settings_, stores, std::vector<WebhookRoute>{}, [](Delivery) {}, metrics_);
    REQUIRE(pipeline_->judge_all() == CommitOutcome::committed);
  }

  void crash() {
    pipeline_.reset();
    alerts_.restart();
    for (const auto& partition : partitions_) partition->restart();
    start();
  }

  std::unique_ptr<Request> parse(const std::vector<std::string>& records) {
    auto request = std::make_unique<Request>();
    for (const std::string& record : records) {
      auto parsed = parser_.parse(request->arena.adopt(record), request->arena,
                                  static_cast<Seconds>(kFirstDay + 400) * kSecondsPerDay);
      REQUIRE(std::holds_alternative<Event>(parsed));
      request->events.push_back(std::get<Event>(parsed));
    }
    return request;
  }

  bool now_and_then() { return plan_.request_size == 1 ? random_() % 50 == 0 : random_() % 4 == 0; }

  void send(const std::vector<std::string>& records) {
    const auto request = parse(records);
    const bool trouble = plan_.trouble != Trouble::none && now_and_then();
    if (trouble && plan_.trouble == Trouble::shard_commits_fail) return send_with_failing_shard(*request, records);
    REQUIRE(pipeline_->learn(*request, networks_) == RequestOutcome::committed);
    if (trouble && plan_.trouble == Trouble::crashes_between_commits) return crash();
    if (trouble && plan_.trouble == Trouble::merger_commits_fail) return judge_with_failures(*request);
    REQUIRE(pipeline_->judge(*request) == CommitOutcome::committed);
    if (random_() % 8 == 0) REQUIRE(pipeline_->flush() == CommitOutcome::committed);
    if (trouble && plan_.trouble == Trouble::restarts) crash();
  }

  // The merger's commit fails and is tried again, or its outcome is unknown and the process starts anew.
  void judge_with_failures(const Request& request) {
    switch (random_() % 3) {
      case 0:
        alerts_.fail_next_commit(CommitOutcome::failed);
        if (pipeline_->judge(request) != CommitOutcome::committed)
          REQUIRE(pipeline_->judge(request) == CommitOutcome::committed);
        break;
      case 1:
      case 2:
        alerts_.fail_next_commit(CommitOutcome::unknown, random_() % 2 == 0);
        if (pipeline_->judge(request) != CommitOutcome::committed) crash();
        break;
    }
    alerts_.restart();
  }

  // One shard cannot commit: the sender hears of it and sends again; what the others proposed is judged meanwhile.
  void send_with_failing_shard(Request& request, const std::vector<std::string>& records) {
    MemoryBaselineStore& partition = *partitions_[random_() % partitions_.size()];
    const bool unknown = random_() % 2 == 0;
    partition.fail_next_commit(unknown ? CommitOutcome::unknown : CommitOutcome::failed, unknown && random_() % 2 == 0);
    const RequestOutcome outcome = pipeline_->learn(request, networks_);
    if (unknown && outcome == RequestOutcome::failed) {
      crash();
    } else {
      partition.restart();
      REQUIRE(pipeline_->judge(request) == CommitOutcome::committed);
    }
    if (outcome == RequestOutcome::committed) return;
    const auto again = parse(records);
    REQUIRE(pipeline_->learn(*again, networks_) == RequestOutcome::committed);
    REQUIRE(pipeline_->judge(*again) == CommitOutcome::committed);
  }

  Outcome outcome() {
    Outcome found;
    std::map<std::string, Tier> tiers;
    const auto reader = alerts_.read();
    reader->scan(Table::alerts, {}, {}, [&](std::string_view, std::string_view value) {
      const auto stored = decode_message(value);
      REQUIRE(stored.has_value());
      const auto alert = boost::json::parse(message_document(*stored)).as_object();
      const auto text = [&](std::string_view name) { return std::string(alert.at(name).as_string()); };
      if (alert.contains("pairs")) {
        found[fmt::format("activated {} {}", text("account"), text("day"))] = text("title");
        return true;
      }
      const CatalogueEntry* entry = catalogue_entry_by_id(text("variation"));
      REQUIRE(entry != nullptr);
      const bool remote = entry->analytic == Analytic::remote_service_token;
      const bool misuse = entry->analytic == Analytic::misused_service_token;
      // The links of an identity are one alert, whichever network shows them first.
      const bool link = alert.at("why").at(0).as_string().starts_with("The request was presigned");
      const std::string subject = link     ? "presigned"
                                  : remote ? text("network")
                                  : misuse ? text("variation")
                                           : std::string(alert.at("user_agent").at("tool").as_string());
      const std::string key =
          fmt::format("{} {} {} {}", text("analytic"), text("identity"), subject, text("first_seen").substr(0, 10));
      const auto known = tiers.find(key);
      if (known != tiers.end() && known->second >= entry->tier) return true;
      tiers[key] = entry->tier;
      found[key] = fmt::format("{} {} {}", text("variation"), text("severity"), text("id"));
      return true;
    });
    return found;
  }

  Plan plan_;
  std::mt19937_64 random_;
  DetectionSettings settings_;
  NetworkMap networks_;
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions_;
  MemoryAlertStore alerts_;
  Metrics metrics_;
  RecordParser parser_;
  std::unique_ptr<InlinePipeline> pipeline_;
};

const std::vector<Line>& input() {
  static const std::vector<Line> lines = Organisation(20'260'101).lines();
  return lines;
}

const Outcome& reference() {
  static const Outcome outcome = Run(Plan{}).over(input());
  return outcome;
}

void check_same(const Plan& plan) {
  const Outcome came = Run(plan).over(input());
  std::string differences;
  for (const auto& [key, alert] : reference())
    if (const auto at = came.find(key); at == came.end() || at->second != alert)
      differences += fmt::format("\n  {}: {} became {}", key, alert, at == came.end() ? "nothing" : at->second);
  for (const auto& [key, alert] : came)
    if (!reference().contains(key)) differences += fmt::format("\n  {}: {} is new", key, alert);
  const std::string shown = differences.substr(0, 2'000);
  CAPTURE(plan.shards);
  CAPTURE(plan.request_size);
  CAPTURE(plan.seed);
  CAPTURE(shown);
  CHECK(differences.empty());
}

}  // namespace

TEST_CASE("the generated input raises all alerts of the catalogue") {
  std::set<std::string> variations;
  for (const auto& [key, alert] : reference()) variations.insert(alert.substr(0, alert.find(' ')));
  CHECK(std::ranges::any_of(reference(), [](const auto& row) { return row.first.find(" mcp ") != std::string::npos; }));
  for (const CatalogueEntry& entry : catalogue()) CHECK_MESSAGE(variations.contains(std::string(entry.id)), entry.id);
  CHECK(reference().size() > 100);
}

TEST_CASE("the shard count changes no alert") {
  for (const std::uint32_t shards : {2u, 4u, 8u}) check_same({.shards = shards, .seed = shards});
}

TEST_CASE("the size of requests changes no alert") {
  for (const std::size_t size : {1u, 7u, 100u}) check_same({.shards = 2, .request_size = size, .seed = size});
}

TEST_CASE("the order inside a day changes no alert") {
  check_same({.shards = 1, .request_size = 0, .shuffled = true, .seed = 11});
  check_same({.shards = 4, .request_size = 7, .shuffled = true, .seed = 12});
  check_same({.shards = 2, .request_size = 1, .shuffled = true, .seed = 13});
}

TEST_CASE("duplicates, at once or two days later, change no alert") {
  check_same({.shards = 1, .request_size = 100, .duplicates = true, .seed = 21});
  check_same({.shards = 4, .request_size = 7, .shuffled = true, .duplicates = true, .seed = 22});
}

TEST_CASE("restarts between requests change no alert") {
  check_same({.shards = 2, .request_size = 7, .shuffled = true, .trouble = Trouble::restarts, .seed = 31});
  check_same({.shards = 4, .request_size = 1, .trouble = Trouble::restarts, .seed = 32});
}

TEST_CASE("a crash between the shards' commits and the merger's changes no alert") {
  check_same({.shards = 1, .request_size = 100, .trouble = Trouble::crashes_between_commits, .seed = 41});
  check_same(
      {.shards = 4, .request_size = 7, .shuffled = true, .trouble = Trouble::crashes_between_commits, .seed = 42});
}

TEST_CASE("failed and unknown commits of the merger change no alert") {
  check_same({.shards = 2, .request_size = 100, .trouble = Trouble::merger_commits_fail, .seed = 51});
  check_same({.shards = 4, .request_size = 7, .shuffled = true, .trouble = Trouble::merger_commits_fail, .seed = 52});
}

TEST_CASE("failed and unknown commits of a shard, followed by a second try, change no alert") {
  check_same({.shards = 2, .request_size = 100, .trouble = Trouble::shard_commits_fail, .seed = 61});
  check_same({.shards = 4,
              .request_size = 7,
              .shuffled = true,
              .duplicates = true,
              .trouble = Trouble::shard_commits_fail,
              .seed = 62});
}

}  // namespace straykey
