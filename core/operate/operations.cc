#include "core/operate/operations.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/detect/alert_state.h"
#include "core/identity/principal.h"
#include "core/operate/alert_answers.h"
#include "core/operate/alert_investigation.h"
#include "core/operate/alert_listing.h"
#include "core/operate/baseline_listing.h"
#include "core/operate/kept_rejects.h"
#include "core/operate/operator_changes.h"
#include "core/operate/operator_json.h"
#include "core/operate/search_operations.h"

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;
using Change = Result<std::unique_ptr<OperatorChange>>;

std::string argument(const OperatorArguments& arguments, std::string_view name) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::string() : found->second;
}

OperatorAnswer failure(const Error& error) {
  return {Kind::failed, error.message, {}, {}};
}

// A campaign's id, as it stands in its alerts.
Result<Hash128> campaign_id_of(const OperatorArguments& arguments) {
  const std::string text = argument(arguments, "campaign");
  const auto id = Hash128::from_hex(text);
  if (!id) return Error{escape_for_log(text) + ": a campaign id has 32 hexadecimal digits"};
  return *id;
}

// An alert's id, written as in alerts or as in a webhook's headers, where "msg_" stands before it.
Result<Hash128> alert_id_of(const OperatorArguments& arguments) {
  const std::string text = argument(arguments, "id");
  std::string_view digits = text;
  if (digits.starts_with("msg_")) digits.remove_prefix(4);
  const auto id = Hash128::from_hex(digits);
  if (!id) return Error{escape_for_log(text) + ": an alert id has 32 hexadecimal digits"};
  return *id;
}

// Makes an answer of a Page<Row>(after), with each row as JSON. The place where the next page begins is the bytes of a
// key, so outside it is written as hexadecimal digits.
template <class ReadPage, class Render>
OperatorAnswer page_of(const OperatorArguments& arguments, const ReadPage& read_page, const Render& render) {
  const auto after = decode_hex(argument(arguments, "after"));
  if (!after) return {Kind::bad_request, "after: this is no place that a page before has named", {}, {}};
  const auto page = read_page(*after);
  if (!page) return failure(page.error());
  OperatorAnswer answer;
  for (const auto& row : page.value().rows) answer.items.push_back(render(row));
  answer.next = encode_hex(page.value().next);
  return answer;
}

OperatorAnswer list(const OperatorStores& stores, const OperatorArguments& arguments) {
  return page_of(
      arguments, [&](std::string_view after) { return list_alerts(*stores.alerts, after, {}, stores.data_dir); },
      [](const ListedAlert& alert) { return alert.document; });
}

std::string objection_to_id(const OperatorArguments& arguments) {
  const auto id = alert_id_of(arguments);
  return id ? std::string() : id.error().message;
}

OperatorAnswer show_alert(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto id = alert_id_of(arguments);
  if (!id) return {Kind::bad_request, id.error().message, {}, {}};
  const auto reader = stores.alerts->read();
  const auto alert = find_alert(*reader, id.value(), stores.data_dir);
  if (!reader->failure().empty()) return {Kind::failed, std::string(reader->failure()), {}, {}};
  if (!alert) return {Kind::not_found, "no alert has the id " + id.value().hex(), {}, {}};
  return {Kind::done, {}, {alert->document}, {}};
}

OperatorAnswer investigate_alert(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto id = alert_id_of(arguments);
  if (!id) return {Kind::bad_request, id.error().message, {}, {}};
  const auto found = investigate_again(stores, id.value());
  if (!found) return failure(found.error());
  if (!found.value()) return {Kind::not_found, "no alert has the id " + id.value().hex(), {}, {}};
  return {Kind::done, {}, {*found.value()}, {}};
}

OperatorAnswer dump_messages(const OperatorStores& stores, const OperatorArguments& arguments) {
  return page_of(
      arguments, [&](std::string_view after) { return list_messages(*stores.alerts, after, {}); }, message_json);
}

