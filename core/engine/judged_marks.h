#pragma once
// JudgedMarks: which candidates of one shard are judged: all up to a mark, and some single ones past it.
//
// Shape:  candidates are judged in the order of days and of finished requests, and not in that of their numbers. So the
//         mark stays where the first one waits, and what was judged past it is remembered beside it.
// Order:  note() any number of times, write() into the merger's transaction, then settle() with its outcome.
// Durable: mark and numbers past it are rows of Table::progress (storage/FORMAT.md). So nothing is judged twice after a
//          restart, and a backlog gets smaller even if every run ends after its first transaction.
// Bounds: a bit in memory and on disk for each number between the mark and the highest that is judged. A commit copies
//         them, so a backlog of N candidates in parts of 500 copies N * N / 4,000 bytes in all.
// Thread: the merger's; up_to() any.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/engine/store.h"

namespace straykey {

class JudgedMarks {
 public:
  // What the last run committed.
  void read(StoreReader& alerts, std::uint32_t shard);

  // Every candidate up to this number is judged, and that is committed.
  [[nodiscard]] std::uint64_t up_to() const noexcept { return judged_.load(std::memory_order_acquire); }
  // What is staged counts in these two.
  [[nodiscard]] bool contains(std::uint64_t number) const noexcept;
  [[nodiscard]] std::size_t past_the_mark() const noexcept { return past_the_mark_; }

  void note(std::uint64_t first, std::uint64_t last);
  // Forgets what is judged past the mark from this number on. It is the next that the partition assigns: one that was
  // restored from a backup may be older than the merger, and what it assigns is new.
  void forget_from(std::uint64_t number);
  void write(StoreWriter& alerts, std::uint32_t shard);
  void settle(bool committed);

 private:
  // Bits of numbers from first_ on, the lowest of each byte first, as in the row.
  [[nodiscard]] bool is_ahead(std::uint64_t number) const noexcept;
  void set_ahead(std::uint64_t number);
  void clear_ahead(std::uint64_t number) noexcept;
  void drop_passed();
  void take_ahead(std::string_view row);
  [[nodiscard]] std::string ahead_row() const;

  std::atomic<std::uint64_t> judged_{0};  // the mark of the last commit
  std::uint64_t staged_ = 0;              // the mark that the open transaction writes
  std::uint64_t first_ = 0;               // the number of the first bit
  std::string ahead_;                     // the bits of what is judged past `staged_`
  std::size_t past_the_mark_ = 0;         // how many are set
  std::string ahead_row_, staged_row_;    // of the last commit, and as the open transaction writes it
};

// The keys of a shard's two rows.
[[nodiscard]] std::string judged_mark_key(std::uint32_t shard);
[[nodiscard]] std::string judged_ahead_key(std::uint32_t shard);
inline constexpr std::string_view kJudgedAheadPrefix = "ahead ";
// Calls visit(number) for each number of the row. False: the row cannot be read.
bool each_ahead(std::string_view row, const std::function<void(std::uint64_t number)>& visit);

}  // namespace straykey
