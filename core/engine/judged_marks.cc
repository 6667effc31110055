#include "core/engine/judged_marks.h"

#include <algorithm>
#include <utility>

#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr std::size_t kFirstBytes = 8;

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

bool JudgedMarks::contains(std::uint64_t number) const noexcept {
  return number <= staged_ || is_ahead(number);
}

bool JudgedMarks::is_ahead(std::uint64_t number) const noexcept {
  const std::uint64_t bit = number - first_;
  return number >= first_ && bit / 8 < ahead_.size() &&
         (static_cast<unsigned char>(ahead_[bit / 8]) >> bit % 8 & 1) != 0;
}

// REQUIRES: number > staged_.
void JudgedMarks::set_ahead(std::uint64_t number) {
  if (ahead_.empty()) first_ = staged_ + 1;
  if (is_ahead(number)) return;
  const std::uint64_t bit = number - first_;
  if (bit / 8 >= ahead_.size()) ahead_.resize(bit / 8 + 1, '\0');
  char& byte = ahead_[bit / 8];
  byte = static_cast<char>(static_cast<unsigned char>(byte) | 1u << bit % 8);
  ++past_the_mark_;
}

void JudgedMarks::clear_ahead(std::uint64_t number) noexcept {
  if (!is_ahead(number)) return;
  const std::uint64_t bit = number - first_;
  char& byte = ahead_[bit / 8];
  byte = static_cast<char>(static_cast<unsigned char>(byte) & ~(1u << bit % 8));
  --past_the_mark_;
}

// Bytes of numbers that the mark has passed are dropped.
void JudgedMarks::drop_passed() {
  if (past_the_mark_ == 0) return ahead_.clear();
  const std::uint64_t passed = (staged_ + 1 - first_) / 8;
  ahead_.erase(0, passed);
  first_ += passed * 8;
}

// Numbers up to the mark are left out: a program that does not know the row may have moved the mark on.
void JudgedMarks::take_ahead(std::string_view row) {
  ahead_.clear();
  past_the_mark_ = 0;
  each_ahead(row, [this](std::uint64_t number) {
    if (number > staged_) set_ahead(number);
  });
}

std::string JudgedMarks::ahead_row() const {
  return past_the_mark_ == 0 ? std::string() : encode_sequence(first_) + ahead_;
}

void JudgedMarks::note(std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t number = std::max(first, staged_ + 1); number <= last; ++number) {
    if (number == staged_ + 1) {
      clear_ahead(number);
      ++staged_;
    } else {
      set_ahead(number);
    }
  }
  for (; is_ahead(staged_ + 1); ++staged_) clear_ahead(staged_ + 1);
}

void JudgedMarks::forget_from(std::uint64_t number) {
  const std::uint64_t end = first_ + 8 * ahead_.size();
  for (std::uint64_t at = std::max(number, first_); at < end; ++at) clear_ahead(at);
}

void JudgedMarks::write(StoreWriter& alerts, std::uint32_t shard) {
  if (staged_ != judged_.load(std::memory_order_relaxed))
    alerts.put(Table::progress, judged_mark_key(shard), encode_sequence(staged_));
  drop_passed();
  staged_row_ = ahead_row();
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
