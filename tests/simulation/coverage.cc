#include "tests/simulation/coverage.h"

#include <fmt/format.h>

namespace straykey {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Step::count)> kSteps{
    "start", "admit", "apply", "commit", "flush", "merge", "live", "refill", "deliver", "idle"};
constexpr std::array<std::string_view, static_cast<std::size_t>(Fault::count)> kFaults{
    "crash",        "commit_failed", "unknown_kept", "unknown_lost",      "map_full",       "disk_error",
    "nearly_full",  "clock_jump",    "clock_freeze", "clean_stop",        "shards_changed", "duplicate",
    "reordered",    "truncated",     "abandoned",    "lost_reply",        "refused",        "webhook_failed",
    "webhook_hung", "webhook_late",  "webhook_down", "networks_reloaded", "backlog"};

}  // namespace

std::string_view name_of(Step step) noexcept {
  return kSteps[static_cast<std::size_t>(step)];
}

std::string_view name_of(Fault fault) noexcept {
  return kFaults[static_cast<std::size_t>(fault)];
}

void Coverage::add(const Coverage& other) noexcept {
  for (std::size_t fault = 0; fault < counts_.size(); ++fault)
    for (std::size_t step = 0; step < counts_[fault].size(); ++step) counts_[fault][step] += other.counts_[fault][step];
}

std::uint64_t Coverage::of(Fault fault) const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts_[static_cast<std::size_t>(fault)]) sum += count;
  return sum;
}

std::string Coverage::table() const {
  std::string out = fmt::format("{:<18}", "fault x step");
  for (const std::string_view step : kSteps) out += fmt::format("{:>9}", step);
  out += '\n';
  for (std::size_t fault = 0; fault < counts_.size(); ++fault) {
    out += fmt::format("{:<18}", kFaults[fault]);
    for (const std::uint64_t count : counts_[fault])
      out += count == 0 ? fmt::format("{:>9}", ".") : fmt::format("{:>9}", count);
    out += '\n';
  }
  return out;
}

}  // namespace straykey
