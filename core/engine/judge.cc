#include "core/engine/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/utf8.h"
#include "core/engine/young_accounts.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

// Of Lambda, EC2 and other services the network alone: no two of these share an identity.
std::string remote_subject(Family family, const std::string& network) {
  const bool shares = family == Family::ecs || family == Family::eks || family == Family::kubernetes;
  return shares ? fmt::format("{} {}", network, name_of(family)) : network;
}

// "account/role" and "account/role/function"; nothing else in B2 begins with an account's number.
bool is_role(std::string_view user) {
  return user.size() > 13 && user[12] == '/' && is_account_id(user.substr(0, 12));
}
// "account/role" of a function; empty of anybody else.
std::string_view role_of_function(std::string_view user) {
  const std::size_t slash = user.rfind('/');
  return is_role(user) && slash > 12 ? user.substr(0, slash) : std::string_view{};
}
bool is_ecs(std::string_view serverless_identity) {
  return role_of_function(serverless_identity).empty() && serverless_identity.find('#') == std::string_view::npos;
}

// Platform and exec-env of a runtime's text.
std::pair<std::string_view, std::string_view> parts_of(std::string_view runtime) {
  const std::size_t space = std::min(runtime.find(' '), runtime.size());
  return {runtime.substr(0, space), runtime.substr(std::min(space + 1, runtime.size()))};
}

// The account of whoever assumed a role, as teach_role() names him; empty of services.
std::string_view account_of(std::string_view principal) {
  if (const auto arn = parse_arn(principal)) return arn->account;
  const std::string_view account = principal.substr(0, 12);
  return is_account_id(account) && principal.size() > 12 ? account : std::string_view{};
}

// Whether weakly proven tokens count: for their own kind only.
bool is_weak(const Candidate& call) noexcept {
  return !call.token.must_have_assumed.empty();
}

// Calls visit(value, fact) for each value of `scope`; for weakly proven tokens also of what such tokens taught, so a
// value may come twice.
template <class Visit>
void each_seen(const BaselineView& view, FactKind kind, std::string_view scope, bool weak, const Visit& visit) {
  bool goes_on = true;
  const auto one = [&](const std::string& value, const Fact& fact) { return goes_on = visit(value, fact); };
  view.each(kind, scope, one);
  if (weak && goes_on) view.each(weak_kind(kind), scope, one);
}

// A strong alert that says nothing of the attack tool must not take in its first use, on whichever of the two comes
// first. For hits without the tool, of other days, the alert stands under the network's own name, too.
void tell_attack_tool_apart(Judgement& judgement) {
  judgement.also_stands_as = judgement.subjects;
  for (std::string& subject : judgement.subjects) subject += kAttackToolSubject;
}

std::string chain_sentence(const ServiceToken& token) {
  const std::string_view article = token.service.find_first_of("aeiou") == 0 ? "an" : "a";
  constexpr std::size_t kShownMax = 400;
  return fmt::format("STS issued the key to a caller with {} {} token; roles from the first to this one: {}.", article,
                     token.service, cut_utf8(token.chain, kShownMax));
}

}  // namespace

bool Judge::activates(std::string_view account, Day day, const BaselineView& view) const {
  return straykey::activates(account, day, settings_, view);
}

Judge::Answer Judge::judge(const Candidate& call, const BaselineView& view, const Moment& moment) const {
  const Day day = call.day();
  const bool ours = call.token.account == call.recipient_account || is_ours(call.token.account, day, view);
  const bool active = (moment.active_since && *moment.active_since <= day) || activates(call.token.account, day, view);
  if (!ours || (!active && !any_is_active(day, settings_, view))) return {Judged::not_active, {}};
  // The newest day of all accounts decides, even if the call's own account was quiet: facts older than the bitmap are
  // forgotten. A call that was in time when it arrived is judged, however long it had to wait.
  if (day + kJudgedLateDaysMax < moment.newest_day) return {Judged::too_late, {}};
  if (!is_proven(call, view)) return {Judged::not_proven, {}};

  Answer answer;
  answer.young = !active;
  const auto add = [&](std::optional<Judgement> judgement) {
    if (judgement && answer.young) keep_weak(*judgement, call);
    if (judgement) answer.judgements.push_back(std::move(*judgement));
  };
  if (!call.console_session) {  // of which neither the place nor the tool is judged
    add(remote(call, view));
    add(serverless(call, view));
  }
  add(misused(call, answer.judgements, view, moment.remote_is_told));
  if (view.failed()) return {Judged::unreadable, {}};
  if (!call.token.chain.empty())
    for (Judgement& judgement : answer.judgements) judgement.verdict.why.push_back(chain_sentence(call.token));
  return answer;
}

