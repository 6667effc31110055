#include "tests/simulation/reference.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/reference_words.h"

namespace straykey {
namespace {

constexpr int kDedupDays = 5;

// The platform on which the call's service cannot run; or empty.
std::string_view impossible(const Action& call) {
  const std::string_view platform = call.tool->platform, exec_env = call.tool->exec_env;
  const Kind kind = call.who->kind;
  const bool anything_goes = kind == Kind::ec2 || kind == Kind::codebuild;
  if (platform == "kali" && !anything_goes) return platform;
  if (platform == "macos" && !anything_goes && kind != Kind::cluster) return platform;
  if (exec_env.starts_with("AWS_ECS_") && (kind == Kind::lambda || is_pod(kind))) return exec_env;
  return {};
}

bool near(Day a, Day b) {
  return (a > b ? a - b : b - a) < static_cast<Day>(kDedupDays);
}

bool meet(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

std::string remote_variation(Kind kind, bool strong) {
  if (is_pod(kind)) return strong ? "remote_service_token.eks_remote" : "remote_service_token.eks_suspicious";
  if (kind == Kind::ecs) return strong ? "remote_service_token.ecs_suspicious" : "remote_service_token.ecs_remote";
  return strong ? "remote_service_token.suspicious" : "remote_service_token";
}

}  // namespace

std::string Reference::role_of(const Action& call) {
  if (call.who->kind == Kind::person)
    return "arn:aws:iam::" + std::string(call.who->account) + ":user/" + std::string(call.who->role);
  return role_of(call, call.depth);
}

std::string Reference::role_of(const Action& call, int depth) {
  const std::string role = std::string(call.who->account) + '/' + std::string(call.who->role);
  return depth == 0 ? role : role + '-' + std::to_string(depth);
}

std::string Reference::identity_of(const Action& call) {
  if (call.depth > 0) return role_of(call);
  if (call.who->kind == Kind::lambda) return role_of(call) + '/' + call.session;
  if (call.who->kind == Kind::codebuild) return role_of(call) + "#codebuild";
  return role_of(call);
}

int Reference::days(std::string_view kind, const std::string& scope, const std::string& value, Day day) const {
  const auto fact = facts_.find({kind, scope, value});
  if (fact == facts_.end()) return 0;
  return static_cast<int>(std::count_if(fact->second.begin(), fact->second.end(), [&](Day seen) {
    return seen < day && seen + static_cast<Day>(training_days_) >= day;
  }));
}

std::string Reference::letter_of(const Action& call) {
  if (call.depth > 0) return {};  // to assume a role and export its key is what pipelines do
  const bool endpoint = call.who->kind == Kind::ecs || is_pod(call.who->kind) || call.who->kind == Kind::ec2;
  if (call.tool->letter.empty() || (call.tool->letter == "g" && !endpoint)) return {};
  return "letter:" + std::string(call.tool->letter);
}

int Reference::own_days(const Action& call, std::string_view kind, const std::string& value) const {
  std::set<Day> all;
  const std::string identity = identity_of(call);
  for (const std::string_view one : {kind, is_weak(call) ? weak_kind(kind) : kind}) {
    const auto fact = facts_.find({one, identity, value});
    if (fact == facts_.end()) continue;
    for (const Day seen : fact->second)
      if (seen < call.day && seen + static_cast<Day>(training_days_) >= call.day) all.insert(seen);
  }
  return static_cast<int>(all.size());
}

std::set<std::string> Reference::users(std::string_view kind, const std::string& scope, Day day, int days_seen) const {
  std::set<std::string> out;
  for (auto at = facts_.lower_bound({kind, scope, ""}); at != facts_.end(); ++at) {
    if (std::get<0>(at->first) != kind || std::get<1>(at->first) != scope) break;
    if (days(kind, scope, std::get<2>(at->first), day) >= days_seen) out.insert(std::get<2>(at->first));
  }
  return out;
}

bool Reference::quarantined(const std::string& scope, const std::string& value, Day day) const {
  const auto pair = quarantine_.find({scope, value});
  return pair != quarantine_.end() && std::any_of(pair->second.begin(), pair->second.end(), [&](Day hit) {
           return hit < day && hit + static_cast<Day>(training_days_) >= day;
         });
}

bool Reference::learned_tool(const Action& call, const std::string& identity) const {
  const std::string tool(call.tool->family);
  return own_days(call, "identity_tool", tool) >= 2 && !quarantined(identity, "tool " + tool, call.day);
}

bool Reference::learned_letter(const Action& call, const std::string& identity) const {
  const std::string letter = letter_of(call);
  return own_days(call, "identity_evidence", letter) >= 2 && !quarantined(identity, letter, call.day);
}

bool Reference::learned_console(const Action& call, const std::string& identity) const {
  return own_days(call, "identity_evidence", "console") >= 2 && !quarantined(identity, "console", call.day);
}

bool Reference::learned_runtime(const Runner& runner, std::string_view what) const {
  const auto& [identity, day, weak] = runner;
  if (quarantined(identity, "runtime " + std::string(what), day)) return false;
  std::set<Day> seen;
  for (const std::string_view kind : {"identity_runtime", weak ? "weak_identity_runtime" : "identity_runtime"}) {
    for (const std::string& runtime : users(kind, identity, day)) {
      const std::size_t space = runtime.find(' ');
      if (runtime.substr(0, space) != what && runtime.substr(space + 1) != what) continue;
      for (const Day other : facts_.at({kind, identity, runtime}))
        if (other < day && other + static_cast<Day>(training_days_) >= day) seen.insert(other);
    }
  }
  return seen.size() >= 2;
}

bool Reference::new_impossible(const Action& call, const std::string& identity) const {
  const std::string_view what = impossible(call);
  return !what.empty() && !learned_runtime({identity, call.day, is_weak(call)}, what);
}

bool Reference::on_own_instances(const Runner& runner, std::string_view exec_env) const {
  if (exec_env == "AWS_ECS_FARGATE") return false;
  for (const std::string_view kind : {"identity_runtime", runner.weak ? "weak_identity_runtime" : "identity_runtime"})
    for (const std::string& runtime : users(kind, runner.identity, runner.day))
      if (runtime.ends_with(" AWS_ECS_FARGATE")) return false;
  return learned_runtime(runner, "AWS_ECS_EC2");
}

// While clusters that are not EKS's are public federation, what their roles use says nothing about our networks.
bool Reference::lends(const std::string& role, Day day) const {
  return !kubernetes_ && days("role_principal", role, std::string(kClusterPrincipal), day) > 0;
}

// Whether anybody else used one of the forms on two days, whom no alert stands against.
bool Reference::others_in(const std::vector<std::string>& forms, const Action& call) const {
  const std::string role = role_of(call), identity = identity_of(call);
  const auto any_form = [&](const auto& holds) { return std::any_of(forms.begin(), forms.end(), holds); };
  for (const std::string& form : forms) {
    for (const std::string& user : users("network_identity", form, call.day, 2)) {
      if (user == role || user == identity || !teaches(user, call) || lends(user, call.day)) continue;
      const bool function = std::count(user.begin(), user.end(), '/') == 2 && !user.starts_with("arn:");
      if (function && any_form([&](const std::string& f) { return quarantined(user, f, call.day); })) continue;
      const std::string of = function ? user.substr(0, user.rfind('/')) : user;
      if (function && of == role) return true;
      if (!any_form([&](const std::string& f) { return quarantined(f, "role " + of, call.day); })) return true;
    }
  }
  return false;
}

void Reference::judge_remote(const Action& call, std::vector<Hit>& hits) const {
  if (!call.place->external()) return;
  const Day day = call.day;
  const std::vector<std::string>& forms = call.place->forms;
  const std::string identity = identity_of(call), role = role_of(call);
  bool known = false, earlier = false, in_quarantine = false;
  for (const std::string& form : forms) {
    const int seen = own_days(call, "identity_network", form);
    earlier = earlier || seen > 0;
    if (quarantined(identity, form, day)) {
      in_quarantine = true;
    } else if (seen >= 2) {
      known = true;
    }
  }
  const bool new_tool = call.tool->cli && !learned_tool(call, identity);
  const bool kali = call.tool->platform == "kali" && !learned_runtime({identity, day, is_weak(call)}, "kali");
  bool strong = false;
  if ((call.tool->attack && new_tool) || kali) {
    strong = true;
  } else if (known) {
    if (!new_tool && !new_impossible(call, identity)) return;
  } else {
    strong = ((!earlier || in_quarantine) && !others_in(forms, call)) || new_tool;
  }
  if (call.place->known_by_prefix_only && day > ranges_day_ + 30) strong = false;
  Hit hit{.call = &call,
          .identity = identity,
          .role = role,
          .of = Hit::Of::remote,
          .strong = strong,
          .variation = remote_variation(call.who->kind, strong),
          .subjects = forms,
          .network_known = known};
  if (strong && call.tool->attack && new_tool) {  // no alert of other calls takes it in
    hit.stands_as = std::exchange(hit.subjects, {});
    for (const std::string& form : forms) hit.subjects.push_back(form + " attack tool");
  }
  hit.subject = hit.subjects.front();
  hits.push_back(std::move(hit));
}

void Reference::judge_command_line(const Action& call, std::vector<Hit>& hits) const {
  if (!is_serverless(call.who->kind) || !call.tool->cli) return;
  const Day day = call.day;
  const std::string identity = identity_of(call), tool(call.tool->family);
  if (call.who->kind == Kind::ecs && on_own_instances({identity, day, is_weak(call)}, call.tool->exec_env)) return;
  const bool cannot_be = new_impossible(call, identity);
  if (!cannot_be && learned_tool(call, identity)) return;
  bool known_here = false;
  for (const bool weak : {false, is_weak(call)}) {
    for (const std::string& user : users(weak ? "weak_tool_identity" : "tool_identity", tool, day)) {
      const bool ecs = user.find('#') == std::string::npos && std::count(user.begin(), user.end(), '/') == 1;
      known_here = known_here || (teaches(user, call) && !quarantined(user, "tool " + tool, day) &&
                                  !(ecs && on_own_instances({user, day, weak}, {})));
    }
  }
  const bool strong = cannot_be || !known_here;
  const std::string variation = strong              ? "serverless_cli.unusual"
                                : tool == "aws-cli" ? "serverless_cli.aws_cli"
                                                    : "serverless_cli";
  hits.push_back({.call = &call,
                  .identity = identity,
                  .role = role_of(call),
                  .of = Hit::Of::command_line,
                  .strong = strong,
                  .variation = variation,
                  .subject = tool,
                  .subjects = {tool}});
}

// The role that assumed this one did so on two days: what is run there is a matter of its pipeline.
bool Reference::learned_child(const Action& call) const {
  if (call.depth == 0) return false;
  const std::string parent = role_of(call, call.depth - 1), child = role_of(call);
  return days("role_child", parent, child, call.day) >= 2 && !quarantined(parent, "child " + child, call.day);
}

// What another alert of the call says is not said again.
void Reference::judge_misuse(const Action& call, std::vector<Hit>& hits) const {
  const std::string identity = identity_of(call);
  bool strong_remote = false, unusual = false;
  for (const Hit& hit : hits) {
    strong_remote = strong_remote || (hit.of == Hit::Of::remote && hit.strong);
    unusual = unusual || (hit.of == Hit::Of::command_line && hit.strong);
  }
  std::string_view variation;
  if (opens_console(call) && !learned_console(call, identity)) {
    variation = "misused_service_token.console";
  } else if (call.tool->attack && !learned_tool(call, identity) && !strong_remote) {
    variation = "misused_service_token.attack_tool";
  } else if (!letter_of(call).empty() && !learned_letter(call, identity)) {
    variation = "misused_service_token.pasted";
  } else if (new_impossible(call, identity) && !unusual && !learned_child(call)) {
    variation = "misused_service_token.platform";
  } else {
    return;
  }
  const std::string name(variation);
  hits.push_back({.call = &call,
                  .identity = identity,
                  .role = role_of(call),
                  .of = Hit::Of::misuse,
                  .strong = name.ends_with("attack_tool") || name.ends_with("console"),
                  .variation = name,
                  .subject = name,
                  .subjects = {name}});
}

std::vector<Reference::Hit> Reference::hits_of(const Action& call, bool young) const {
  std::vector<Hit> hits;
  if (!is_call(call) || call.who->kind == Kind::person) return hits;
  if (call.who->kind == Kind::cluster && !kubernetes_) return hits;
  const std::string role = role_of(call, 0);
  if (is_weak(call) && days("role_service", role, service_of(call.who->kind), call.day) == 0) return hits;
  if (call.way != Action::Way::console) {
    judge_remote(call, hits);
    judge_command_line(call, hits);
  }
  if (young) std::for_each(hits.begin(), hits.end(), keep_weak);
  const std::size_t of_the_reference = hits.size();
  judge_misuse(call, hits);
  if (young && hits.size() > of_the_reference) keep_weak(hits.back());
  return hits;
}

std::set<std::string> Reference::reported_active() const {
  std::set<std::string> accounts;
  if (activation_days_ == 0) return accounts;
  for (const auto& [account, day] : activated_) accounts.insert(account);
  return accounts;
}

bool Reference::active(const std::string& account, Day day) const {
  if (activation_days_ == 0) return true;
  const auto seen = facts_.find({"account", account, ""});
  if (seen == facts_.end()) return false;
  const auto before = std::distance(seen->second.begin(), seen->second.lower_bound(day));
  return before >= std::min(7, activation_days_) && *seen->second.begin() + static_cast<Day>(activation_days_) <= day;
}

bool Reference::teaches(const std::string& user, const Action& call) const {
  constexpr std::string_view kArn = "arn:aws:iam::";
  const std::string account = user.substr(user.starts_with(kArn) ? kArn.size() : 0, 12);
  return account == call.who->account || active(account, call.day);
}

void Reference::activate(Day day, const std::vector<const Action*>& actions) {
  for (const Action* action : actions) {
    const std::string account(action->who->account);
    if (!activated_.contains(account) && active(account, day)) activated_[account] = day;
  }
}

void Reference::keep_weak(Hit& hit) {
  hit.goes_on_learning = !hit.strong;
  if (!std::exchange(hit.strong, false)) return;
  if (hit.of == Hit::Of::remote) hit.variation = remote_variation(hit.call->who->kind, false);
  if (!hit.stands_as.empty()) {
    hit.subjects = std::exchange(hit.stands_as, {});
    hit.subject = hit.subjects.front();
  }
  if (hit.of == Hit::Of::command_line)
    hit.variation = hit.call->tool->family == "aws-cli" ? "serverless_cli.aws_cli" : "serverless_cli";
}

void Reference::mark(const Hit& hit) {
  if (hit.call->from_future) return;
  const Day day = hit.call->day;
  const std::string tool = "tool " + std::string(hit.call->tool->family);
  if (hit.goes_on_learning) {
    if (hit.call->tool->attack && !learned_tool(*hit.call, hit.identity)) quarantine_[{hit.identity, tool}].insert(day);
    return;
  }
  const bool remote = hit.of == Hit::Of::remote;
  if (remote && !hit.network_known) {
    for (const std::string& form : hit.stands_as.empty() ? hit.subjects : hit.stands_as) {
      quarantine_[{hit.identity, form}].insert(day);
      quarantine_[{form, "role " + hit.role}].insert(day);
    }
  }
  if (hit.call->tool->cli && !learned_tool(*hit.call, hit.identity)) quarantine_[{hit.identity, tool}].insert(day);
  const auto runtime = [&](std::string_view what) {
    quarantine_[{hit.identity, "runtime " + std::string(what)}].insert(day);
  };
  if (new_impossible(*hit.call, hit.identity)) runtime(impossible(*hit.call));
  if (remote && hit.call->tool->platform == "kali" && !learned_runtime({hit.identity, day, is_weak(*hit.call)}, "kali"))
    runtime("kali");
  if (hit.of == Hit::Of::misuse && hit.call->depth > 0 && new_impossible(*hit.call, hit.identity) &&
      !learned_child(*hit.call))
    quarantine_[{role_of(*hit.call, hit.call->depth - 1), "child " + hit.role}].insert(day);
  if (hit.of == Hit::Of::misuse && !letter_of(*hit.call).empty() && !learned_letter(*hit.call, hit.identity))
    quarantine_[{hit.identity, letter_of(*hit.call)}].insert(day);
  if (hit.of == Hit::Of::misuse && opens_console(*hit.call) && !learned_console(*hit.call, hit.identity))
    quarantine_[{hit.identity, "console"}].insert(day);
  if (hit.of == Hit::Of::command_line && hit.call->who->kind == Kind::ecs && hit.call->tool->exec_env == "AWS_ECS_EC2")
    runtime("AWS_ECS_EC2");
}

void Reference::dedup(const std::vector<Hit>& hits) {
  for (const bool strong : {true, false}) {
    for (const Hit& hit : hits) {
      if (hit.strong != strong) continue;
      const Day day = hit.call->day;
      const std::string account(hit.call->who->account);
      auto& standing = standing_[std::to_string(static_cast<int>(hit.of)) + ' ' + account + ' ' + hit.identity];
      bool taken_in = false, only_by_strong_of_this_day = true;
      for (const Standing& alert : standing) {
        if (!near(alert.day, day) || (strong && !alert.strong)) continue;
        if (!meet(alert.subjects, hit.subjects) && !meet(alert.stands_as, hit.subjects)) continue;
        // Of one day, each name has its own alert: else the first to come would name that of all. A weak hit comes
        // after the strong ones.
        const bool alike = alert.subjects.front() == hit.subject ||
                           (!strong && !alert.stands_as.empty() && alert.stands_as.front() == hit.subject);
        if (alert.day == day && !alike) continue;
        taken_in = true;
        if (!alert.strong || alert.day != day) only_by_strong_of_this_day = false;
      }
      const AlertName name{hit.variation, account, hit.identity, hit.subject, day};
      if (!taken_in) {
        standing.push_back({day, strong, hit.subjects, hit.stands_as});
        alerts_[name] = true;
      } else if (!strong && only_by_strong_of_this_day) {
        alerts_.try_emplace(name, false);
      }
    }
  }
}

// All verdicts of a day rest on earlier days, so all of them are found before any is applied.
void Reference::judge_day(Day day, const std::vector<const Action*>& actions) {
  activate(day, actions);
  bool any_active = false;
  for (const auto& [fact, days_seen] : facts_)
    any_active = any_active || (std::get<0>(fact) == "account" && active(std::get<1>(fact), day));
  std::vector<Hit> hits;
  for (const Action* action : actions) {
    const bool young = !activated_.contains(std::string(action->who->account));
    if (young && !any_active) continue;
    if (action->tells == Tells::shape_of_a_person) continue;  // what was raised is contradicted when the day is over
    const Action* judged_as[] = {action, nullptr};
    if (action->tells == Tells::shape_then_issue)
      judged_as[1] = &judged_twice_.emplace_back(told_by(*action, Tells::by_issue));
    for (const Action* one : judged_as)
      if (one != nullptr)
        for (Hit& hit : hits_of(*one, young)) hits.push_back(std::move(hit));
  }
  for (const Hit& hit : hits) mark(hit);
  dedup(hits);
  for (const Action* action : actions) learn(*action);
}

}  // namespace straykey
