#include "core/engine/judge.h"

#include <fmt/format.h>

#include <algorithm>

namespace straykey {
namespace {

constexpr int kLearnedDays = 2;

// Of Lambda, EC2 and other services the network alone: no two of these share an identity.
std::string remote_subject(Family family, const std::string& network) {
  return family == Family::ecs || family == Family::eks ? fmt::format("{} {}", network, name_of(family)) : network;
}

}  // namespace

bool Judge::activates(std::string_view account, Day day, const BaselineView& view) const {
  if (settings_.activation_days == 0) return true;
  const Fact seen = view.fact(FactKind::account, account, "");
  if (seen.presence.days == 0 || seen.first_day + static_cast<Day>(settings_.activation_days) > day) return false;
  int days = seen.presence.days_before(day, 63);
  if (seen.first_day + 63 < day) ++days;  // the first day lies before the bitmap
  return days >= std::min(7, settings_.activation_days);
}

Judge::Answer Judge::judge(const Candidate& call, const BaselineView& view, std::optional<Day> active_since) const {
  const Day day = call.day();
  const bool active = (active_since && *active_since <= day) || activates(call.token.account, day, view);
  if (!active) return {Judged::not_active, {}};
  const Fact account = view.fact(FactKind::account, call.recipient_account, "");
  if (account.presence.days != 0 && day + kJudgedLateDaysMax < account.presence.newest_day)
    return {Judged::too_late, {}};
  if (!is_proven(call, view)) return {Judged::not_proven, {}};

  Answer answer;
  if (auto judgement = remote(call, view)) answer.judgements.push_back(std::move(*judgement));
  if (auto judgement = serverless(call, view)) answer.judgements.push_back(std::move(*judgement));
  if (view.failed()) return {Judged::unreadable, {}};
  // The newest day of all accounts decides, even if the call's own account was quiet: facts older than the bitmap are
  // forgotten.
  if (!answer.judgements.empty() && day + kJudgedLateDaysMax < view.newest_account_day()) return {Judged::too_late, {}};
  return answer;
}

// A weak proof holds if the service was seen to assume the role. A Lambda user agent is the second weak proof: it holds
// only if that of the session's name does not.
bool Judge::is_proven(const Candidate& call, const BaselineView& view) const {
  const ServiceToken& token = call.token;
  const auto assumed_by = [&](std::string_view service) {
    return view.fact(FactKind::role_service, token.role_identity, service)
               .presence.days_before(call.day(), settings_.training_days) > 0;
  };
  if (token.must_have_assumed.empty()) return true;
  if (!assumed_by(token.must_have_assumed)) return false;
  if (token.proof != Proof::lambda_user_agent) return true;
  const std::string_view first = service_of_session_name(token.identity.substr(token.identity.rfind('/') + 1));
  return first.empty() || !assumed_by(first);
}

// Foreign: not seen as one of our accounts on an earlier day, and not learned as an endpoint owner. `seen`: used on any
// earlier day.
bool Judge::endpoint_is_foreign(const Candidate& call, const BaselineView& view, bool& seen) const {
  seen = false;
  if (call.endpoint_owner.empty() || call.address.empty()) return false;
  const Day day = call.day();
  const Fact account = view.fact(FactKind::account, call.endpoint_owner, "");
  if (account.presence.days != 0 && account.first_day < day) return false;
  const std::string network = call.endpoint_network();
  const int days = view.days_before({FactKind::network_identity, network, day, settings_.training_days, network},
                                    kLearnedDays, [&](const std::string& user) {
                                      return view.quarantined(FactKind::quarantine_network_role, network, user, day,
                                                              settings_.training_days);
                                    });
  seen = days > 0;
  return days < kLearnedDays;
}

bool Judge::tool_learned(const Candidate& call, const BaselineView& view, int& days, bool& quarantined) const {
  const std::string& identity = call.token.identity;
  days =
      view.fact(FactKind::identity_tool, identity, call.tool).presence.days_before(call.day(), settings_.training_days);
  const Fact pair = view.quarantine(FactKind::quarantine_identity_tool, identity, call.tool);
  if (pair.acknowledged) return true;
  quarantined = pair.presence.days_before(call.day(), settings_.training_days) > 0;
  return days >= kLearnedDays && !quarantined;
}

std::optional<Judgement> Judge::remote(const Candidate& call, const BaselineView& view) const {
  if (!call.may_be_external()) return std::nullopt;
  const Day day = call.day();
  const int window = settings_.training_days;
  RemoteEvidence evidence;
  evidence.window_days = window;
  evidence.foreign_endpoint = endpoint_is_foreign(call, view, evidence.endpoint_owner_seen);
  if (!evidence.foreign_endpoint && call.address_class != SourceClass::external) return std::nullopt;

  std::vector<std::string> forms;
  std::string address = call.address;
  if (evidence.foreign_endpoint) {
    forms = {call.endpoint_network()};
    address = call.endpoint_network() + '/' + call.address;
  } else {
    forms = {call.network};
    if (call.prefix_network != call.network) forms.push_back(call.prefix_network);
  }
  evidence.network = forms.front();

  for (const std::string& form : forms) {
    const int days = view.fact(FactKind::identity_network, call.token.identity, form).presence.days_before(day, window);
    const Fact pair = view.quarantine(FactKind::quarantine_identity_network, call.token.identity, form);
    const bool quarantined = !pair.acknowledged && pair.presence.days_before(day, window) > 0;
    evidence.network_days = std::max(evidence.network_days, days);
    evidence.network_quarantined = evidence.network_quarantined || quarantined;
    if (pair.acknowledged || (days >= kLearnedDays && !quarantined)) evidence.network_learned = true;
  }

  const auto in_quarantine = [&](const std::string& user) {
    return std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
      return view.quarantined(FactKind::quarantine_network_role, form, user, day, window);
    });
  };
  const std::string all_forms = forms.front() + '\0' + forms.back();
  std::vector<std::string> others;
  for (const std::string& form : forms) {
    for (const std::string& user :
         view.users_before({FactKind::network_identity, form, day, window, all_forms}, in_quarantine)) {
      if (others.size() < BaselineView::kUsersCounted && user != call.token.role_identity &&
          std::find(others.begin(), others.end(), user) == others.end())
        others.push_back(user);
    }
  }
  evidence.other_identities = static_cast<int>(others.size());
  const auto& here = view.users_before({FactKind::address_identity, address, day, window, all_forms}, in_quarantine);
  evidence.address_identities = std::min(static_cast<int>(here.size()), BaselineView::kUsersCounted);
  bool tool_quarantined = false;
  evidence.tool_learned = tool_learned(call, view, evidence.tool_days, tool_quarantined);

  auto verdict = judge_remote_service_token(call, evidence);
  if (!verdict) return std::nullopt;
  Judgement out;
  out.verdict = std::move(*verdict);
  out.source_class = evidence.foreign_endpoint ? SourceClass::foreign_endpoint : SourceClass::external;
  out.network = evidence.network;
  for (const std::string& form : forms) out.subjects.push_back(remote_subject(call.token.family, form));
  out.quarantined_networks = call.network_forms();
  out.quarantines_tool = is_new_cli(call, evidence);
  return out;
}

