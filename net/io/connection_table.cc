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

bool ProxySettings::trusts(const IpAddress& address) const noexcept {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&address](const Prefix& prefix) { return prefix.contains(address); });
}

std::variant<std::unique_ptr<ConnectionTable::Place>, ConnectionTable::Refused> ConnectionTable::enter(
    const IpAddress& address, std::function<void()> give_way, bool counted) {
  std::unique_ptr<Place> place(new Place(*this, counted_as(address), std::move(give_way)));
  std::function<void()> evict;
  {
    const std::lock_guard lock(mutex_);
    const auto at = by_address_.find(place->address_);
    if (counted && (at == by_address_.end() ? 0 : at->second) >= limits_.per_address_max) return Refused::address;
    if (size_ >= limits_.connections_max) {
      if (unsettled_.empty()) return Refused::connections;
      evict = unsettled_.front()->give_way_;
      give_back(*unsettled_.front());
    }
    place->at_ = unsettled_.insert(unsettled_.end(), place.get());
    if (counted) ++by_address_[place->address_];
    place->counted_ = counted;
    place->entered_ = true;
    ++size_;
    ++open_;
  }
  if (evict) evict();
  return place;
}

// The place is free, although its connection may not have ended. REQUIRES: it is not gone.
void ConnectionTable::give_back(Place& place) noexcept {
  if (place.standing_ == Place::Standing::unsettled) unsettled_.erase(place.at_);
  place.standing_ = Place::Standing::gone;
  --size_;
  if (!place.counted_) return;
  const auto at = by_address_.find(place.address_);
  INVARIANT(at != by_address_.end());
  if (--at->second == 0) by_address_.erase(at);
}

bool ConnectionTable::count_as(Place& place, const IpAddress& address) {
  const std::lock_guard lock(mutex_);
  INVARIANT(place.entered_ && !place.counted_);
  if (place.standing_ == Place::Standing::gone) return true;
  std::size_t& count = by_address_[address];
  if (count >= limits_.per_address_max) return false;
  ++count;
  place.address_ = address;
  place.counted_ = true;
  return true;
}

void ConnectionTable::leave(Place& place) noexcept {
  const std::lock_guard lock(mutex_);
  if (!place.entered_) return;
  if (place.standing_ != Place::Standing::gone) give_back(place);
  if (--open_ == 0) emptied_.notify_all();
}

void ConnectionTable::settle(Place& place) {
  const std::lock_guard lock(mutex_);
  if (place.standing_ != Place::Standing::unsettled) return;
  unsettled_.erase(place.at_);
  place.standing_ = Place::Standing::settled;
}

void ConnectionTable::doubt(Place& place) {
  const std::lock_guard lock(mutex_);
  if (place.standing_ != Place::Standing::settled) return;
  place.at_ = unsettled_.insert(unsettled_.end(), &place);
  place.standing_ = Place::Standing::unsettled;
}

std::size_t ConnectionTable::size() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

bool ConnectionTable::wait_empty_until(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return emptied_.wait_until(lock, deadline, [this] { return open_ == 0; });
}

bool ByteBudget::reserve(std::size_t bytes, std::size_t held) noexcept {
  const std::size_t bytes_max = bytes_max_.load(std::memory_order_relaxed);
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used != held && (bytes > bytes_max || used > bytes_max - std::min(bytes, bytes_max))) {
      refused_at_.store(std::chrono::steady_clock::now());
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool BudgetShare::grow_to(std::size_t bytes) noexcept {
  if (bytes <= held_) return true;
  if (budget_ != nullptr && !budget_->reserve(bytes - held_, held_)) return false;
  held_ = bytes;
  return true;
}

bool BudgetShare::grow_in_turn_to(std::size_t bytes) noexcept {
  if (grow_to(bytes)) return true;
  if (!has_turn_ && !budget_->take_turn()) return false;
  has_turn_ = true;
  grow_anyway(bytes - held_);
  return true;
}

void BudgetShare::end_turn() noexcept {
  if (std::exchange(has_turn_, false)) budget_->end_turn();
}

void BudgetShare::clear() noexcept {
  give_back(held_);
  end_turn();
}

void BudgetShare::grow_anyway(std::size_t bytes) noexcept {
  held_ += bytes;
  if (budget_ != nullptr) budget_->reserve_anyway(bytes);
}

void BudgetShare::give_back(std::size_t bytes) noexcept {
  INVARIANT(bytes <= held_, bytes, held_);
  held_ -= bytes;
  if (budget_ != nullptr && bytes > 0) budget_->give_back(bytes);
}

}  // namespace straykey