// A weak proof holds if the service was seen to assume the role. A Lambda user agent is the second weak proof: it holds
// only if that of the session's name does not.
bool Judge::is_proven(const Candidate& call, const BaselineView& view) const {
  const ServiceToken& token = call.token;
  const std::string& role = token.assumed_role.empty() ? token.role_identity : token.assumed_role;
  const auto assumed_by = [&](std::string_view service) {
    return view.fact(FactKind::role_service, role, service).presence.days_before(call.day(), settings_.training_days) >
           0;
  };
  if (token.must_have_assumed.empty()) return true;
  if (!assumed_by(token.must_have_assumed)) return false;
  if (token.proof != Proof::lambda_user_agent) return true;
  const std::string_view first = service_of_session_name(token.identity.substr(token.identity.rfind('/') + 1));
  return first.empty() || !assumed_by(first);
}

// Declared, or seen as recipient on an earlier day.
bool Judge::is_ours(std::string_view account, Day day, const BaselineView& view) const {
  if (settings_.accounts.contains(account)) return true;
  const Fact seen = view.fact(FactKind::account, account, "");
  return seen.presence.days != 0 && seen.first_day < day;
}

// Foreign: none of our accounts, and no owner whose endpoints three workloads of three roles used on two days each.
// Nobody else's calls count, because an outsider with two calls must not be able to teach us an owner.
bool Judge::endpoint_is_foreign(const Candidate& call, const BaselineView& view) const {
  constexpr std::size_t kWorkloads = 3;
  if (call.endpoint_owner.empty()) return false;
  const Day day = call.day();
  if (is_ours(call.endpoint_owner, day, view)) return false;
  const std::string network = call.endpoint_network();
  const int window = settings_.training_days;
  std::set<std::string> roles;
  const Teachers teachers(call, settings_, view);
  const std::string in_use = "in use " + teachers.young(), acknowledged = "acknowledged " + teachers.young();
  const auto add = [&](const std::vector<std::string>& users) { roles.insert(users.begin(), users.end()); };
  const auto pair_of = [&](const std::string& user) {
    return view.quarantine(FactKind::quarantine_network_role, network, user);
  };
  add(view.users_before(
      {FactKind::network_identity, network, day, window, kLearnedDays, in_use}, [&](const std::string& user) {
        return !is_role(user) || !teachers.count(user) || pair_of(user).presence.days_before(day, window) > 0;
      }));
  add(view.users_before(
      {FactKind::network_identity, network, day, window, 1, acknowledged},
      [&](const std::string& user) { return !is_role(user) || !teachers.count(user) || !pair_of(user).acknowledged; }));
  return roles.size() < kWorkloads;
}

// Whether a role was assumed in the window by another organisation's account or by public federation. What its sessions
// use says nothing about our networks.
bool Judge::lends_itself(const std::string& role, Day day, const BaselineView& view) const {
  bool lends = false;
  view.each(FactKind::role_principal, role, [&](const std::string& principal, const Fact& fact) {
    if (fact.presence.days_before(day, settings_.training_days) == 0) return true;
    const std::string_view account = account_of(principal);
    lends = principal.starts_with(kFederationPrincipal) ||
            (!settings_.kubernetes && principal.starts_with(kKubernetesPrincipal)) ||
            (!account.empty() && !role.starts_with(account) && !is_ours(account, day, view));
    return !lends;
  });
  return lends;
}