// A day as 2026-11-30; 0 if the argument is left out.
Result<Day> day_argument(const OperatorArguments& arguments, std::string_view name) {
  const std::string text = argument(arguments, name);
  if (text.empty()) return Day{0};
  const auto day = parse_day(text);
  if (!day || *day == 0)
    return Error{std::string(name) + ": a day is written as 2026-11-30, and is one of the years 2013 to 2099"};
  return *day;
}

Result<AnsweredAlerts> answered_alerts(const OperatorArguments& arguments) {
  const bool of_alert = !argument(arguments, "id").empty(), of_campaign = !argument(arguments, "campaign").empty();
  if (of_alert && of_campaign) return Error{"campaign: name an alert or a campaign, not both"};
  if (!of_alert && !of_campaign) return Error{"id: this argument is missing, or name a campaign"};
  const auto id = of_campaign ? campaign_id_of(arguments) : alert_id_of(arguments);
  if (!id) return id.error();
  return AnsweredAlerts{id.value(), of_campaign};
}

std::string objection_to_which(const OperatorArguments& arguments) {
  const auto which = answered_alerts(arguments);
  return which ? std::string() : which.error().message;
}

std::string objection_to_acknowledgement(const OperatorArguments& arguments) {
  if (argument(arguments, "note") == kNotePlaceholder) return "note: say why it is ours, in place of the placeholder";
  if (std::string objection = objection_to_which(arguments); !objection.empty()) return objection;
  if (const auto until = day_argument(arguments, "until"); !until) return until.error().message;
  const std::string network = argument(arguments, "network");
  if (!network.empty() && network != "prefix" && network != "all") return "network: say prefix or all";
  return {};
}

Change acknowledge_as(HashKey hash_key, const OperatorArguments& arguments, Seconds now, bool false_positive) {
  if (std::string objection = objection_to_acknowledgement(arguments); !objection.empty())
    return Error{std::move(objection)};
  using Networks = Acknowledgement::Networks;
  const std::string network = argument(arguments, "network");
  const AnsweredAlerts which = answered_alerts(arguments).value();
  return (which.campaign ? acknowledge_campaign : acknowledge)(
      hash_key,
      {which.id, argument(arguments, "note"), day_argument(arguments, "until").value(),
       network.empty()    ? Networks::offered
       : network == "all" ? Networks::all
                          : Networks::prefix,
       false_positive},
      now);
}

Change acknowledge_alerts(const OperatorStores& stores, const OperatorArguments& arguments, Seconds now) {
  return acknowledge_as(stores.hash_key, arguments, now, false);
}

Change call_false_positive(const OperatorStores& stores, const OperatorArguments& arguments, Seconds now) {
  return acknowledge_as(stores.hash_key, arguments, now, true);
}

Change close_them(const OperatorStores&, const OperatorArguments& arguments, Seconds now) {
  const auto which = answered_alerts(arguments);
  if (!which) return which.error();
  return close_alerts(which.value(), argument(arguments, "note"), now);
}

Change reopen_them(const OperatorStores& stores, const OperatorArguments& arguments, Seconds now) {
  const auto which = answered_alerts(arguments);
  if (!which) return which.error();
  return reopen(stores.hash_key, which.value(), argument(arguments, "note"), now);
}

OperatorAnswer show_baseline(const OperatorStores& stores, const OperatorArguments& arguments) {
  const std::string identity = argument(arguments, "identity");
  const auto facts = facts_of_identity(stores, identity);
  if (!facts) return failure(facts.error());
  if (facts.value().empty()) return {Kind::not_found, "nothing is known of " + escape_for_log(identity), {}, {}};
  OperatorAnswer answer;
  for (const KnownFact& fact : facts.value()) answer.items.push_back(fact_json(fact));
  return answer;
}

std::string objection_to_account(const OperatorArguments& arguments) {
  const std::string account = argument(arguments, "account");
  return is_account_id(account) ? std::string() : escape_for_log(account) + ": an account id has 12 digits";
}

