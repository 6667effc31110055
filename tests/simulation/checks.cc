#include "tests/simulation/checks.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/bytes.h"
#include "core/base/invariant.h"
#include "core/baseline/fact.h"
#include "core/detect/formats/standard_webhooks.h"
#include "core/detect/message.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr Day kRemembered = 60;  // 64, less a few days by which a row may be older than its newest day

std::string told(const AlertName& name) {
  return fmt::format("{} of {} ({}, {}) on day {}", name.variation, name.identity, name.account, name.subject,
                     name.day);
}

std::string text(const json::value& value) {
  return std::string(value.as_string());
}

bool is_strong(const std::string& variation) {
  return variation == "remote_service_token.suspicious" || variation == "remote_service_token.eks_remote" ||
         variation == "remote_service_token.ecs_suspicious" || variation == "serverless_cli.unusual" ||
         variation == "misused_service_token.attack_tool" || variation == "misused_service_token.console";
}

std::string analytic_of(const std::string& variation) {
  return variation.substr(0, variation.find('.'));
}

constexpr std::string_view kToolApart = " attack tool", kClusterRole = "/web";

std::string network_of(const std::string& subject) {
  return subject.ends_with(kToolApart) ? subject.substr(0, subject.size() - kToolApart.size()) : subject;
}

// What an alert's id is made of beside its tier, day and identity. A role may be a task's and a pod's at once, so their
// alerts name the family.
std::string subject_in_id(const AlertName& name) {
  const std::string network = network_of(name.subject);
  const std::string tool = name.subject.substr(network.size());
  if (name.variation.find(".ecs_") != std::string::npos) return network + " ECS" + tool;
  if (name.identity.ends_with(kClusterRole) && analytic_of(name.variation) == "remote_service_token")
    return network + " Kubernetes" + tool;
  if (name.variation.find(".eks_") != std::string::npos) return network + " EKS" + tool;
  return name.subject;
}

// The id of an alert as the rules define it. It depends only on the alert's name, and for an attack tool on whether the
// account was young.
Hash128 id_of(const AlertName& name, bool strong) {
  ByteWriter out;
  out.string(analytic_of(name.variation)).string(strong ? "strong" : "weak");
  out.string(name.account).string(name.identity).string(subject_in_id(name)).fixed(name.day);
  return hash128(kFixedHashKey, out.view());
}

Hash128 contradiction_id_of(Hash128 alert) {
  return hash128(kFixedHashKey, ByteWriter().string("alert.contradicted").string(alert.key()).view());
}

std::string_view word_of(FactKind kind) {
  switch (kind) {
    case FactKind::identity_network:
      return "identity_network";
    case FactKind::network_identity:
      return "network_identity";
    case FactKind::identity_other_call:
      return "identity_other_call";
    case FactKind::identity_tool:
      return "identity_tool";
    case FactKind::tool_identity:
      return "tool_identity";
    case FactKind::identity_runtime:
      return "identity_runtime";
    case FactKind::role_service:
      return "role_service";
    case FactKind::role_principal:
      return "role_principal";
    case FactKind::account:
      return "account";
    case FactKind::identity_evidence:
      return "identity_evidence";
    case FactKind::identity_presigned:
      return "identity_presigned";
    case FactKind::role_child:
      return "role_child";
    case FactKind::weak_identity_network:
      return "weak_identity_network";
    case FactKind::weak_identity_tool:
      return "weak_identity_tool";
    case FactKind::weak_tool_identity:
      return "weak_tool_identity";
    case FactKind::weak_identity_runtime:
      return "weak_identity_runtime";
    case FactKind::weak_identity_evidence:
      return "weak_identity_evidence";
    case FactKind::address_identity:  // not written any more
    case FactKind::account_early_day:
    case FactKind::quarantine_identity_network:
    case FactKind::quarantine_network_role:
    case FactKind::quarantine_identity_tool:
    case FactKind::quarantine_identity_runtime:
    case FactKind::quarantine_identity_evidence:
    case FactKind::quarantine_role_child:
    case FactKind::quarantine_identity_presigned:
      break;
  }
  // The AlertStore's, or one that this oracle does not know: it would be taken for another.
  INVARIANT(false, static_cast<unsigned>(kind));
  return {};
}