std::optional<Judgement> Judge::serverless(const Candidate& call, const BaselineView& view) const {
  if (!call.token.serverless || !call.is_cli()) return std::nullopt;
  const Day day = call.day();
  const int window = settings_.training_days;
  ServerlessEvidence evidence;
  evidence.window_days = window;
  if (call.token.family == Family::ecs) {
    evidence.runs_on_own_instances = call.exec_env == "AWS_ECS_EC2";
    view.each(FactKind::identity_runtime, call.token.identity, [&](const std::string& runtime, const Fact& fact) {
      if (runtime.ends_with(" AWS_ECS_EC2") && fact.presence.days_before(day, window) > 0)
        evidence.runs_on_own_instances = true;
      return !evidence.runs_on_own_instances;
    });
  }
  evidence.tool_learned = tool_learned(call, view, evidence.tool_days, evidence.tool_quarantined);
  const auto& users =
      view.users_before({FactKind::tool_identity, call.tool, day, window, call.tool}, [&](const std::string& user) {
        return view.quarantined(FactKind::quarantine_identity_tool, user, call.tool, day, window);
      });
  evidence.serverless_users = std::min(static_cast<int>(users.size()), BaselineView::kUsersCounted);

  auto verdict = judge_serverless_cli(call, evidence);
  if (!verdict) return std::nullopt;
  Judgement out;
  out.verdict = std::move(*verdict);
  out.source_class = call.address_class;
  out.network = call.network.empty() ? std::string(name_of(call.address_class)) : call.network;
  out.subjects = {call.tool};
  out.quarantines_tool = !evidence.tool_learned;
  return out;
}

}  // namespace straykey
