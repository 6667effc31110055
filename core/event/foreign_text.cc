#include "core/event/foreign_text.h"

#include <algorithm>
#include <array>

#include "core/event/framing.h"

namespace straykey {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kRecordMark = "\"eventVersion\"";

// An object that begins with these members and without an eventVersion is no record of CloudTrail.
struct Foreign {
  std::string_view member, other_member, name;
};
constexpr std::array<Foreign, 4> kForeign{{
    {"\"digestStartTime\"", "\"digestS3Bucket\"", "a CloudTrail digest"},
    {"\"digestStartTime\"", "\"awsAccountId\"", "a CloudTrail digest"},
    {"\"configSnapshotId\"", "\"fileVersion\"", "an AWS Config snapshot"},
    {"\"configurationItems\"", "\"fileVersion\"", "an AWS Config history"},
}};

bool holds(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != std::string_view::npos;
}

bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "version account-id interface-id srcaddr ...", or a row of the default columns without that heading.
bool is_flow_log(std::string_view line) noexcept {
  if (holds(line, "srcaddr") && holds(line, "dstaddr")) return true;
  std::array<std::string_view, 3> words;
  for (std::string_view& word : words) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return false;
    word = line.substr(0, space);
    line.remove_prefix(space + 1);
  }
  return all_digits(words[0]) && words[0].size() <= 2 && all_digits(words[1]) && words[1].size() == 12 &&
         words[2].starts_with("eni-");
}

}  // namespace

std::string_view foreign_text(std::string_view beginning) noexcept {
  if (beginning.starts_with(kByteOrderMark)) beginning.remove_prefix(kByteOrderMark.size());
  beginning.remove_prefix(std::min(beginning.find_first_not_of(kWhiteSpace), beginning.size()));
  if (beginning.empty()) return {};
  const bool is_json = beginning.front() == '{' || beginning.front() == '[';
  if (!is_json && is_flow_log(beginning.substr(0, beginning.find('\n')))) return "a VPC flow log";
  if (beginning.front() != '{' || holds(beginning, kRecordMark)) return {};
  for (const Foreign& foreign : kForeign)
    if (holds(beginning, foreign.member) && holds(beginning, foreign.other_member)) return foreign.name;
  return {};
}

}  // namespace straykey