std::set<Day> days_of(const Fact& fact) {
  std::set<Day> days;
  for (Day back = 0; back < 64; ++back)
    if ((fact.presence.days >> back & 1) != 0) days.insert(fact.presence.newest_day - back);
  return days;
}

Day apart(Day a, Day b) {
  return a > b ? a - b : b - a;
}

}  // namespace

void Checks::read_message(Hash128 id, const json::value& message) {
  const json::value& document = message.at("data");
  if (text(document.at("id")) != id.hex()) throw Violation{fmt::format("alert {} calls itself otherwise", id.hex())};
  const std::string type = text(message.at("type"));
  if (type == "alert.contradicted") return;
  if (type != "account.activated") return read_alert(id, document);
  const std::string account = text(document.at("account"));
  if (!stored_.activations.emplace(account, id).second)
    throw Violation{fmt::format("P4: account {} was activated twice", account)};
  high_[id] = false;
}

void Checks::read_contradiction(Hash128 id, const json::value& document) {
  const std::string key = text(document.at("access_key"));
  if (!lent_keys_.contains(key))
    throw Violation{fmt::format("P4: nothing contradicts an alert of {} by {}", text(document.at("identity")), key)};
  const auto alert = Hash128::from_hex(text(document.at("alert_id")));
  if (!alert || id != contradiction_id_of(*alert) || !contradicted_.insert(*alert).second)
    throw Violation{fmt::format("P4: the id of contradiction {} is not made of its alert's", id.hex())};
  high_[id] = text(document.at("severity")) == "high";
  std::erase_if(stored_.alerts, [&](const auto& stands) { return stands.second == *alert; });
}

// An alert that is raised again where one was contradicted has an id made of that one's.
bool Checks::is_id_of(Hash128 id, const AlertName& name, bool strong) const {
  Hash128 made = id_of(name, strong);
  while (made != id && contradicted_.contains(made)) made = hash128(kFixedHashKey, "again " + made.key());
  return made == id;
}

void Checks::read_alert(Hash128 id, const json::value& document) {
  AlertName name;
  name.variation = text(document.at("variation"));
  name.account = text(document.at("account"));
  name.identity = text(document.at("identity"));
  const bool remote = analytic_of(name.variation) == "remote_service_token";
  const bool misuse = analytic_of(name.variation) == "misused_service_token";
  name.subject = remote   ? text(document.at("network"))
                 : misuse ? name.variation
                          : text(document.at("user_agent").at("tool"));
  name.day = day_of(*parse_time(text(document.at("first_seen"))));
  high_[id] = text(document.at("severity")) == "high";
  const bool strong = strong_[id] = text(document.at("evidence")) == "strong";
  // Of a strong remote alert in which an attack tool is new, the name says so.
  if (remote && strong && text(document.at("user_agent").at("kind")) == "attack") {
    AlertName of_tool = name;
    of_tool.subject += kToolApart;
    if (is_id_of(id, of_tool, strong)) name = of_tool;
  }
  const bool stays_high = misuse && !strong;  // a young account's, at the weak tier
  if (strong != is_strong(name.variation) && !stays_high)
    throw Violation{fmt::format("P4: the tier of {} is not its own", told(name))};
  if (!is_id_of(id, name, strong)) throw Violation{fmt::format("P4: the id of {} is not made of its name", told(name))};
  campaigns_.add(document, name.day, strong);
  if (remote) prefixes_[id] = text(document.at("source").at("prefix"));
  if (!contradicted_.contains(id) && !stored_.alerts.emplace(name, id).second)
    throw Violation{fmt::format("P4: twice: {}", told(name))};
}

// The alerts of the same identity, to show beside a failure.
std::string Checks::others_of(const Stored& stored, const AlertName& name) {
  std::string out;
  for (const auto& [other, id] : stored.alerts)
    if (other.account == name.account && other.identity == name.identity && other.subject == name.subject)
      out += fmt::format("; there is {} on day {}", other.variation, other.day);
  return out;
}