OperatorAnswer report(const OperatorStores& stores, const OperatorArguments& arguments) {
  const std::string account = argument(arguments, "account");
  if (std::string objection = objection_to_account(arguments); !objection.empty())
    return {Kind::bad_request, std::move(objection), {}, {}};
  const auto found = account_report(stores, account);
  if (!found) return failure(found.error());
  if (!found.value()) return {Kind::not_found, "account " + account + " was never seen as a recipient", {}, {}};
  return {Kind::done, {}, {account_json(*found.value())}, {}};
}

OperatorAnswer dump_facts(const OperatorStores& stores, const OperatorArguments& arguments) {
  constexpr PageLimits kLimits{.rows_max = 5'000};  // 30 ms
  return page_of(
      arguments, [&](std::string_view after) { return list_facts(stores, after, kLimits); }, fact_json);
}

// An argument that is given and empty, such as an unset variable of a script, must not forget the whole identity.
std::string objection_to_forgetting(const OperatorArguments& arguments) {
  for (const std::string_view name : {"network", "tool"})
    if (arguments.contains(name) && argument(arguments, name).empty())
      return std::string(name) + ": this argument is empty: give a value, or leave it out";
  return {};
}

Change forget_baseline(const OperatorStores& stores, const OperatorArguments& arguments, Seconds now) {
  if (std::string objection = objection_to_forgetting(arguments); !objection.empty())
    return Error{std::move(objection)};
  return forget(stores.hash_key,
                {argument(arguments, "identity"), argument(arguments, "network"), argument(arguments, "tool")}, now);
}

// Of a reject; 0 if the argument is left out.
Result<std::uint64_t> number_argument(const OperatorArguments& arguments, std::string_view name) {
  const std::string text = argument(arguments, name);
  if (text.empty()) return std::uint64_t{0};
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number == 0)
    return Error{std::string(name) + ": a reject has a number from 1 on"};
  return number;
}

std::string objection_to_number(const OperatorArguments& arguments) {
  for (const std::string_view name : {"number", "after"})
    if (const auto number = number_argument(arguments, name); !number) return number.error().message;
  return {};
}

std::string objection_to_reject_filter(const OperatorArguments& arguments) {
  std::string objection = objection_to_reject_reason(argument(arguments, "reason"));
  return objection.empty() ? objection_to_number(arguments) : objection;
}

OperatorAnswer no_rejects_kept() {
  return {Kind::not_found, "no rejects are kept: ingest.rejects_bytes_max says how many may be", {}, {}};
}

OperatorAnswer no_such_reject(std::uint64_t number) {
  return {Kind::not_found, "no reject " + std::to_string(number) + " is kept", {}, {}};
}

OperatorAnswer list_kept_rejects(const OperatorStores& stores, const OperatorArguments& arguments) {
  if (stores.rejects == nullptr) return {};
  const auto after = number_argument(arguments, "after");
  if (!after) return {Kind::bad_request, after.error().message, {}, {}};
  const RejectFilter filter{argument(arguments, "reason"), argument(arguments, "source")};
  const auto page = list_rejects(*stores.rejects, after.value(), filter, {});
  if (!page) return failure(page.error());
  OperatorAnswer answer;
  for (const KeptReject& reject : page.value().rows) answer.items.push_back(reject_json(reject, false));
  answer.next = page.value().next;
  return answer;
}

OperatorAnswer show_reject(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto number = number_argument(arguments, "number");
  if (!number) return {Kind::bad_request, number.error().message, {}, {}};
  if (stores.rejects == nullptr) return no_rejects_kept();
  const auto found = find_reject(*stores.rejects, number.value());
  if (!found) return failure(found.error());
  if (!found.value()) return no_such_reject(number.value());
  return {Kind::done, {}, {reject_json(*found.value(), true)}, {}};
}

