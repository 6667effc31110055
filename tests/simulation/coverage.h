#pragma once
// Coverage: which fault struck at which step of the protocol, counted over all seeds.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

enum class Step : std::uint8_t { start, admit, apply, commit, flush, merge, live, refill, deliver, idle, count };
enum class Fault : std::uint8_t {
  crash,
  commit_failed,
  unknown_kept,
  unknown_lost,
  map_full,
  disk_error,
  nearly_full,
  clock_jump,
  clock_freeze,
  clean_stop,
  shards_changed,
  duplicate,
  reordered,
  truncated,
  abandoned,
  lost_reply,
  refused,
  webhook_failed,
  webhook_hung,
  webhook_late,
  webhook_down,
  networks_reloaded,
  backlog,
  count,
};

[[nodiscard]] std::string_view name_of(Step step) noexcept;
[[nodiscard]] std::string_view name_of(Fault fault) noexcept;

class Coverage {
 public:
  void note(Fault fault, Step step) noexcept {
    ++counts_[static_cast<std::size_t>(fault)][static_cast<std::size_t>(step)];
  }
  void add(const Coverage& other) noexcept;
  [[nodiscard]] std::uint64_t of(Fault fault) const noexcept;
  [[nodiscard]] std::string table() const;

 private:
  std::array<std::array<std::uint64_t, static_cast<std::size_t>(Step::count)>, static_cast<std::size_t>(Fault::count)>
      counts_{};
};

}  // namespace straykey
