#include "net/io/connection_table.h"

#include <algorithm>
#include <array>

#include "core/base/invariant.h"

namespace straykey {

IpAddress counted_as(IpAddress address) noexcept {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool is_v4 = std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin());
  if (!is_v4) std::fill(address.bytes.begin() + 8, address.bytes.end(), std::uint8_t{0});
  return address;
}

std::optional<ConnectionTable::Place> ConnectionTable::enter(const IpAddress& address) {
  const IpAddress key = counted_as(address);
  const std::lock_guard lock(mutex_);
  if (size_ >= limits_.connections_max) return std::nullopt;
  const auto at = by_address_.find(key);
  if ((at == by_address_.end() ? 0 : at->second) >= limits_.per_address_max) return std::nullopt;
  ++by_address_[key];
  ++size_;
  return Place(*this, key);
}

void ConnectionTable::leave(const IpAddress& address) noexcept {
  const std::lock_guard lock(mutex_);
  const auto at = by_address_.find(address);
  INVARIANT(at != by_address_.end());
  if (--at->second == 0) by_address_.erase(at);
  if (--size_ == 0) emptied_.notify_all();
}

std::size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

bool ConnectionTable::wait_empty_until(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return emptied_.wait_until(lock, deadline, [this] { return size_ == 0; });
}

bool ByteBudget::reserve(std::size_t bytes, std::size_t held) noexcept {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used != held && (bytes > bytes_max_ || used > bytes_max_ - bytes)) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool BudgetShare::grow_to(std::size_t bytes) noexcept {
  if (bytes <= held_) return true;
  if (budget_ != nullptr && !budget_->reserve(bytes - held_, held_)) return false;
  held_ = bytes;
  return true;
}

void BudgetShare::give_back(std::size_t bytes) noexcept {
  INVARIANT(bytes <= held_, bytes, held_);
  held_ -= bytes;
  if (budget_ != nullptr && bytes > 0) budget_->give_back(bytes);
}

}  // namespace straykey
