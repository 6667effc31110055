#include "tools/replay/token_survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/detect/misused_service_token.h"
#include "core/detect/serverless_cli.h"
#include "core/identity/principal.h"
#include "tools/simulate/random.h"

namespace straykey {
namespace {

constexpr Seconds kNever = 4'102'444'800;  // the year 2100, as the clock: no event is ahead of it
constexpr Day kIssuedKeptDays = 2;
constexpr int kLearnedDays = 2;
constexpr std::string_view kOwnInstances = "AWS_ECS_EC2";

// Whether the text can be written into a record and a label without escaping.
bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
}

std::string user_identity_of(std::string_view record) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(record, error);
  if (error || !parsed.is_object()) return {};
  const boost::json::value* found = parsed.as_object().if_contains("userIdentity");
  return found != nullptr && found->is_object() ? boost::json::serialize(*found) : std::string();
}

}  // namespace

TokenSurvey::TokenSurvey(const DetectionSettings& detection, const NetworkMap& networks, std::uint64_t seed)
    : detection_(detection), networks_map_(networks), seed_(seed), reader_(PayloadLimits{}) {
  sink_.on_event = [this](std::uint32_t, Event&& event) { learn(event); };
  sink_.on_reject = [](std::uint32_t, RejectReason, std::string_view) {};
}

void TokenSurvey::add(std::string_view record) {
  body_.assign(record).append(kJsonPadding, '\0');
  TextArena arena;
  (void)reader_.read(std::string_view(body_).substr(0, record.size()), ContentEncoding::identity, kNever, arena, sink_);
  ++record_;
}

void TokenSurvey::begin_day(Day day) {
  if (day <= newest_day_) return;
  newest_day_ = day;
  std::erase_if(issued_, [day](const auto& entry) { return entry.second.issued_day + kIssuedKeptDays < day; });
}