OperatorAnswer drop_reject(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto number = number_argument(arguments, "number");
  if (!number) return {Kind::bad_request, number.error().message, {}, {}};
  if (stores.rejects == nullptr) return no_rejects_kept();
  const auto dropped = stores.rejects->drop(number.value());
  if (!dropped) return failure(dropped.error());
  if (!dropped.value()) return no_such_reject(number.value());
  return {Kind::done, {}, {changed_json(1)}, {}};
}

Change redeliver_alert(const OperatorStores& stores, const OperatorArguments& arguments, Seconds now) {
  const auto id = alert_id_of(arguments);
  if (!id) return id.error();
  return redeliver(stores, {id.value(), argument(arguments, "endpoint")}, now);
}

// Of the verbs that say what alerts are. `makes_known`: their pairs count as known then.
std::vector<OperatorArgument> answer_arguments(bool makes_known) {
  std::vector<OperatorArgument> arguments{
      {"id", false, "Alert id", true},
      {"campaign", false, "Instead of an alert: all alerts that this campaign has by now"},
      {"note", false, "Why; kept with the alert"}};
  if (!makes_known) return arguments;
  arguments.push_back({"until", false, "The last day of calls for which it counts: 2026-11-30"});
  arguments.push_back({"network", false,
                       "\"all\": the AS number as well as the prefix; \"prefix\": only that, as is usual for "
                       "networks of networks.hosting_asn"});
  return arguments;
}

std::vector<Operation> alert_operations() {
  return {
      {"alerts/list", "All alerts, oldest first", {{"after"}}, list, {}},
      {"alerts/show", "One alert as JSON", {{"id", true, "Alert id"}}, show_alert, {}, objection_to_id},
      {"alerts/investigate",
       "What the key and the identity of an alert did before it and since, and who assumed the role",
       {{"id", true, "Alert id"}},
       investigate_alert,
       {},
       objection_to_id},
      {"alerts/dump", "Every webhook body with its state and its deliveries", {{"after"}}, dump_messages, {}},
      {"alerts/ack",
       "Say \"this is ours\": the pair counts as known from now on",
       answer_arguments(true),
       {},
       acknowledge_alerts,
       objection_to_acknowledgement},
      {"alerts/false-positive",
       "Say \"this is no theft\": the pair counts as known from now on, as with ack",
       answer_arguments(true),
       {},
       call_false_positive,
       objection_to_acknowledgement},
      {"alerts/close",
       "Say \"this is done with\": the status changes, and nothing else",
       answer_arguments(false),
       {},
       close_them,
       objection_to_which},
      {"alerts/reopen",
       "Undo what was said: the alert is open, and its pair counts as known no more",
       answer_arguments(false),
       {},
       reopen_them,
       objection_to_which},
      {"alerts/redeliver",
       "Send an alert again: to the endpoints that refused it for good, or to the one that is named",
       {{"id", true, "Alert id"}, {"endpoint", false, "The name of a webhook, whatever it got"}},
       {},
       redeliver_alert,
       objection_to_id},
  };
}

std::vector<Operation> baseline_operations() {
  constexpr std::string_view kIdentity = "As in an alert: 123456789012/role or 123456789012/role/function";
  return {
      {"baseline/show",
       "Networks, tools and platforms, as a grid of 30 days",
       {{"identity", true, kIdentity}},
       show_baseline,
       {}},
      {"baseline/report",
       "Networks outside AWS that an account's service identities use: a thief who was there before the account became "
       "active would be among them",
       {{"account", true, "Twelve digits"}},
       report,
       {},
       objection_to_account},
      {"baseline/dump", "Every fact with its days", {{"after"}}, dump_facts, {}},
      {"baseline/forget",
       "Make an identity (or one network or tool of it) new again",
       {{"identity", true, kIdentity},
        {"network", false, "Only this network: AS64511, 198.51.100.0/24 ..."},
        {"tool", false, "Only this tool: aws-cli ..."}},
       {},
       forget_baseline,
       objection_to_forgetting},
  };
}

