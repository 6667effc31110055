#include "tools/commands/baseline_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "core/base/terminal_text.h"
#include "core/base/time.h"
#include "core/baseline/presence.h"

namespace straykey {
namespace {

namespace json = boost::json;

// How the kinds of facts about an identity are called in the table.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTitles{
    {{"identity_network", "network"},
     {"identity_tool", "tool"},
     {"identity_runtime", "platform and exec-env"},
     {"role_service", "assumed by service"},
     {"role_principal", "assumed by"}}};

constexpr std::size_t kValueShownBytes = 200;
constexpr Day kAxisDays = 30;

struct Row {
  std::string title, value, first_day;
  Presence presence;
};

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? terminal_text(std::string_view(value->as_string()), kValueShownBytes)
                                                : std::string();
}

Row row_of(const std::string& item) {
  json::error_code error;
  const json::value parsed = json::parse(item, error);
  const json::object fact = !error && parsed.is_object() ? parsed.as_object() : json::object();
  const std::string kind = text_of(fact, "kind");
  const auto title = std::find_if(kTitles.begin(), kTitles.end(), [&](const auto& one) { return one.first == kind; });
  Row row{title == kTitles.end() ? kind : std::string(title->second),
          text_of(fact, "value"),
          text_of(fact, "first_day"),
          {}};
  if (const json::value* days = fact.if_contains("days"); days != nullptr && days->is_array())
    for (const json::value& day : days->as_array())
      if (const auto seen = day.is_string() ? parse_day(std::string_view(day.as_string())) : std::nullopt)
        row.presence.seen(*seen);
  return row;
}

// The days up to `last`, which is at the right.
std::string marks(const Presence& presence, Day last) {
  std::string out;
  for (Day day = last - kAxisDays + 1; day <= last; ++day) {
    const bool seen = day <= presence.newest_day && (presence.days >> (presence.newest_day - day) & 1) != 0;
    out += seen ? '#' : '.';
  }
  return out;
}

}  // namespace

std::string baseline_text(const std::vector<std::string>& facts) {
  std::vector<Row> rows;
  Day last = 0;
  for (const std::string& fact : facts) last = std::max(last, rows.emplace_back(row_of(fact)).presence.newest_day);
  if (last < kAxisDays) return {};
  std::string out = fmt::format("{:<22} {:<40} {:<20}{}\n", "", "", format_day(last - kAxisDays + 1), format_day(last));
  for (const Row& row : rows)
    out += fmt::format("{:<22} {:<40} {}  first {}  last {}\n", row.title, row.value, marks(row.presence, last),
                       row.first_day, format_day(row.presence.newest_day));
  return out;
}

}  // namespace straykey