// B2: who else used the network on two days, as alerts name identities. Another function of a Lambda function's own
// role counts, too; otherwise the role itself is left out.
int Judge::other_identities(const Candidate& call, const std::vector<std::string>& forms,
                            const BaselineView& view) const {
  const Day day = call.day();
  const int window = settings_.training_days;
  const auto distrusted = [&](FactKind kind, const std::string& user) {
    return std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
      return kind == FactKind::quarantine_identity_network ? view.quarantined(kind, user, form, day, window)
                                                           : view.quarantined(kind, form, user, day, window);
    });
  };
  const auto role_left_out = [&](const std::string& role) {
    return distrusted(FactKind::quarantine_network_role, role) || (is_role(role) && lends_itself(role, day, view));
  };
  const Teachers teachers(call, settings_, view);
  const auto left_out = [&](const std::string& user) {
    if (!teachers.count(user)) return true;
    return role_of_function(user).empty() ? role_left_out(user)
                                          : distrusted(FactKind::quarantine_identity_network, user);
  };
  const std::string all_forms = forms.front() + '\0' + forms.back() + '\0' + teachers.young();
  std::set<std::string, std::less<>> others, roles;  // roles: of functions that count
  std::map<std::string, bool, std::less<>> trusted;  // roles of other functions
  for (const std::string& form : forms) {
    for (const std::string& user :
         view.users_before({FactKind::network_identity, form, day, window, kLearnedDays, all_forms}, left_out)) {
      const std::string role(role_of_function(user));
      if (user == call.token.identity || user == call.token.role_identity) continue;
      if (role == call.token.role_identity) {
        if (call.token.family == Family::lambda && call.token.chain.empty()) others.insert(user);
        continue;
      }
      if (!role.empty()) {
        const auto [known, is_new] = trusted.try_emplace(role, false);
        if (is_new) known->second = !role_left_out(role);
        if (!known->second) continue;
        roles.insert(role);
      }
      others.insert(user);
    }
  }
  for (const std::string& role : roles) others.erase(role);  // told by its functions
  return std::min(static_cast<int>(others.size()), BaselineView::kUsersCounted);
}

Fact Judge::seen(const Candidate& call, FactKind kind, std::string_view value, const BaselineView& view) const {
  Fact fact = view.fact(kind, call.token.identity, value);
  if (is_weak(call)) fact.merge(view.fact(weak_kind(kind), call.token.identity, value));
  return fact;
}

// A tool that had no row before an upgrade was learned as "other". For as long as the window reaches back before the
// upgrade that counts for it, where the identity used something of that kind; old use must not look new.
bool Judge::learned_as_other(const Candidate& call, const BaselineView& view) const {
  const int window = settings_.training_days;
  if (call.tool_kind == ToolKind::attack || !was_other_before_format_2(call.tool)) return false;
  const auto since = view.kept_since();
  if (!since || *since + static_cast<Day>(window) < call.day()) return false;
  return seen(call, FactKind::identity_tool, "other", view).presence.days_before(call.day(), window) >= kLearnedDays;
}

bool Judge::tool_learned(const Candidate& call, const BaselineView& view, int& days, bool& quarantined) const {
  const std::string& identity = call.token.identity;
  days = seen(call, FactKind::identity_tool, call.tool, view).presence.days_before(call.day(), settings_.training_days);
  const Fact pair = view.quarantine(FactKind::quarantine_identity_tool, identity, call.tool);
  if (pair.acknowledged) return true;
  quarantined = pair.presence.days_before(call.day(), settings_.training_days) > 0;
  return (days >= kLearnedDays || learned_as_other(call, view)) && !quarantined;
}

// B6: on how many days the identity used the platform, or the exec-env.
int Judge::runtime_days(const Candidate& call, std::string_view runtime, const BaselineView& view) const {
  Presence days;
  each_seen(view, FactKind::identity_runtime, call.token.identity, is_weak(call),
            [&](const std::string& text, const Fact& fact) {
              const auto [platform, exec_env] = parts_of(text);
              if (platform == runtime || exec_env == runtime) days.merge(fact.presence);
              return true;
            });
  return days.days_before(call.day(), settings_.training_days);
}

// B6: the identity used it on two days, or somebody acknowledged it.
bool Judge::runtime_learned(const Candidate& call, std::string_view runtime, const BaselineView& view) const {
  const Fact pair = view.quarantine(FactKind::quarantine_identity_runtime, call.token.identity, runtime);
  if (pair.acknowledged) return true;
  if (pair.presence.days_before(call.day(), settings_.training_days) > 0) return false;
  return runtime_days(call, runtime, view) >= kLearnedDays;
}

std::optional<ImpossibleRuntime> Judge::new_impossible_runtime(const Candidate& call, const BaselineView& view) const {
  auto runtime = impossible_runtime(call.token.service, call.platform, call.exec_env);
  if (runtime && runtime_learned(call, runtime->value, view)) return std::nullopt;
  return runtime;
}

