#include "core/engine/judged_marks.h"

#include <algorithm>
#include <utility>

#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr std::size_t kFirstBytes = 8;

// The number that the first bit stands for, then the bits, the lowest of each byte first.
std::string ahead_row(const std::set<std::uint64_t>& numbers) {
  if (numbers.empty()) return {};
  const std::uint64_t first = *numbers.begin();
  std::string row = encode_sequence(first);
  row.resize(kFirstBytes + (*numbers.rbegin() - first) / 8 + 1, '\0');
  for (const std::uint64_t number : numbers) {
    const std::uint64_t bit = number - first;
    char& byte = row[kFirstBytes + bit / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | 1u << bit % 8);
  }
  return row;
}

}  // namespace

std::string judged_mark_key(std::uint32_t shard) {
  return encode_sequence(shard);
}

std::string judged_ahead_key(std::uint32_t shard) {
  return std::string(kJudgedAheadPrefix) + encode_sequence(shard);
}

bool each_ahead(std::string_view row, const std::function<void(std::uint64_t number)>& visit) {
  if (row.size() <= kFirstBytes) return false;
  const std::uint64_t first = decode_sequence(row.substr(0, kFirstBytes));
  for (std::uint64_t bit = 0; bit < 8 * (row.size() - kFirstBytes); ++bit)
    if ((static_cast<unsigned char>(row[kFirstBytes + bit / 8]) >> bit % 8 & 1) != 0) visit(first + bit);
  return true;
}

void JudgedMarks::read(StoreReader& alerts, std::uint32_t shard) {
  const auto mark = alerts.get(Table::progress, judged_mark_key(shard));
  staged_ = mark ? decode_sequence(*mark) : 0;
  judged_ = staged_;
  const auto ahead = alerts.get(Table::progress, judged_ahead_key(shard));
  ahead_row_ = ahead ? std::string(*ahead) : std::string();
  take_ahead(ahead_row_);
}

// Numbers up to the mark are left out: a program that does not know the row may have moved the mark on.
void JudgedMarks::take_ahead(std::string_view row) {
  ahead_.clear();
  each_ahead(row, [this](std::uint64_t number) {
    if (number > staged_) ahead_.insert(number);
  });
}

void JudgedMarks::note(std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t number = std::max(first, staged_ + 1); number <= last; ++number) ahead_.insert(number);
  while (!ahead_.empty() && *ahead_.begin() == staged_ + 1) {
    ++staged_;
    ahead_.erase(ahead_.begin());
  }
}

void JudgedMarks::forget_from(std::uint64_t number) {
  ahead_.erase(ahead_.lower_bound(number), ahead_.end());
}

void JudgedMarks::write(StoreWriter& alerts, std::uint32_t shard) {
  if (staged_ != judged_.load(std::memory_order_relaxed))
    alerts.put(Table::progress, judged_mark_key(shard), encode_sequence(staged_));
  staged_row_ = ahead_row(ahead_);
  if (staged_row_ == ahead_row_) return;
  if (staged_row_.empty()) {
    alerts.erase(Table::progress, judged_ahead_key(shard));
  } else {
    alerts.put(Table::progress, judged_ahead_key(shard), staged_row_);
  }
}

void JudgedMarks::settle(bool committed) {
  if (committed) {
    judged_.store(staged_, std::memory_order_release);
    ahead_row_ = std::move(staged_row_);
    staged_row_.clear();
    return;
  }
  staged_ = judged_.load(std::memory_order_relaxed);
  take_ahead(ahead_row_);
}

}  // namespace straykey
