#include "core/detect/respond.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/base/time.h"
#include "core/detect/alert_state.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

// A key is used for 36 hours at most: what stands before is not its.
constexpr Seconds kKeyLifetimeMax = 36 * 3'600;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

template <class Also>
bool consists_of(std::string_view text, std::size_t size_max, const Also& also) {
  return !text.empty() && text.size() <= size_max &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_letter_or_digit(c) || also(c); });
}

bool is_access_key(std::string_view text) {
  return consists_of(text, 128, [](char) { return false; });
}

bool is_region(std::string_view text) {
  return consists_of(text, 32, [](char c) { return c == '-'; });
}

bool is_event_id(std::string_view text) {
  return consists_of(text, 64, [](char c) { return c == '-'; });
}

// The characters that IAM allows in a role's name.
bool is_role_name(std::string_view text) {
  return consists_of(text, 64, [](char c) { return std::string_view("_+=,.@-").find(c) != std::string_view::npos; });
}

struct NamedRole {
  std::string_view account, name;
};

// account/role. The name is empty if it is none.
NamedRole role_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !is_account_id(text.substr(0, slash))) return {};
  const std::string_view name = text.substr(slash + 1);
  return is_role_name(name) ? NamedRole{text.substr(0, slash), name} : NamedRole{};
}

// The roles that the thief may hold a session of, the newest first: the one of the call, and those that it came by.
std::vector<NamedRole> roles_of(const ServiceToken& token) {
  std::vector<NamedRole> roles;
  const auto add = [&](std::string_view text) {
    const NamedRole role = role_of(text);
    const auto is_same = [&](const NamedRole& known) {
      return known.account == role.account && known.name == role.name;
    };
    if (!role.name.empty() && roles.size() < kRolesRevokedMax && std::none_of(roles.begin(), roles.end(), is_same))
      roles.push_back(role);
  };
  add(token.role_identity);
  constexpr std::string_view kArrow = " > ";
  for (std::string_view chain = token.chain; !chain.empty();) {
    const std::size_t arrow = chain.rfind(kArrow);
    add(arrow == std::string_view::npos ? chain : chain.substr(arrow + kArrow.size()));
    chain = chain.substr(0, arrow == std::string_view::npos ? 0 : arrow);
  }
  return roles;
}

std::string revoking_policy(Seconds until) {
  return fmt::format(
      R"({{"Version":"2012-10-17","Statement":[{{"Sid":"StraykeyRevoke","Effect":"Deny","Action":"*","Resource":"*",)"
      R"("Condition":{{"DateLessThanEquals":{{"aws:TokenIssueTime":"{}"}}}}}}]}})",
      format_time(until));
}

// The keys and the time that the answers cover.
struct Covered {
  std::vector<std::string_view> keys;
  Seconds first, last;
};

Covered covered_by(const Candidate& call, const AlertState* state) {
  Covered covered{{}, call.time, call.last_time};
  const auto add = [&](std::string_view key) {
    if (is_access_key(key) && std::ranges::find(covered.keys, key) == covered.keys.end()) covered.keys.push_back(key);
  };
  add(call.access_key);
  if (state == nullptr || state->occurrences == 0) return covered;
  for (const std::string& key : state->keys) add(key);
  covered.first = std::min(call.time, state->first_seen);
  covered.last = std::max(call.last_time, state->last_seen);
  return covered;
}

// LookupEvents takes one key at a time.
std::string cloudtrail_command(const Candidate& call, const Covered& covered) {
  std::string attribute;
  if (covered.keys.size() > 1)
    attribute = "AttributeKey=AccessKeyId,AttributeValue=$key";
  else if (!covered.keys.empty())
    attribute = fmt::format("AttributeKey=AccessKeyId,AttributeValue={}", covered.keys.front());
  else if (is_event_id(call.event_id))
    attribute = "AttributeKey=EventId,AttributeValue=" + call.event_id;
  else
    return {};
  std::string command = "aws cloudtrail lookup-events --lookup-attributes=" + attribute +
                        " --start-time=" + format_time(covered.first - kKeyLifetimeMax);
  if (is_region(call.region)) command += " --region=" + shell_word(call.region);
  command += " --query 'Events[].CloudTrailEvent' --output text";
  if (covered.keys.size() <= 1) return command;
  return fmt::format("for key in {}; do {}; done", fmt::join(covered.keys, " "), command);
}

std::string athena_query(const Candidate& call, const Covered& covered) {
  std::string condition;
  if (covered.keys.size() > 1)
    condition = fmt::format("useridentity.accesskeyid IN ('{}')", fmt::join(covered.keys, "', '"));
  else if (!covered.keys.empty())
    condition = fmt::format("useridentity.accesskeyid = '{}'", covered.keys.front());
  else if (is_event_id(call.event_id))
    condition = fmt::format("eventid = '{}'", call.event_id);
  else
    return {};
  return fmt::format(
      "SELECT eventtime, eventsource, eventname, awsregion, sourceipaddress, useragent, errorcode, requestparameters "
      "FROM cloudtrail_logs WHERE {} AND eventtime >= '{}' ORDER BY eventtime",
      condition, format_time(covered.first - kKeyLifetimeMax));
}

Response made_of(const Alert& alert, const Covered& covered, std::string_view data_dir) {
  const Candidate& call = alert.call;
  Response response;
  const std::vector<NamedRole> roles = roles_of(call.token);
  if (!roles.empty()) response.revoke_policy = revoking_policy(covered.last);
  for (const NamedRole& role : roles)
    response.revoke.push_back(
        {std::string(role.account), std::string(role.name),
         fmt::format("aws iam put-role-policy --role-name={} --policy-name=straykey-revoke-{} --policy-document={}",
                     shell_word(role.name), alert.id.hex().substr(0, 8), shell_word(response.revoke_policy))});
  response.cloudtrail_command = cloudtrail_command(call, covered);
  response.athena_query = athena_query(call, covered);
  const std::string where =
      data_dir.empty() ? std::string() : " " + shell_word(std::string("--data-dir=").append(data_dir));
  response.acknowledge_command =
      fmt::format("straykey alerts ack {}{} --note {}", alert.id.hex(), where, shell_word(kNotePlaceholder));
  return response;
}

}  // namespace

std::string shell_word(std::string_view text) {
  const auto is_plain = [](char c) {
    return is_letter_or_digit(c) || std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'')
      word += "'\"'\"'";
    else
      word += c;
  }
  return word + "'";
}

Response response_to(const Alert& alert, std::string_view data_dir) {
  return made_of(alert, covered_by(alert.call, nullptr), data_dir);
}

Response response_to(const Alert& alert, const AlertState& state, std::string_view data_dir) {
  return made_of(alert, covered_by(alert.call, &state), data_dir);
}

boost::json::object respond_document(const Response& response) {
  namespace json = boost::json;
  json::object out;
  if (!response.revoke_policy.empty()) {
    json::array revoke;
    for (const Revocation& one : response.revoke)
      revoke.push_back(json::object{{"account", one.account}, {"role", one.role}, {"command", one.command}});
    out["revoke_policy"] = json::parse(response.revoke_policy);
    out["revoke"] = std::move(revoke);
    out["revoke_caution"] = kRevokeCaution;
  }
  if (!response.cloudtrail_command.empty()) out["cloudtrail_command"] = response.cloudtrail_command;
  if (!response.athena_query.empty()) out["athena_query"] = response.athena_query;
  out["acknowledge_command"] = response.acknowledge_command;
  return out;
}

}  // namespace straykey
