#include "tools/terminal/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace straykey {

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

Progress::Progress(std::string what, std::uint64_t total)
    : what_(std::move(what)), total_(total), on_terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

void Progress::show(std::uint64_t done, const std::string& detail) {
  if (!on_terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  std::string bar;
  if (total_ > 0) {
    const std::uint64_t filled = done >= total_ ? 24 : done * 24 / total_;
    bar = fmt::format(" [{}{}] {:3}%", std::string(filled, '#'), std::string(24 - filled, '.'),
                      done >= total_ ? 100 : done * 100 / total_);
  }
  fmt::print(stderr, "\r\x1b[K{}{} {}", what_, bar, detail);
  std::fflush(stderr);
}

}  // namespace straykey