const Checks::Stored& Checks::read() {
  std::size_t rows = 0;
  std::vector<std::pair<Hash128, json::value>> news;
  site_.alerts().look()->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto alert = decode_message(value);
    if (!alert) throw Violation{"a stored alert cannot be read"};
    const Hash128 id = Hash128::from_bytes(key.data());
    const auto [known, is_new] = bodies_.emplace(id, standard_webhooks_body(*alert));
    if (!is_new && known->second != standard_webhooks_body(*alert))
      throw Violation{fmt::format("P5: the stored body of {} changed", id.hex())};
    if (is_new) news.emplace_back(id, json::parse(known->second));
    ++rows;
    return true;
  });
  for (const auto& [id, message] : news)
    if (text(message.at("type")) == "alert.contradicted") read_contradiction(id, message.at("data"));
  for (const auto& [id, message] : news) read_message(id, message);
  for (const Hash128 alert : contradicted_)
    if (!bodies_.contains(alert)) throw Violation{fmt::format("P4: {} is contradicted and not there", alert.hex())};
  if (rows != bodies_.size()) throw Violation{"P4: an alert is gone from the store"};
  return stored_;
}

void Checks::alerts_match(const Reference& reference, bool complete) {
  const Stored& stored = read();
  campaigns_.match(site_, true);
  for (const auto& [name, must_exist] : reference.alerts())
    if (must_exist && !stored.alerts.contains(name))
      throw Violation{fmt::format("P4: missing: {}{}", told(name), others_of(stored, name))};
  for (const std::string& account : reference.reported_active())
    if (!stored.activations.contains(account))
      throw Violation{fmt::format("P4: missing: the activation of {}", account)};
  if (!complete) return;
  for (const auto& [name, id] : stored.alerts)
    if (!reference.alerts().contains(name)) throw Violation{fmt::format("P4: nothing calls for: {}", told(name))};
}

Checks::Facts Checks::stored_facts() {
  Facts stored;
  for (std::size_t i = 0; i < site_.partitions(); ++i) {
    site_.partition(i).look()->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view value) {
      const auto fact = decode_fact(value);
      if (!fact) throw Violation{"a stored fact cannot be read"};
      const auto kind = fact_kind(key);
      // Says again what `account` says. What rests on it, the activation of accounts, is compared.
      if (kind == FactKind::account_early_day) return true;
      stored[{word_of(kind), fact->scope, fact->value}].merge(days_of(fact->fact));
      return true;
    });
  }
  return stored;
}

void Checks::established_facts_stay(Day today) {
  Facts stored = stored_facts();
  for (const auto& [name, days] : established_) {
    const auto is_remembered = [&](Day day) { return day + kRemembered >= today; };
    // The older day may have had a row of its own, in another partition. Without that the fact was seen on one day.
    if (std::count_if(days.begin(), days.end(), is_remembered) < 2) continue;
    const auto found = stored.find(name);
    for (const Day day : days)
      if (is_remembered(day) && (found == stored.end() || !found->second.contains(day)))
        throw Violation{fmt::format("P7: established and gone: {} {} {} on day {}", std::get<0>(name),
                                    std::get<1>(name), std::get<2>(name), day)};
  }
  // If two days are further apart than a row remembers, the product knows only one of them.
  for (auto& [name, days] : stored) {
    const Day newest = *days.rbegin();
    std::erase_if(days, [&](Day day) { return day + kRemembered < newest; });
  }
  std::erase_if(stored, [](const auto& fact) { return fact.second.size() < 2; });
  established_ = std::move(stored);
}

void Checks::facts_match(const Reference& reference, Day today, bool exactly) {
  const Facts stored = stored_facts();
  for (const auto& [name, days] : reference.facts()) {
    const auto found = stored.find(name);
    for (const Day day : days) {
      if (day + kRemembered < today || (found != stored.end() && found->second.contains(day))) continue;
      throw Violation{
          fmt::format("P1: lost: {} {} {} on day {}", std::get<0>(name), std::get<1>(name), std::get<2>(name), day)};
    }
  }
  if (!exactly) return;
  for (const auto& [name, days] : stored) {
    const auto taught = reference.facts().find(name);
    for (const Day day : days)
      if (taught == reference.facts().end() || !taught->second.contains(day))
        throw Violation{fmt::format("nobody taught: {} {} {} on day {}", std::get<0>(name), std::get<1>(name),
                                    std::get<2>(name), day)};
  }
}

