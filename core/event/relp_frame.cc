#include "core/event/relp_frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace straykey {
namespace {

constexpr std::size_t kDigitsMax = 9, kCommandBytesMax = 32;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Reads a head from the front of what was received; `rest` is what follows.
struct HeadReader {
  std::string_view rest;
  RelpFrame::Verdict verdict = RelpFrame::Verdict::whole;

  // The bytes of a kind at the front. It is incomplete if nothing follows them, and broken if there are none or more
  // than `size_max`.
  template <class Kind>
  std::string_view word(const Kind& kind, std::size_t size_max) noexcept {
    if (verdict != RelpFrame::Verdict::whole) return {};
    const auto end = std::find_if_not(rest.begin(), rest.end(), kind);
    const std::string_view found = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    if (found.size() > size_max || (found.empty() && !rest.empty())) {
      verdict = RelpFrame::Verdict::broken;
    } else if (found.size() == rest.size()) {
      verdict = RelpFrame::Verdict::incomplete;
    }
    rest.remove_prefix(found.size());
    return found;
  }
  std::size_t number() noexcept {
    std::size_t value = 0;
    for (const char digit : word(is_digit, kDigitsMax)) value = 10 * value + static_cast<std::size_t>(digit - '0');
    return value;
  }
  void space() noexcept {
    if (verdict != RelpFrame::Verdict::whole) return;
    if (rest.front() != ' ') verdict = RelpFrame::Verdict::broken;
    rest.remove_prefix(1);
  }
};

}  // namespace

RelpFrame read_relp_frame(std::string_view received) noexcept {
  HeadReader head{received};
  RelpFrame frame;
  frame.transaction = static_cast<std::uint32_t>(head.number());
  head.space();
  frame.command = head.word(is_letter, kCommandBytesMax);
  head.space();
  frame.data_bytes = head.number();
  frame.verdict = head.verdict;
  if (head.verdict != RelpFrame::Verdict::whole) return frame;
  std::string_view rest = head.rest;
  // Without data there may be a space all the same.
  if (frame.data_bytes > 0 || rest.front() == ' ') {
    if (rest.front() != ' ') {
      frame.verdict = RelpFrame::Verdict::broken;
      return frame;
    }
    rest.remove_prefix(1);
  }
  frame.bytes = received.size() - rest.size();
  if (frame.data_bytes > kRelpDataBytesMax) {
    frame.verdict = RelpFrame::Verdict::too_large;
    return frame;
  }
  if (rest.size() <= frame.data_bytes) {
    frame.verdict = RelpFrame::Verdict::incomplete;
    return frame;
  }
  if (rest[frame.data_bytes] != '\n') frame.verdict = RelpFrame::Verdict::broken;
  frame.data = rest.substr(0, frame.data_bytes);
  frame.bytes += frame.data_bytes + 1;
  return frame;
}

std::string relp_response(std::uint32_t transaction, std::string_view data) {
  if (data.empty()) return fmt::format("{} rsp 0\n", transaction);
  return fmt::format("{} rsp {} {}\n", transaction, data.size(), data);
}

}  // namespace straykey
