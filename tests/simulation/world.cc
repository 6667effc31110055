#include "tests/simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/event/mcp_event.h"

namespace straykey {

const std::vector<Agent> kTools{
    {"Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux lang/python#3.12.1", "boto3", false, "linux", ""},
    {"Boto3/1.34.0 md/Botocore#1.34.0 os/linux exec-env/AWS_ECS_EC2", "boto3", false, "linux", "AWS_ECS_EC2"},
    {"aws-cli/2.15.0 Python/3.11.6 Linux/6.1 source/x86_64 prompt/off command/s3.ls", "aws-cli", true, "linux", ""},
    {"aws-cli/2.15.0 Python/3.11.6 Darwin/23.0.0 source/arm64 command/s3.cp", "aws-cli", true, "macos", ""},
    {"aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0-kali9-amd64 source/x86_64", "aws-cli", true, "kali", ""},
    {"aws-sdk-go/1.44.298 (go1.22.10; linux; amd64) S3Manager", "s5cmd", true, "linux", ""},
    {"rclone/1.65 os/linux", "rclone", true, "linux", ""},
    {"pacu/1.5 os/linux", "pacu", true, "linux", "", true},
    {"Boto3/1.34.0 md/Botocore#1.34.0 os/linux exec-env/AWS_ECS_FARGATE", "boto3", false, "linux", "AWS_ECS_FARGATE"},
    {"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux m/Z,n,b", "boto3", false, "linux", "", false, "n"},
    {"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux m/g,Z,b", "boto3", false, "linux", "", false, "g"},
    {"aws-sdk-js/3.895.0 ua/2.1 os/darwin#23.0.0 lang/js", "aws-sdk-js", false, "macos", ""},
};

const std::vector<Whereabouts> kPlaces{
    {"192.0.2.10", {}, false},
    {"192.0.2.11", {}, false},
    {"198.51.100.7", {"AS64511", "198.51.100.0/24"}, false},
    {"198.51.100.8", {"AS64511", "198.51.100.0/24"}, false},
    {"198.51.100.200", {"AS64510", "198.51.100.0/24"}, false},
    {"203.0.113.5", {"AS64500", "203.0.113.0/24"}, false},
    {"203.0.113.6", {"AS64500", "203.0.113.0/24"}, false},
    {"2001:db8:1::5", {"AS64496", "2001:db8:1::/48"}, false},
    {"2001:db8:2::5", {"AS64496", "2001:db8:2::/48"}, false},
    {"2001:db8:3::5", {"2001:db8:3::/48"}, true},
    {"2001:db8:4::5", {"AS64497", "2001:db8:4::/48"}, false},
};
namespace {

constexpr Day kFirstDay = 19'803;  // 2024-03-21

const Workload kPerson{Kind::person, "ana", kAccounts[0], {""}};

const std::vector<Workload> kWorkloads{
    {Kind::lambda, "orders", kAccounts[0], {"orders-fn", "refunds-fn"}},
    {Kind::ecs, "billing", kAccounts[0], {"0123456789abcdef0123456789abcdef"}},
    {Kind::eks, "pods", kAccounts[0], {"pod-session"}},
    {Kind::ec2, "box", kAccounts[0], {"i-0123456789abcdef0"}},
    {Kind::codebuild, "build", kAccounts[0], {"AWSCodeBuild-00000000-0000-4000-8000-000000000001"}},
    kPerson,
    {Kind::lambda, "orders", kAccounts[1], {"orders-fn"}},
};

std::string_view issuer_type(Kind kind) {
  switch (kind) {
    case Kind::lambda:
      return "AWS::Lambda::Function";
    case Kind::ecs:
      return "AWS::ECS::Task";
    case Kind::eks:
      return "AWS::EKS::Pod";
    case Kind::ec2:
      return "AWS::EC2::Instance";
    case Kind::codebuild:
      return "AWS::CodeBuild::Build";
    case Kind::cluster:
    case Kind::person:
      break;
  }
  return "";
}

std::string_view principal(Kind kind) {
  switch (kind) {
    case Kind::lambda:
      return "lambda.amazonaws.com";
    case Kind::ecs:
      return "ecs-tasks.amazonaws.com";
    case Kind::eks:
      return "pods.eks.amazonaws.com";
    case Kind::ec2:
      return "ec2.amazonaws.com";
    default:
      return "codebuild.amazonaws.com";
  }
}

bool has_telling_session(Kind kind) {
  return kind == Kind::ecs || kind == Kind::codebuild;
}

std::string role_of(const Workload& who, int depth) {
  return depth == 0 ? std::string(who.role) : fmt::format("{}-{}", who.role, depth);
}

void write_person(Event& event, TextArena& arena, const Workload& who) {
  event.type = IdentityType::iam_user;
  event.arn = arena.keep(fmt::format("arn:aws:iam::{}:user/{}", who.account, who.role));
}

void write_call(Event& event, TextArena& arena, const Action& action) {
  const Workload& who = *action.who;
  event.event_name = action.way == Action::Way::sign_in ? "GetSigninToken" : "ListBuckets";
  event.event_source = action.way == Action::Way::sign_in ? "signin.amazonaws.com" : "s3.amazonaws.com";
  event.account = who.account;
  event.access_key = arena.keep(action.key);
  if (who.kind == Kind::person && action.way != Action::Way::console) return write_person(event, arena, who);
  event.type = IdentityType::assumed_role;
  const std::string role = role_of(who, action.depth);
  event.arn = arena.keep(fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", who.account, role, action.session));
  event.session_issuer_arn = arena.keep(fmt::format("arn:aws:iam::{}:role/{}", who.account, role));
  event.principal_id = arena.keep(fmt::format("AROA{}{}:{}", who.account.substr(0, 1), role, action.session));
  event.console_session = action.way == Action::Way::console;
  if (action.way == Action::Way::mcp) event.event_type = "AwsMcpEvent";
  if (action.way == Action::Way::through_mcp)
    event.invoked_by = event.source_ip = event.user_agent_text = "aws-mcp.amazonaws.com";
  if (action.depth == 0 && action.tells == Tells::in_scope_of) event.in_scope_issuer_type = issuer_type(who.kind);
  if (action.issued_key.empty()) return;
  event.event_name = "AssumeRole";
  event.event_source = "sts.amazonaws.com";
  event.issued_key = arena.keep(action.issued_key);
  event.assumed_role_arn =
      arena.keep(fmt::format("arn:aws:iam::{}:role/{}", who.account, role_of(who, action.depth + 1)));
}

void write_issue(Event& event, TextArena& arena, const Action& action) {
  const Workload& who = *action.who;
  event.event_name = "AssumeRole";
  event.event_source = "sts.amazonaws.com";
  event.assumed_role_arn = arena.keep(fmt::format("arn:aws:iam::{}:role/{}", who.account, who.role));
  event.role_session_name = arena.keep(action.session);
  event.issued_key = arena.keep(action.key);
  if (action.what == Action::What::exchange) {
    event.event_name = "AssumeRoleWithWebIdentity";
    event.type = IdentityType::web_identity;
    event.identity_provider = who.kind == Kind::cluster
                                  ? "arn:aws:iam::111122223333:oidc-provider/oidc.example.net/shop"
                                  : "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1";
    event.user_name = "system:serviceaccount:shop:pods";
  } else if (action.tells == Tells::shape_of_a_person) {
    event.access_key = "AKIAana";
    event.account = who.account;
    write_person(event, arena, kPerson);
  } else {
    event.type = IdentityType::aws_service;
    event.invoked_by = event.source_ip = event.user_agent_text = principal(who.kind);
  }
}

}  // namespace

World::World(std::uint64_t seed) : random_(seed ^ 0x5eed), masked_random_(seed ^ 0x3a5c), by_session_(seed % 2 == 0) {
  order = random_.chance(0.25) ? Order::any : Order::by_day;
  constexpr std::array kActivation{0, 0, 2, 3, 14};
  kubernetes = random_.chance(0.5);
  activation_days = order == Order::any ? 0 : kActivation[random_.below(kActivation.size())];
  theft_ = 0.15 + 0.5 * random_.unit();
  quiet_ = 0.2 + 0.5 * random_.unit();
  late_issue_ = random_.chance(0.5) ? 0.3 : 0;
  plan_days();
  ranges_day = random_.chance(0.7) ? days_.back() : days_.front() - 25;
  keys_.resize(kWorkloads.size());
  children_.resize(kWorkloads.size());
  for (const Workload& who : kWorkloads) {
    const bool outside = who.kind == Kind::person || random_.chance(0.3);
    habits_.push_back(&kPlaces[outside ? kInside + random_.below(kPlaces.size() - kInside) : random_.below(kInside)]);
    tools_.push_back(&kTools[random_.chance(0.25) ? 2 + random_.below(4) : 0]);
  }
  Day before = 0;
  for (const Day day : days_) {
    fill_day(day, before);
    before = day;
  }
  if (order != Order::any) return;
  Phase all;
  for (const Phase& phase : phases) all.actions.insert(all.actions.end(), phase.actions.begin(), phase.actions.end());
  all.day = days_.back();
  phases = {all};
}

void World::plan_days() {
  const int count = random_.between(3, 12);
  Day day = kFirstDay;
  // The days of an account are remembered for 64 days up to its newest, which may be newer than the judged day.
  const Day span = order == Order::any ? 28 : activation_days == 0 ? 100 : 64;
  for (int i = 0; i < count && day < kFirstDay + span; ++i) {
    days_.push_back(day);
    if (random_.chance(0.65)) {
      ++day;
    } else if (random_.chance(0.8)) {
      day += static_cast<Day>(random_.between(2, 7));
    } else {
      day += static_cast<Day>(random_.between(14, 32));
    }
  }
}

void World::fill_day(Day day, Day before) {
  for (std::vector<Key>& keys : children_) keys.clear();
  today_.clear();
  late_.clear();
  after_.clear();
  for (const Workload& who : kWorkloads)
    if (!random_.chance(quiet_)) work(who, day, before);
  while (random_.chance(theft_)) steal(day);
  tell_stories(day);
  if (random_.chance(0.5)) run_cluster(day);
  if (today_.empty()) work(kWorkloads.front(), day, before);
  Phase main;
  main.actions = today_;
  main.day = day;
  phases.push_back(std::move(main));
  for (const std::vector<const Action*>* then : {&late_, &after_}) {
    if (then->empty()) continue;
    phases.back().ends_day = false;
    Phase& late = phases.emplace_back();
    late.actions = *then;
    late.day = day;
  }
}

World::Key& World::key_for(const Workload& who, Day day, Day before) {
  std::vector<Key>& keys = keys_[static_cast<std::size_t>(&who - kWorkloads.data())];
  // A key lives for a day and some hours.
  const bool yesterday = !keys.empty() && before + 1 == day && keys.back().issued == before;
  if (!keys.empty() && (keys.back().issued == day || yesterday) && random_.chance(0.5)) return keys.back();
  Key key;
  key.session = who.sessions[random_.below(who.sessions.size())];
  key.issued = day;
  key.name = fmt::format("ASIA{}{}{:02}{:03}", who.account.substr(0, 1), who.role, keys.size(), day % 1000);
  if (who.kind == Kind::person) {
    key.name = fmt::format("AKIA{}", who.role);
  } else if (who.kind == Kind::ec2) {
    key.tells = Tells::instance_id;
  } else if (random_.chance(0.5)) {
    key.tells = Tells::in_scope_of;
  } else {
    key.tells = has_telling_session(who.kind) && random_.chance(0.5) ? Tells::session_shape : Tells::by_issue;
    // Until its issuing event comes, a session of a telling shape would teach what weakly proven tokens teach. Which of
    // the two comes first is chance, so the reference could not tell what is taught; invariance_test has such keys.
    if (has_telling_session(who.kind) && key.tells == Tells::by_issue) key.session = "by-hand";
  }
  keys.push_back(std::move(key));
  return keys.back();
}

Action& World::add(Day day, const Workload& who, const Whereabouts& place, const Agent& tool, const Key& key) {
  Action& action = actions.emplace_back();
  action.tells = key.tells;
  action.day = day;
  action.time = static_cast<Seconds>(day) * kSecondsPerDay + static_cast<Seconds>(random_.below(86'000));
  action.who = &who;
  action.place = &place;
  action.tool = &tool;
  action.session = key.session;
  action.key = key.name;
  action.depth = key.depth;
  action.id = fmt::format("event-{}", actions.size());
  return action;
}

void World::work(const Workload& who, Day day, Day before) {
  const std::size_t index = static_cast<std::size_t>(&who - kWorkloads.data());
  Key& key = key_for(who, day, before);
  if (!key.known && key.tells == Tells::by_issue) {
    key.known = true;
    const Whereabouts& inside = kPlaces[random_.below(kInside)];
    Action& issue = add(day, who, inside, kTools.front(), key);
    const bool pod = who.kind == Kind::eks && random_.chance(0.7);
    issue.what = pod ? Action::What::exchange : Action::What::issue;
    if (pod && random_.chance(0.3)) issue.place = &kPlaces[kInside + random_.below(kPlaces.size() - kInside)];
    (random_.chance(late_issue_) && !pod ? late_ : today_).push_back(&issue);
  }
  for (int calls = random_.between(1, 3); calls > 0; --calls) {
    const Whereabouts& place = random_.chance(0.8) ? *habits_[index] : kPlaces[random_.below(kPlaces.size())];
    const Agent& tool = random_.chance(0.8) ? *tools_[index] : kTools[random_.below(kTools.size())];
    today_.push_back(&add(day, who, place, tool, key));
  }
  if (has_told_session(key) && random_.chance(0.15)) ask_server(day, who, *habits_[index], Key(key));
  if (who.kind != Kind::person && random_.chance(0.25)) hand_on(who, day, Key(key));
}

// The workload assumes another role, and sometimes a third one with the key of that.
void World::hand_on(const Workload& who, Day day, const Key& key) {
  const std::size_t index = static_cast<std::size_t>(&who - kWorkloads.data());
  Key child = key;
  child.name = fmt::format("{}X{:03}{}", key.name, day % 1000, children_[index].size());
  child.session = "next";
  child.depth = key.depth + 1;
  Action& assumption = add(day, who, kPlaces[random_.below(kInside)], kTools.front(), key);
  assumption.issued_key = child.name;
  today_.push_back(&assumption);
  for (int calls = random_.between(0, 2); calls > 0; --calls)
    today_.push_back(&add(day, who, *habits_[index], *tools_[index], child));
  children_[index].push_back(child);
  if (child.depth < 3 && random_.chance(0.4)) hand_on(who, day, child);
}

// Somebody uses a key that is in use today from another place, with a tool of his own.
void World::steal(Day day) {
  const std::size_t index = random_.below(kWorkloads.size());
  if (keys_[index].empty() || keys_[index].back().issued != day || kWorkloads[index].kind == Kind::person) return;
  const Whereabouts& place = somewhere_outside();
  const Agent& tool = kTools[random_.below(kTools.size())];
  const std::vector<Key>& children = children_[index];
  const Key& key = !children.empty() && random_.chance(0.5) ? random_.pick(children) : keys_[index].back();
  for (int calls = random_.between(1, 3); calls > 0; --calls) {
    Action& theft = add(day, kWorkloads[index], place, tool, key);
    theft.from_future = key.depth == 0 && theft.tells == Tells::in_scope_of && random_.chance(0.1);
    today_.push_back(&theft);
  }
  if (has_told_session(key) && random_.chance(0.3)) sit_at_console(day, kWorkloads[index], place, Key(key));
  if (has_told_session(key) && random_.chance(0.15)) ask_server(day, kWorkloads[index], place, Key(key));
}

void World::write(Request& request, const Action& action) {
  Event& event = request.events.emplace_back();
  TextArena& arena = request.arena;
  event.record = R"({"eventVersion":"1.09"})";
  event.time = action.time;
  event.from_future = action.from_future;
  event.event_id = arena.keep(action.id);
  event.region = "eu-west-1";
  event.source_ip = action.place->address;
  event.user_agent_text = action.tool->agent;
  event.recipient_account = action.who->account;
  if (action.what == Action::What::call) {
    write_call(event, arena, action);
  } else {
    write_issue(event, arena, action);
  }
  event.user_agent = classify_user_agent(event.user_agent_text);
  note_mcp(event);
}

std::shared_ptr<const NetworkMap> World::networks() const {
  NetworkInputs inputs;
  inputs.aws_ranges = {*parse_prefix("192.0.2.0/24")};
  inputs.aws_ranges_created = static_cast<Seconds>(ranges_day) * kSecondsPerDay;
  const auto announced = [&](std::string_view first, std::string_view last, std::uint32_t asn) {
    inputs.asns.push_back({*parse_ip(first), *parse_ip(last), asn, "Example"});
  };
  announced("198.51.100.0", "198.51.100.127", 64511);
  announced("198.51.100.128", "198.51.100.255", 64510);  // of the same /24
  announced("203.0.113.0", "203.0.113.255", 64500);
  announced("2001:db8:1::", "2001:db8:2:ffff:ffff:ffff:ffff:ffff", 64496);
  announced("2001:db8:4::", "2001:db8:4:ffff:ffff:ffff:ffff:ffff", 64497);
  return std::make_shared<const NetworkMap>(std::move(inputs));
}

}  // namespace straykey