// An ECS identity that has learned AWS_ECS_EC2 and was nowhere else in the window. One call must not switch a check
// off.
bool Judge::runs_on_own_instances(const Runner& runner, Day day, const BaselineView& view) const {
  constexpr std::string_view kOwn = "AWS_ECS_EC2";
  const int window = settings_.training_days;
  const auto elsewhere = [](std::string_view env) {
    return env == "AWS_ECS_FARGATE" || env == "AWS_ECS_MANAGED_INSTANCES";
  };
  if (elsewhere(runner.exec_env)) return false;
  const Fact pair = view.quarantine(FactKind::quarantine_identity_runtime, runner.identity, kOwn);
  Presence own;
  bool was_elsewhere = false;
  each_seen(view, FactKind::identity_runtime, runner.identity, runner.weak,
            [&](const std::string& text, const Fact& fact) {
              const std::string_view env = parts_of(text).second;
              if (env == kOwn) own.merge(fact.presence);
              was_elsewhere = was_elsewhere || (elsewhere(env) && fact.presence.days_before(day, window) > 0);
              return !was_elsewhere;
            });
  if (was_elsewhere) return false;
  if (pair.acknowledged) return true;
  return own.days_before(day, window) >= kLearnedDays && pair.presence.days_before(day, window) == 0;
}

void Judge::look_at_network(RemoteEvidence& evidence, const Candidate& call, const std::vector<std::string>& forms,
                            const BaselineView& view) const {
  const Day day = call.day();
  const int window = settings_.training_days;
  evidence.network = forms.front();
  for (const std::string& form : forms) {
    const int days = seen(call, FactKind::identity_network, form, view).presence.days_before(day, window);
    const Fact pair = view.quarantine(FactKind::quarantine_identity_network, call.token.identity, form);
    const bool quarantined = !pair.acknowledged && pair.presence.days_before(day, window) > 0;
    evidence.network_days = std::max(evidence.network_days, days);
    evidence.network_quarantined = evidence.network_quarantined || quarantined;
    if (pair.acknowledged || (days >= kLearnedDays && !quarantined)) evidence.network_learned = true;
  }
  evidence.other_identities = other_identities(call, forms, view);
  // The day itself counts here, because this is only said.
  evidence.only_identity_call = call.event_name == "GetCallerIdentity" &&
                                view.fact(FactKind::identity_other_call, call.token.identity, forms.front())
                                        .presence.days_before(day + 1, window) == 0;
}

// B8. It has no weak kind: a link tells nothing of who made it.
void Judge::look_at_links(RemoteEvidence& evidence, const Candidate& call, const BaselineView& view) const {
  const int window = settings_.training_days;
  const Fact pair = view.quarantine(FactKind::quarantine_identity_presigned, call.token.identity, "");
  evidence.presigned_acknowledged = pair.acknowledged;
  evidence.presigned_days =
      view.fact(FactKind::identity_presigned, call.token.identity, "").presence.days_before(call.day(), window);
  evidence.presigned_quarantined = pair.presence.days_before(call.day(), window) > 0;
  evidence.presigned_learned = evidence.presigned_days >= kLearnedDays && !evidence.presigned_quarantined;
}

std::optional<Judgement> Judge::remote(const Candidate& call, const BaselineView& view) const {
  if (!call.may_be_external()) return std::nullopt;
  RemoteEvidence evidence;
  evidence.window_days = settings_.training_days;
  evidence.foreign_endpoint = endpoint_is_foreign(call, view);
  if (!evidence.foreign_endpoint && call.address_class != SourceClass::external) return std::nullopt;
  if ((call.presigned || !call.token.chain.empty()) && !keeps_new_kinds(call.day(), view)) return std::nullopt;
  const std::vector<std::string> forms =
      evidence.foreign_endpoint ? std::vector{call.endpoint_network()} : call.address_forms();
  look_at_network(evidence, call, forms, view);
  bool tool_quarantined = false;
  evidence.tool_learned = tool_learned(call, view, evidence.tool_days, tool_quarantined);
  const auto impossible = new_impossible_runtime(call, view);
  if (impossible) evidence.impossible = impossible->shown;
  if (call.presigned) look_at_links(evidence, call, view);
  const std::string_view kali = name_of(Platform::kali);
  evidence.new_kali = call.platform == Platform::kali && !runtime_learned(call, kali, view);

  auto verdict = judge_remote_service_token(call, evidence);
  if (!verdict) return std::nullopt;
  Judgement out;
  out.verdict = std::move(*verdict);
  out.source_class = evidence.foreign_endpoint ? SourceClass::foreign_endpoint : SourceClass::external;
  out.network = evidence.network;
  // A link may be sent on to many networks, and what they are says nothing of the token: the link is the pair.
  if (call.presigned) {
    out.subjects = {remote_subject(call.token.family, "presigned")};
    out.quarantines_presigned = !evidence.presigned_learned;
    return out;
  }
  for (const std::string& form : forms) out.subjects.push_back(remote_subject(call.token.family, form));
  if (call.tool_kind == ToolKind::attack && !evidence.tool_learned && out.verdict.tier() == Tier::strong)
    tell_attack_tool_apart(out);
  if (!evidence.network_learned) out.quarantined_networks = call.network_forms();
  out.quarantines_tool = is_new_cli(call, evidence);
  if (impossible) out.quarantined_runtimes.emplace_back(impossible->value);
  if (evidence.new_kali && !impossible) out.quarantined_runtimes.emplace_back(kali);
  return out;
}

