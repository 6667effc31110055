#include "core/detect/respond.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/time.h"
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

std::string cloudtrail_command(const Candidate& call) {
  std::string attribute;
  if (is_access_key(call.access_key))
    attribute = "AttributeKey=AccessKeyId,AttributeValue=" + call.access_key;
  else if (is_event_id(call.event_id))
    attribute = "AttributeKey=EventId,AttributeValue=" + call.event_id;
  else
    return {};
  std::string command = "aws cloudtrail lookup-events --lookup-attributes=" + shell_word(attribute) +
                        " --start-time=" + format_time(call.time - kKeyLifetimeMax);
  if (is_region(call.region)) command += " --region=" + shell_word(call.region);
  return command + " --query 'Events[].CloudTrailEvent' --output text";
}

std::string athena_query(const Candidate& call) {
  std::string condition;
  if (is_access_key(call.access_key))
    condition = fmt::format("useridentity.accesskeyid = '{}'", call.access_key);
  else if (is_event_id(call.event_id))
    condition = fmt::format("eventid = '{}'", call.event_id);
  else
    return {};
  return fmt::format(
      "SELECT eventtime, eventsource, eventname, awsregion, sourceipaddress, useragent, errorcode, requestparameters "
      "FROM cloudtrail_logs WHERE {} AND eventtime >= '{}' ORDER BY eventtime",
      condition, format_time(call.time - kKeyLifetimeMax));
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

Response response_to(const Alert& alert) {
  const Candidate& call = alert.call;
  Response response;
  const std::vector<NamedRole> roles = roles_of(call.token);
  if (!roles.empty()) response.revoke_policy = revoking_policy(call.last_time);
  for (const NamedRole& role : roles)
    response.revoke.push_back(
        {std::string(role.account), std::string(role.name),
         fmt::format("aws iam put-role-policy --role-name={} --policy-name=straykey-revoke-{} --policy-document={}",
                     shell_word(role.name), alert.id.hex().substr(0, 8), shell_word(response.revoke_policy))});
  response.cloudtrail_command = cloudtrail_command(call);
  response.athena_query = athena_query(call);
  response.acknowledge_command = fmt::format("straykey alerts ack {} --note 'why it is ours'", alert.id.hex());
  return response;
}

}  // namespace straykey
