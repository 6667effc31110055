#include "core/operate/search_operations.h"

#include <charconv>
#include <utility>

#include "core/base/hex.h"
#include "core/base/log.h"
#include "core/operate/alert_listing.h"
#include "core/operate/alert_search.h"
#include "core/operate/operator_json.h"

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

constexpr std::size_t kLimit = 50, kLimitMax = 500;

std::string argument(const OperatorArguments& arguments, std::string_view name) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::string() : found->second;
}

OperatorAnswer refusal(std::string sentence) {
  return {Kind::bad_request, std::move(sentence), {}, {}};
}

Result<std::size_t> limit_of(const OperatorArguments& arguments) {
  const std::string text = argument(arguments, "limit");
  if (text.empty()) return kLimit;
  std::size_t limit = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || limit == 0 || limit > kLimitMax)
    return Error{"limit: a page has 1 to 500 alerts"};
  return limit;
}

std::string objection_to_filter(const OperatorArguments& arguments) {
  if (const auto filter = alert_filter_of(arguments); !filter) return filter.error().message;
  if (const auto limit = limit_of(arguments); !limit) return limit.error().message;
  return decode_hex(argument(arguments, "after")) ? "" : "after: this is no place that a page before has named";
}

OperatorAnswer search(const OperatorStores& stores, const OperatorArguments& arguments) {
  if (std::string objection = objection_to_filter(arguments); !objection.empty()) return refusal(std::move(objection));
  auto page = search_alerts(stores, alert_filter_of(arguments).value(), *decode_hex(argument(arguments, "after")),
                            limit_of(arguments).value());
  if (!page) return {Kind::failed, page.error().message, {}, {}};
  return {Kind::done, {}, page->rows, encode_hex(page->next)};
}

OperatorAnswer count(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto filter = alert_filter_of(arguments);
  if (!filter) return refusal(filter.error().message);
  auto counts = count_alerts(stores, filter.value());
  if (!counts) return {Kind::failed, counts.error().message, {}, {}};
  return {Kind::done, {}, {std::move(counts).value()}, {}};
}

OperatorAnswer deliveries(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto id = Hash128::from_hex(argument(arguments, "id"));
  if (!id) return refusal(escape_for_log(argument(arguments, "id"), 40) + ": an alert id has 32 hexadecimal digits");
  const auto reader = stores.alerts->read();
  const auto rows = deliveries_of(*reader, *id);
  if (!rows) return {Kind::failed, rows.error().message, {}, {}};
  OperatorAnswer answer;
  for (const OutboxRow& row : rows.value()) answer.items.push_back(delivery_json(row));
  return answer;
}

OperatorAnswer quarantine(const OperatorStores& stores, const OperatorArguments& arguments) {
  const auto facts = quarantine_of_identity(stores, argument(arguments, "identity"));
  if (!facts) return {Kind::failed, facts.error().message, {}, {}};
  OperatorAnswer answer;
  for (const KnownFact& fact : facts.value()) answer.items.push_back(fact_json(fact));
  return answer;
}

}  // namespace

std::vector<OperatorArgument> filter_arguments() {
  return {{"severity", false, "informational, low, medium or high; several with commas between"},
          {"status", false, "open, acknowledged, false_positive or closed; several with commas between"},
          {"analytic", false, "remote_service_token, serverless_cli or misused_service_token"},
          {"variation", false, "As in an alert: remote_service_token.suspicious ..."},
          {"account", false, "Twelve digits"},
          {"identity", false, "As in an alert: 111122223333/role or 111122223333/role/function"},
          {"key", false, "An access key id that the alert has taken in"},
          {"address", false, "An address that the alert has taken in"},
          {"network", false, "As in an alert: AS64511, 198.51.100.0/24 ..."},
          {"asn", false, "AS64511"},
          {"as_name", false, "The name of the AS"},
          {"tool", false, "aws-cli ..."},
          {"platform", false, "linux, macos, windows, wsl, kali or unknown"},
          {"region", false, "us-east-1 ..."},
          {"campaign", false, "A campaign's id"},
          {"from", false, "Only alerts whose first call was not before: 2026-11-30 or 2026-11-30T12:00:00Z"},
          {"to", false, "Only alerts whose first call was not after"},
          {"text", false, "Found in an account, identity, network, tool, region or address; or an access key id"}};
}

std::vector<Operation> search_operations() {
  std::vector<OperatorArgument> of_search = filter_arguments();
  of_search.push_back({"limit", false, "How many in a page: 1 to 500"});
  of_search.push_back({"after"});
  return {
      {"alerts/search",
       "Alerts by what they say, newest first, as summaries",
       std::move(of_search),
       search,
       {},
       objection_to_filter},
      {"alerts/counts",
       "How many of the newest 100,000 alerts a filter wants, by their fields and over time",
       filter_arguments(),
       count,
       {},
       objection_to_filter},
      {"alerts/deliveries", "Deliveries of an alert that wait or are dead", {{"id", true, "Alert id"}}, deliveries, {}},
      {"baseline/quarantine",
       "What of an identity took part in alerts, and what of it was acknowledged",
       {{"identity", true, "As in an alert: 111122223333/role or 111122223333/role/function"}},
       quarantine,
       {}},
  };
}

}  // namespace straykey
