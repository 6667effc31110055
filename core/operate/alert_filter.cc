#include "core/operate/alert_filter.h"

#include <algorithm>
#include <charconv>

#include "core/base/log.h"
#include "core/detect/alert_state.h"
#include "core/event/user_agent.h"

namespace straykey {
namespace {

using Arguments = std::map<std::string, std::string, std::less<>>;

std::string argument(const Arguments& arguments, std::string_view name) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::string() : found->second;
}

std::string_view name_of_platform(Platform platform) {
  return platform == Platform::unknown ? "unknown" : name_of(platform);
}

// The bits of the values that are named in `list`, of the values 0 to `last`.
template <class Value, class Name>
Result<std::uint8_t> bits_of(const Arguments& arguments, std::string_view argument_name, Value last, const Name& name) {
  std::string_view list;
  const auto given = arguments.find(argument_name);
  if (given != arguments.end()) list = given->second;
  if (list.empty()) return AlertFilter::kAny;
  unsigned bits = 0;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), word.size() + 1));
    const unsigned before = bits;
    for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i)
      if (name(static_cast<Value>(i)) == word) bits |= 1u << i;
    if (bits != before || word.empty()) continue;
    std::string known;
    for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i)
      known.append(known.empty() ? "" : ", ").append(name(static_cast<Value>(i)));
    return Error{std::string(argument_name) + ": " + escape_for_log(word, 40) + " is none of " + known};
  }
  return static_cast<std::uint8_t>(bits);
}

// A time, or a day; `end`: then its last second.
Result<Seconds> time_argument(const Arguments& arguments, std::string_view name, bool end, Seconds otherwise) {
  const std::string text = argument(arguments, name);
  if (text.empty()) return otherwise;
  if (const auto time = parse_time(text)) return *time;
  const auto day = parse_day(text);
  if (!day) return Error{std::string(name) + ": a time is written as 2026-11-30T12:00:00Z, and a day as 2026-11-30"};
  return static_cast<Seconds>(*day) * kSecondsPerDay + (end ? kSecondsPerDay - 1 : 0);
}

Status read_numbers(const Arguments& arguments, AlertFilter& filter) {
  if (std::string text = argument(arguments, "asn"); !text.empty()) {
    std::string_view digits = text;
    if (digits.starts_with("AS")) digits.remove_prefix(2);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), filter.asn);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || filter.asn == 0)
      return Error{"asn: an AS number is written as AS64511"};
  }
  if (const std::string text = argument(arguments, "campaign"); !text.empty()) {
    filter.campaign = Hash128::from_hex(text);
    if (!filter.campaign) return Error{"campaign: a campaign id has 32 hexadecimal digits"};
  }
  if (const std::string text = argument(arguments, "variation"); !text.empty()) {
    const CatalogueEntry* entry = catalogue_entry_by_id(text);
    if (entry == nullptr) return Error{"variation: " + escape_for_log(text, 40) + " is no variation of the catalogue"};
    filter.variation = entry->variation;
  }
  return {};
}

Status read_times(const Arguments& arguments, AlertFilter& filter) {
  const auto from = time_argument(arguments, "from", false, filter.from);
  if (!from) return from.error();
  const auto to = time_argument(arguments, "to", true, filter.to);
  if (!to) return to.error();
  filter.from = from.value();
  filter.to = to.value();
  return {};
}

}  // namespace

std::string_view name_of(AlertText field) noexcept {
  constexpr std::array<std::string_view, kAlertTexts> kNames{"account", "identity", "network", "as_name",
                                                             "tool",    "region",   "address"};
  return kNames[static_cast<std::size_t>(field)];
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Result<AlertFilter> alert_filter_of(const Arguments& arguments) {
  AlertFilter filter;
  const auto severities = bits_of(arguments, "severity", Severity::high, [](Severity value) { return name_of(value); });
  if (!severities) return severities.error();
  const auto statuses =
      bits_of(arguments, "status", AlertState::Status::closed, [](AlertState::Status value) { return name_of(value); });
  if (!statuses) return statuses.error();
  const auto analytics =
      bits_of(arguments, "analytic", Analytic::misused_service_token, [](Analytic value) { return name_of(value); });
  if (!analytics) return analytics.error();
  const auto platforms = bits_of(arguments, "platform", Platform::kali, name_of_platform);
  if (!platforms) return platforms.error();
  filter.severities = severities.value();
  filter.statuses = statuses.value();
  filter.analytics = analytics.value();
  filter.platforms = platforms.value();
  for (std::size_t i = 0; i < kAlertTexts; ++i)
    filter.texts[i] = argument(arguments, name_of(static_cast<AlertText>(i)));
  filter.key = argument(arguments, "key");
  filter.text = lower_case(argument(arguments, "text"));
  if (Status numbers = read_numbers(arguments, filter); !numbers.ok()) return numbers.error();
  if (Status times = read_times(arguments, filter); !times.ok()) return times.error();
  return filter;
}

}  // namespace straykey
