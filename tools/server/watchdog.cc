#include "tools/server/watchdog.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "core/base/invariant.h"
#include "core/engine/pipeline.h"
#include "net/io/io_runtime.h"
#include "tools/server/service_notice.h"

namespace straykey {
namespace {

constexpr double kNoticesInLimit = 4;

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool TurnWatch::due(double now, const std::vector<std::uint64_t>& turns) {
  if (!told_.empty()) {
    INVARIANT(turns.size() == told_.size(), turns.size(), told_.size());
    if (now - told_at_ < limit_s_ / kNoticesInLimit) return false;
    for (std::size_t i = 0; i < turns.size(); ++i)
      if (turns[i] == told_[i]) return false;
  }
  told_at_ = now;
  told_ = turns;
  return true;
}

std::optional<double> watchdog_limit_s(const char* usec, const char* pid, std::int64_t own_pid) {
  if (usec == nullptr) return std::nullopt;
  const auto limit = number_in(usec);
  if (!limit || *limit <= 0) return std::nullopt;
  if (pid != nullptr && number_in(pid) != own_pid) return std::nullopt;
  return static_cast<double>(*limit) / 1e6;
}

Watchdog::Watchdog(IoRuntime& runtime, const Pipeline& pipeline) : runtime_(runtime), pipeline_(pipeline) {
  const auto limit_s = watchdog_limit_s(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), ::getpid());
  if (!limit_s) return;
  watch_.emplace(*limit_s);
  for (std::size_t i = 0; i < runtime_.threads(); ++i) io_threads_.push_back(std::make_unique<IoThread>());
}

void Watchdog::look(double now) {
  if (!watch_) return;
  std::vector<std::uint64_t> turns = pipeline_.turns();
  for (const auto& thread : io_threads_) turns.push_back(thread->turns);
  if (watch_->due(now, turns)) tell_service_manager("WATCHDOG=1");
  ask_io_threads();
}

// A thread that has answered is asked again.
void Watchdog::ask_io_threads() {
  for (std::size_t i = 0; i < io_threads_.size(); ++i) {
    IoThread& thread = *io_threads_[i];
    if (thread.turns != thread.asked) continue;
    ++thread.asked;
    runtime_.call_soon(i, [&thread] { ++thread.turns; });
  }
}

}  // namespace straykey
