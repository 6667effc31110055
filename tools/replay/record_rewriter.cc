#include "tools/replay/record_rewriter.h"

#include <algorithm>
#include <array>

#include "core/base/hash.h"
#include "core/base/hex.h"
#include "tools/replay/find_text.h"

namespace straykey {
namespace {

constexpr std::size_t kAccountDigits = 12;
constexpr std::size_t kTimeBytes = 19;  // 2026-11-22T03:04:05
constexpr Seconds kYear2013 = 1'356'998'400, kYear2100 = 4'102'444'800;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr std::array<bool, 256> kIsWord = [] {
  std::array<bool, 256> is_word{};
  for (const std::string_view characters : {"0123456789_", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"})
    for (const char c : characters) is_word[static_cast<unsigned char>(c)] = true;
  return is_word;
}();
bool is_word(char c) {
  return kIsWord[static_cast<unsigned char>(c)];
}

// A number for this text that depends on the seed and the copy.
std::uint64_t number_of(std::string_view text, std::uint64_t seed, std::uint32_t copy) {
  return hash64({seed, copy}, text);
}

void rename_account(char* digits, std::uint64_t seed, std::uint32_t copy) {
  std::uint64_t number = number_of({digits, kAccountDigits}, seed, copy);
  for (std::size_t i = 0; i < kAccountDigits; ++i, number /= 10)
    digits[i] = static_cast<char>((i == 0 ? '1' : '0') + static_cast<char>(number % (i == 0 ? 9 : 10)));
}

// The prefix says what kind of id it is, so it stays.
void rename_key(char* id, std::size_t size, std::uint64_t seed, std::uint32_t copy) {
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  Hash128 number = hash128({seed, copy}, {id, size});
  for (std::size_t i = 4; i < size; ++i) {
    std::uint64_t& word = i % 2 == 0 ? number.low : number.high;
    id[i] = kBase32[word % kBase32.size()];
    word = word / kBase32.size() + (word << 59);
  }
}

bool is_key(std::string_view word) {
  if (word.size() < 16 || word.size() > 24 || word[0] != 'A') return false;
  constexpr std::array<std::string_view, 7> kPrefixes{"AKIA", "ASIA", "AROA", "AIDA", "AGPA", "AIPA", "ANPA"};
  if (std::find(kPrefixes.begin(), kPrefixes.end(), word.substr(0, 4)) == kPrefixes.end()) return false;
  return std::all_of(word.begin(), word.end(), [](char c) { return is_upper(c) || is_digit(c); });
}

bool looks_like_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == 'd' ? !is_digit(text[i]) : text[i] != kForm[i]) return false;
  return true;
}

}  // namespace

void RecordRewriter::rewrite(std::string& record, std::uint32_t copy) const {
  if (settings_.shift_days != 0) shift_times(record);
  if (settings_.fresh_ids || copy > 0) freshen_ids(record, copy);
  rename(record, copy);
}

void RecordRewriter::rename(std::string& text, std::uint32_t copy) const {
  if (copy == 0) return;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    const std::size_t size = at - begin;
    // 12 digits behind a point are a fraction of a second, or part of a number.
    const bool fraction = begin > 0 && text[begin - 1] == '.';
    const auto word = std::string_view(text).substr(begin, size);
    if (size == kAccountDigits && !fraction && std::all_of(word.begin(), word.end(), is_digit))
      rename_account(text.data() + begin, settings_.seed, copy);
    else if (is_key(word))
      rename_key(text.data() + begin, size, settings_.seed, copy);
  }
}

void RecordRewriter::shift_times(std::string& record) const {
  constexpr std::size_t kDateBytes = 10;  // before the T, which is rarer than digits and quotes
  for (std::size_t at = record.find('T'); at != std::string::npos; at = record.find('T', at + 1)) {
    if (at <= kDateBytes || record[at - kDateBytes - 1] != '"' || record.size() - at <= kTimeBytes - kDateBytes)
      continue;
    char* text = record.data() + at - kDateBytes;
    if (!looks_like_time({text, kTimeBytes})) continue;
    const auto time = parse_time(std::string(text, kTimeBytes) + "Z");
    if (!time) continue;
    const Seconds shifted = *time + settings_.shift_days * kSecondsPerDay;
    if (shifted < kYear2013 || shifted >= kYear2100) continue;
    // Only the date is rewritten. Whole days leave the rest as it is, even a leap second.
    const std::string date = format_day(day_of(shifted));
    std::copy(date.begin(), date.end(), text);
  }
}

void RecordRewriter::freshen_ids(std::string& record, std::uint32_t copy) const {
  constexpr std::string_view kEnd = "D\":\"";
  constexpr std::array<std::string_view, 3> kNames{"\"eventI", "\"sharedEventI", "\"requestI"};
  const std::string_view text = record;
  for (std::size_t at = 0; (at = find_text(text, kEnd, 0, at)) != std::string_view::npos; at += kEnd.size()) {
    const std::string_view before = text.substr(0, at);
    if (std::none_of(kNames.begin(), kNames.end(), [&](std::string_view name) { return before.ends_with(name); }))
      continue;
    const std::size_t begin = at + kEnd.size(), end = text.find('"', begin);
    if (end == std::string_view::npos || end - begin > 64) continue;
    const Hash128 fresh =
        hash128({settings_.seed, (copy + std::uint64_t{1}) << 32}, {record.data() + begin, end - begin});
    for (std::size_t i = begin, nibble = 0; i < end; ++i) {
      if (record[i] == '-') continue;
      const std::uint64_t word = nibble % 32 < 16 ? fresh.low : fresh.high;
      record[i] = kHexDigits[(word >> (nibble % 16 * 4)) & 15];
      ++nibble;
    }
  }
}

}  // namespace straykey