// In any order, a pair that was used on fewer than two days of the window before cannot have been known.
void Checks::alerts_hold_in_any_order(const std::deque<Action>& actions, const Reference& all_learned, bool evicting) {
  const Stored& stored = read();
  campaigns_.match(site_, false);
  const auto covered = [&](const std::string& analytic, const Reference::Hit& hit) {
    for (const auto& [name, id] : stored.alerts)
      if (analytic_of(name.variation) == analytic && name.account == hit.call->who->account &&
          name.identity == hit.identity && apart(name.day, hit.call->day) < 5 &&
          (hit.of == Reference::Hit::Of::misuse ||  // which evidence names it depends on what was learned by then
           network_of(name.subject) == network_of(hit.subject) ||
           (prefixes_.contains(id) && prefixes_.at(id) == network_of(hit.subjects.back()))))
        return true;
    return false;
  };
  std::set<std::tuple<std::string, std::string, std::string, std::string, Day>> possible;
  for (const Action& action : actions) {
    if (action.what == Action::What::issue || action.who->kind == Kind::person) continue;
    const std::string identity = Reference::identity_of(action);
    for (const Reference::Hit& hit : all_learned.hits_of(action)) {
      if (action.tells == Tells::session_shape || action.tells == Tells::shape_then_issue ||
          action.tells == Tells::shape_of_a_person)
        continue;  // proven only by earlier events, or not at all
      if (evicting && (action.tells == Tells::by_issue || action.tells == Tells::by_session || action.depth > 0))
        continue;
      // Whether a command line's own alert says the platform depends on whether the task was known to run on instances.
      if (hit.of == Reference::Hit::Of::misuse && action.who->kind == Kind::ecs && action.tool->cli) continue;
      // A task that was seen on instances of its own, and not yet on Fargate, may use command lines.
      if (hit.of != Reference::Hit::Of::remote && action.who->kind == Kind::ecs &&
          all_learned.days("identity_runtime", identity, "linux AWS_ECS_EC2", action.day) >= 2)
        continue;
      const std::string analytic = analytic_of(hit.variation);
      if (!covered(analytic, hit))
        throw Violation{fmt::format("P4: missing in any order: {} of {} on day {}", analytic, identity, action.day)};
    }
    const std::string account(action.who->account);
    if (action.place->external())
      for (const std::string_view of : {std::string_view(), action.tool->attack ? kToolApart : std::string_view()})
        possible.emplace("remote_service_token", account, identity, std::string(action.place->forms.front()).append(of),
                         action.day);
    if (action.tool->cli)
      possible.emplace("serverless_cli", account, identity, std::string(action.tool->family), action.day);
    const auto misused = [&](std::string_view how) {
      const std::string analytic = "misused_service_token";
      possible.emplace(analytic, account, identity, analytic + '.' + std::string(how), action.day);
    };
    if (action.tool->attack) misused("attack_tool");
    if (!Reference::letter_of(action).empty()) misused("pasted");
    misused("platform");
    if (action.way == Action::Way::sign_in || action.way == Action::Way::console) misused("console");
  }
  for (const auto& [name, id] : stored.alerts) {
    const std::string analytic = analytic_of(name.variation);
    if (!possible.contains({analytic, name.account, name.identity, name.subject, name.day}))
      throw Violation{fmt::format("P4: nothing calls for: {}", told(name))};
    for (const auto& [other, other_id] : stored.alerts)
      if (id != other_id && analytic_of(other.variation) == analytic && other.account == name.account &&
          other.identity == name.identity && other.subject == name.subject && strong_.at(other_id) == strong_.at(id) &&
          apart(other.day, name.day) < 5)
        throw Violation{fmt::format("P4: twice in five days: {} and on day {}", told(name), other.day)};
  }
}

void Checks::all_delivered(const Endpoints& endpoints) {
  read();
  for (const auto& [id, high] : high_) {
    for (const std::string name : {"siem", "pager"}) {
      if (name == "pager" && !high) continue;
      if (!endpoints.received(name, id) && !endpoints.dead(name, id))
        throw Violation{fmt::format("P5: {} never heard of {}", name, id.hex())};
    }
  }
}

}  // namespace straykey