std::vector<Operation> reject_operations() {
  return {
      {"rejects/list",
       "Records that were rejected, with the reason, oldest first",
       {{"reason", false, "Only these: bad_json, truncated ..."},
        {"source", false, "Only those whose token, listener or sender has this in its name"},
        {"after"}},
       list_kept_rejects,
       {},
       objection_to_reject_filter},
      {"rejects/show",
       "One of them, with what was sent",
       {{"number", true, "As in the list"}},
       show_reject,
       {},
       objection_to_number},
      {"rejects/drop",
       "Forget one of them",
       {{"number", true, "As in the list"}},
       drop_reject,
       {},
       objection_to_number,
       true},
  };
}

std::vector<Operation> endpoint_operations() {
  const auto about_one = [](std::string_view name, std::string_view purpose) {
    Operation operation{name, purpose, {{"name", true, "The name of a webhook"}}, {}, {}};
    operation.of_endpoints = Operation::OfEndpoints::change;
    return operation;
  };
  Operation list{"webhook/list", "The webhooks of the running server, with what waits for each", {}, {}, {}};
  list.of_endpoints = Operation::OfEndpoints::read;
  return {
      std::move(list), about_one("webhook/test", "Send a message marked as a test, and say what became of it"),
      about_one("webhook/pause", "Send a webhook nothing until it is resumed, or the next start; what waits is kept"),
      about_one("webhook/resume", "End a pause, and that of a webhook which answered 410")};
}

}  // namespace

std::span<const Operation> operations() {
  static const std::vector<Operation> table = [] {
    std::vector<Operation> all = alert_operations();
    for (Operation& one : search_operations()) all.push_back(std::move(one));
    for (Operation& one : baseline_operations()) all.push_back(std::move(one));
    for (Operation& one : reject_operations()) all.push_back(std::move(one));
    for (Operation& one : audit_operations()) all.push_back(std::move(one));
    for (Operation& one : endpoint_operations()) all.push_back(std::move(one));
    return all;
  }();
  return table;
}

const Operation* find_operation(std::string_view name) {
  const auto all = operations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Operation& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string objection_to(const OperatorRequest& request) {
  const Operation* operation = find_operation(request.operation);
  if (operation == nullptr) return "there is no such operation";
  for (const OperatorArgument& wanted : operation->arguments)
    if (wanted.required && argument(request.arguments, wanted.name).empty())
      return std::string(wanted.name) + ": this argument is missing";
  for (const auto& [name, value] : request.arguments) {
    const auto is_it = [&, &given = name](const OperatorArgument& known) { return known.name == given; };
    if (std::none_of(operation->arguments.begin(), operation->arguments.end(), is_it))
      return escape_for_log(name, 100) + ": there is no such argument";
    if (value.size() > kArgumentBytesMax) return name + ": this argument is too long";
    if (!simdjson::validate_utf8(value.data(), value.size())) return name + ": this argument is not UTF-8";
  }
  return operation->objection ? operation->objection(request.arguments) : std::string();
}

OperatorAnswer no_endpoints_answer() {
  return {Kind::stopped, "no server runs on this store, so there are no webhooks to ask", {}, {}};
}

namespace {

Kind kind_of(ChangeRefusal refusal) {
  if (refusal == ChangeRefusal::wrong_value) return Kind::bad_request;
  return refusal == ChangeRefusal::not_there ? Kind::not_found : Kind::conflict;
}

}  // namespace

OperatorAnswer answer_to(const ChangeOutcome& outcome) {
  switch (outcome.kind) {
    case ChangeOutcome::Kind::done:
      return {Kind::done, {}, {changed_json(outcome.rows)}, {}};
    case ChangeOutcome::Kind::refused:
      return {kind_of(outcome.refused_as), outcome.sentence, {}, {}};
    case ChangeOutcome::Kind::failed:
      return {Kind::failed, "the change could not be stored: " + outcome.sentence, {}, {}};
    case ChangeOutcome::Kind::stopped:
      break;
  }
  return {Kind::stopped, "the change may not have been carried out: " + outcome.sentence, {}, {}};
}

}  // namespace straykey