void Judge::count_users(ServerlessEvidence& evidence, const Candidate& call, const BaselineView& view) const {
  constexpr std::string_view kCodeBuild = "#codebuild";
  const Day day = call.day();
  const int window = settings_.training_days;
  const Teachers teachers(call, settings_, view);
  const std::string asked = call.tool + '\0' + teachers.young();
  const auto users_of = [&](FactKind kind) -> const std::vector<std::string>& {
    return view.users_before({kind, call.tool, day, window, 1, asked}, [&](const std::string& user) {
      return !teachers.count(user) ||
             view.quarantined(FactKind::quarantine_identity_tool, user, call.tool, day, window) ||
             (is_ecs(user) && runs_on_own_instances({user, {}, kind == FactKind::weak_tool_identity}, day, view));
    });
  };
  std::set<std::string, std::less<>> users;
  const auto add = [&](const std::vector<std::string>& more) { users.insert(more.begin(), more.end()); };
  add(users_of(FactKind::tool_identity));
  if (is_weak(call)) add(users_of(FactKind::weak_tool_identity));
  evidence.serverless_users = std::min(static_cast<int>(users.size()), BaselineView::kUsersCounted);
  // A key that a build's token was given by another role belongs to a build, too; it is no user itself.
  if (call.token.service != "codebuild") return;
  evidence.codebuild_users = static_cast<int>(std::count_if(users.begin(), users.end(), [&](const std::string& user) {
    return user != call.token.identity && user.ends_with(kCodeBuild);
  }));
}

std::optional<Judgement> Judge::serverless(const Candidate& call, const BaselineView& view) const {
  if (!call.token.serverless || !call.is_cli()) return std::nullopt;
  if (!call.token.chain.empty() && !keeps_new_kinds(call.day(), view)) return std::nullopt;
  ServerlessEvidence evidence;
  evidence.window_days = settings_.training_days;
  evidence.runs_on_own_instances =
      call.token.family == Family::ecs &&
      runs_on_own_instances({call.token.identity, call.exec_env, is_weak(call)}, call.day(), view);
  evidence.tool_learned = tool_learned(call, view, evidence.tool_days, evidence.tool_quarantined);
  const auto impossible = new_impossible_runtime(call, view);
  if (impossible) evidence.impossible = impossible->shown;
  count_users(evidence, call, view);

  auto verdict = judge_serverless_cli(call, evidence);
  if (!verdict) return std::nullopt;
  Judgement out;
  out.verdict = std::move(*verdict);
  out.source_class = call.address_class;
  place_inside(out, call);
  out.subjects = {call.tool};
  out.quarantines_tool = !evidence.tool_learned;
  if (impossible) out.quarantined_runtimes.emplace_back(impossible->value);
  // A thief who claims it must not switch the check off by claiming it twice.
  if (call.token.family == Family::ecs && call.exec_env == "AWS_ECS_EC2")
    out.quarantined_runtimes.push_back(call.exec_env);
  return out;
}

// Whether the store has kept the kinds of facts that format 2 brought for long enough to tell what is new, and what
// descended keys do, which format 1 took for nobody's. After an upgrade everything would look new.
bool Judge::keeps_new_kinds(Day day, const BaselineView& view) const {
  const auto since = view.kept_since();
  return !since || *since + static_cast<Day>(settings_.activation_days) <= day;
}

}  // namespace straykey