void TokenSurvey::learn(const Event& event) {
  begin_day(event.day());
  if (is_account_id(event.recipient_account)) accounts_[std::string(event.recipient_account)].seen(event.day());
  for (const std::string_view account : {event.account, event.vpc_endpoint_account})
    if (is_account_id(account)) other_accounts_.emplace(account);
  if (event.assumes_role() && !event.issued_key.empty()) issued_[std::string(event.issued_key)] = issued_token(event);
  const auto issued = issued_.find(std::string(event.access_key));
  const Observation seen =
      observe(event, issued == issued_.end() ? nullptr : &issued->second, networks_map_, detection_);
  for (const std::string& form : seen.call.network_forms()) networks_seen_.insert(form);
  if (!seen.own) return;
  if (seen.has_token && seen.call.token.must_have_assumed.empty()) {
    learn_token(event, seen);
  } else if (seen.has_token || seen.may_wait_for_proof) {
    if (seen.call.may_be_external()) unproven_outside_.insert(seen.caller);
    if (seen.call.is_cli()) unproven_command_line_.insert(seen.caller);
    for (std::string& evidence : evidence_of(seen.call)) unproven_evidence_[seen.caller].insert(std::move(evidence));
    for (std::string_view rest = seen.call.evidence; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      unproven_evidence_[seen.caller].emplace(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  } else if (!may_be_service_token(event)) {
    learn_place(seen);
  }
}

void TokenSurvey::learn_token(const Event& event, const Observation& observation) {
  const Candidate& call = observation.call;
  const ServiceToken& token = call.token;
  if (!identities_.contains(token.identity) && identities_.size() >= kIdentitiesMax) return;
  const auto [entry, is_new] = identities_.try_emplace(token.identity);
  Identity& identity = entry->second;
  if (is_new) identity.first_day = event.day();
  if (call.may_be_external()) identity.token.calls_from_outside = true;
  if (call.is_cli()) identity.token.uses_command_lines = true;
  if (token.family == Family::ecs && call.exec_env == kOwnInstances) identity.token.on_own_instances = true;
  for (std::string& evidence : evidence_of(call)) identity.token.evidence.insert(std::move(evidence));
  if (token.serverless && call.is_cli()) learn_tool(event, call);
  if (event.type != IdentityType::assumed_role || !is_temporary_key(event.access_key)) return;
  if (!is_judged(token.family, detection_)) return;
  const Day day = event.day();
  if (identity.first_day + static_cast<Day>(detection_.activation_days) > day || !is_active(token.account, day)) return;
  draw(identity, event, call);
}

// Draws each of an identity's calls with the same chance, however many there are.
void TokenSurvey::draw(Identity& identity, const Event& event, const Candidate& call) {
  if (mix(seed_, 0x746f6b656e, record_) % ++identity.drawn_of != 0) return;
  StealableToken& token = identity.token;
  token.token = call.token;
  token.record = record_;
  token.time = event.time;
  token.key = event.access_key;
  token.user_identity = user_identity_of(event.record);
  token.region = event.region;
  token.recipient = event.recipient_account.empty() ? std::string_view(call.token.account) : event.recipient_account;
  token.address = call.address;
}

// The rule of CLI verdicts, day by day: learned, and possible where it says it runs; or its account was not active.
void TokenSurvey::learn_tool(const Event& event, const Candidate& call) {
  if (call.token.family == Family::ecs && call.exec_env == kOwnInstances) return;
  const std::pair key{call.token.identity, call.tool};
  if (!tools_.contains(key) && tools_.size() >= kToolsMax) return;
  Tool& tool = tools_[key];
  if (tool.user_agent.empty()) tool.user_agent = event.user_agent_text;
  const bool learned = tool.days.days_before(event.day(), detection_.training_days) >= kLearnedDays;
  const bool possible = !impossible_runtime(call.token.service, call.platform, call.exec_env);
  if ((!learned || !possible) && is_active(call.token.account, event.day())) tool.silent = false;
  tool.days.seen(event.day());
}

void TokenSurvey::learn_place(const Observation& observation) {
  const Candidate& call = observation.call;
  if (call.address_class != SourceClass::external || !call.endpoint_owner.empty() || !call.error_code.empty()) return;
  const std::pair key{call.address, observation.caller};
  if (!places_.contains(key) && places_.size() >= kPlacesMax) return;
  KnownPlace& place = places_[key];
  place.address = call.address;
  place.network = call.network;
  place.caller = observation.caller;
  place.days.seen(call.day());
}

// The same rule as Judge::activates().
bool TokenSurvey::is_active(const std::string& account, Day day) const {
  if (detection_.activation_days == 0) return true;
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return false;
  const Fact& seen = found->second;
  if (seen.first_day + static_cast<Day>(detection_.activation_days) > day) return false;
  const int days = seen.presence.days_before(day, 63) + (seen.first_day + 63 < day ? 1 : 0);
  return days >= std::min(7, detection_.activation_days);
}

bool TokenSurvey::knows_account(const std::string& account) const {
  return accounts_.contains(account) || other_accounts_.contains(account) || detection_.accounts.contains(account);
}

bool TokenSurvey::is_stealable(const Identity& identity) const {
  const StealableToken& token = identity.token;
  return !token.user_identity.empty() && is_plain(token.token.identity) && is_plain(token.token.workload) &&
         is_plain(token.key) && is_plain(token.region) && is_plain(token.recipient);
}

std::vector<StealableToken> TokenSurvey::tokens() const {
  std::vector<StealableToken> out;
  for (const auto& [name, identity] : identities_) {
    if (!is_stealable(identity)) continue;
    StealableToken& token = out.emplace_back(identity.token);
    const std::string& role = token.token.role_identity;
    token.calls_from_outside = token.calls_from_outside || unproven_outside_.contains(role);
    token.uses_command_lines = token.uses_command_lines || unproven_command_line_.contains(role);
    if (const auto unproven = unproven_evidence_.find(role); unproven != unproven_evidence_.end())
      token.evidence.insert(unproven->second.begin(), unproven->second.end());
  }
  return out;
}

std::vector<KnownPlace> TokenSurvey::places() const {
  std::vector<KnownPlace> out;
  for (const auto& [key, place] : places_) out.push_back(place);
  return out;
}

std::vector<UsualTool> TokenSurvey::tools() const {
  std::vector<UsualTool> out;
  for (const auto& [key, tool] : tools_) {
    if (tool.silent && is_plain(tool.user_agent)) out.push_back({key.first, tool.user_agent, tool.days});
  }
  return out;
}

std::string TokenSurvey::summary() const {
  std::uint64_t stealable = 0, young = 0, odd = 0;
  for (const auto& [name, identity] : identities_)
    ++(is_stealable(identity) ? stealable : identity.drawn_of == 0 ? young : odd);
  std::string text = fmt::format("of {} service identities in {} records, the tokens of {} can be stolen",
                                 identities_.size(), record_, stealable);
  if (young > 0)
    text += fmt::format("; {} are not known for {} days, or their account is not active by then", young,
                        detection_.activation_days);
  return odd == 0 ? text : text + fmt::format("; {} have names of an odd form", odd);
}

}  // namespace straykey
