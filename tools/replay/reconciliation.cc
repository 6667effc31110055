#include "tools/replay/reconciliation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

namespace straykey {
namespace {

namespace json = boost::json;

std::string text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}
std::string text_of(const json::object& object, std::string_view key) {
  return text_of(object.if_contains(key));
}
std::string text_of(const json::object& object, std::string_view outer, std::string_view inner) {
  const json::value* found = object.if_contains(outer);
  return found != nullptr && found->is_object() ? text_of(found->as_object(), inner) : std::string();
}

std::string key_of(const json::object& alert, const std::string& subject, const std::string& day) {
  return fmt::format("{} {} {} {} {}", text_of(alert, "variation"), text_of(alert, "account"),
                     text_of(alert, "identity"), subject, day);
}

// "account identity subject" of what key_of() made.
std::string pair_of(const std::string& key) {
  const std::size_t begin = key.find(' ') + 1;
  return key.substr(begin, key.rfind(' ') - begin);
}

}  // namespace

std::optional<std::string> expected_alert(std::string_view line, std::int64_t shift_days) {
  json::error_code error;
  const json::value parsed = json::parse(line, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const json::object& label = parsed.as_object();
  const auto day = parse_day(text_of(label, "day"));
  if (text_of(label, "variation").empty() || !day) return std::nullopt;
  const auto shifted = static_cast<Day>(static_cast<std::int64_t>(*day) + shift_days);
  const std::string tool = text_of(label, "tool");
  return key_of(label, tool.empty() ? text_of(label, "network") : tool, format_day(shifted));
}

Result<std::vector<std::string>> read_expected_alerts(const std::string& path, const RecordRewriter& rewriter,
                                                      std::uint32_t copies) {
  errno = 0;
  std::ifstream in(path);
  if (!in) return Error{fmt::format("{}: {}", path, std::strerror(errno))};
  std::vector<std::string> alerts;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    for (std::uint32_t copy = 0; copy < copies; ++copy) {
      std::string renamed = line;
      rewriter.rename(renamed, copy);
      auto alert = expected_alert(renamed, rewriter.shift_days());
      if (!alert) return Error{fmt::format("{}: a line is no label: {}", path, line.substr(0, 100))};
      alerts.push_back(std::move(*alert));
    }
  }
  return alerts;
}

std::optional<std::string> received_alert(std::string_view body) {
  json::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object() || text_of(parsed.as_object(), "type") != "alert.created") return std::nullopt;
  const json::value* found = parsed.as_object().if_contains("data");
  if (found == nullptr || !found->is_object()) return std::nullopt;
  const json::object& alert = found->as_object();
  const std::string analytic = text_of(alert, "analytic");
  const std::string subject = analytic == "serverless_cli"         ? text_of(alert, "user_agent", "tool")
                              : analytic == "remote_service_token" ? text_of(alert, "network")
                                                                   : std::string();
  return key_of(alert, subject, text_of(alert, "event", "eventTime").substr(0, 10));
}

AlertComparison compare_alerts(std::vector<std::string> expected, const std::vector<std::string>& bodies,
                               Compared which) {
  AlertComparison comparison;
  std::set<std::string> pairs;
  for (const std::string& alert : expected) pairs.insert(pair_of(alert));
  std::vector<std::string> received;
  for (const std::string& body : bodies) {
    auto alert = received_alert(body);
    if (!alert)
      ++comparison.other_messages;
    else if (which == Compared::expected_pairs && !pairs.contains(pair_of(*alert)))
      ++comparison.of_others;
    else
      received.push_back(std::move(*alert));
  }
  std::sort(expected.begin(), expected.end());
  std::sort(received.begin(), received.end());
  std::set_difference(expected.begin(), expected.end(), received.begin(), received.end(),
                      std::back_inserter(comparison.missing));
  std::set_difference(received.begin(), received.end(), expected.begin(), expected.end(),
                      std::back_inserter(comparison.surplus));
  comparison.expected = expected.size();
  comparison.received = received.size();
  comparison.matched = expected.size() - comparison.missing.size();
  return comparison;
}

}  // namespace straykey
