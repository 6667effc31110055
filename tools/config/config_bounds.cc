#include "tools/config/config_bounds.h"

#include <algorithm>
#include <vector>

namespace straykey {
namespace {

// Where the string ends that begins at `at`: behind its last quote, or at the end of its line or of the text.
std::size_t behind_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool long_one = text.substr(at).starts_with(three);
  for (std::size_t i = at + (long_one ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (long_one && text.substr(i).starts_with(three)) {
      return i + 3;
    } else if (!long_one && (text[i] == quote || text[i] == '\n')) {
      return text[i] == quote ? i + 1 : i;
    }
  }
  return text.size();
}

// How deep the text is at a place: a bracket is one step, and so is each dot of the keys around the place.
class Depth {
 public:
  void take(char c) {
    if (c == '[' || c == '{') {
      outer_.push_back(dots_);
    } else if (c == ']' || c == '}') {
      if (outer_.empty()) return;
      dots_ = outer_.back();
      outer_.pop_back();
    } else if (c == '.') {
      ++dots_;
    } else if (c == ',' || c == '\n') {
      dots_ = outer_.empty() ? 0 : outer_.back();
    }
  }
  [[nodiscard]] bool is_over() const { return outer_.size() + dots_ >= kConfigDepthMax; }

 private:
  std::vector<std::size_t> outer_;  // the dots before each open bracket
  std::size_t dots_ = 0;
};

std::optional<OverBound> long_line(std::string_view text) {
  for (unsigned line = 1; !text.empty(); ++line) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    if (length > kConfigLineBytesMax) return OverBound{line, 1, "this line is longer than 64 KiB"};
    text.remove_prefix(std::min(text.size(), length + 1));
  }
  return std::nullopt;
}

OverBound too_deep(std::string_view before) {
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<unsigned>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<unsigned>(1 + before.size() - line_begin),
          "this is more than 100 parts deep: of a dotted key, or of tables and lists inside each other"};
}

}  // namespace

std::optional<OverBound> over_config_bounds(std::string_view text) {
  if (auto found = long_line(text)) return found;
  Depth depth;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '"' || text[i] == '\'') {
      i = behind_string(text, i);
    } else if (text[i] == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else {
      depth.take(text[i]);
      if (depth.is_over()) return too_deep(text.substr(0, i));
      ++i;
    }
  }
  return std::nullopt;
}

}  // namespace straykey
