#include "tools/config/known_platforms.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>

namespace straykey {
namespace {

struct Word {
  std::string_view written, stored;
};
// The store's own first.
constexpr std::array<Word, 11> kWords{{{"macos", "macos"},
                                       {"windows", "windows"},
                                       {"wsl", "wsl"},
                                       {"kali", "kali"},
                                       {"CloudShell", "CloudShell"},
                                       {"AWS CloudShell", "CloudShell"},
                                       {"Kali Linux", "kali"},
                                       {"the Windows Subsystem for Linux", "wsl"},
                                       // Alerts print these for every execution environment that begins so.
                                       {"AWS Lambda", "AWS_Lambda_*"},
                                       {"Amazon ECS", "AWS_ECS_*"},
                                       {"Amazon Q for the command line", "AmazonQ-For-CLI*"}}};
// What user agents go on with, as with a version.
constexpr std::array<std::string_view, 3> kBeginnings{"AWS_Lambda_", "AWS_ECS_", "AmazonQ-For-CLI"};

}  // namespace

std::optional<std::string> platform_in_store(std::string_view written) {
  const auto word = std::ranges::find_if(kWords, [&](const Word& one) { return boost::iequals(one.written, written); });
  if (word != kWords.end()) return std::string(word->stored);
  const bool environment =
      std::ranges::any_of(kBeginnings, [&](std::string_view beginning) { return written.starts_with(beginning); });
  return environment ? std::optional(std::string(written)) : std::nullopt;
}

std::vector<std::string_view> platform_words() {
  std::vector<std::string_view> words;
  for (const Word& one : kWords) words.push_back(one.written);
  words.insert(words.end(), kBeginnings.begin(), kBeginnings.end());
  return words;
}

}  // namespace straykey
