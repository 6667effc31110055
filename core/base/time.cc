#include "core/base/time.h"

#include <array>
#include <chrono>

namespace straykey {
namespace {

// Two or four digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// At least `width` digits, with zeros before them.
void append_digits(std::string& text, unsigned value, std::size_t width) {
  std::array<char, 10> digits;
  std::size_t first = digits.size();
  for (; value > 0 || digits.size() - first < width; value /= 10) digits[--first] = static_cast<char>('0' + value % 10);
  text.append(&digits[first], digits.size() - first);
}

std::optional<Seconds> civil_day(std::string_view text) noexcept {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (year < 2013 || year > 2099 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

}  // namespace

std::optional<Seconds> parse_time(std::string_view text) noexcept {
  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text.back() != 'Z')
    return std::nullopt;
  const auto day = civil_day(text);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2);
  int second = digits(text, 17, 2);
  if (!day || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  if (text.size() > 20) {
    if (text[19] != '.' || text.size() < 22) return std::nullopt;
    for (std::size_t i = 20; i + 1 < text.size(); ++i)
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  if (second == 60) second = 59;
  return *day * kSecondsPerDay + hour * 3600 + minute * 60 + second;
}

std::optional<Day> parse_day(std::string_view text) noexcept {
  if (text.size() != 10) return std::nullopt;
  const auto day = civil_day(text);
  if (!day) return std::nullopt;
  return static_cast<Day>(*day);
}

std::string format_day(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  std::string text;
  text.reserve(20);  // for format_time
  append_digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  append_digits(text += '-', static_cast<unsigned>(date.month()), 2);
  append_digits(text += '-', static_cast<unsigned>(date.day()), 2);
  return text;
}

std::string format_time(Seconds time) {
  const auto second_of_day = static_cast<unsigned>(time % kSecondsPerDay);
  std::string text = format_day(day_of(time));
  append_digits(text += 'T', second_of_day / 3600, 2);
  append_digits(text += ':', second_of_day / 60 % 60, 2);
  append_digits(text += ':', second_of_day % 60, 2);
  return text += 'Z';
}

}  // namespace straykey
