#pragma once
// ConnectionTable and ByteBudget: how much of the machine the connections of one listener may hold.
//
// Thread: any (synchronised inside).
// Bounds: ConnectionLimits; an IPv6 address counts by its /64. ByteBudget goes over its total only for a request that
//         holds all that is used: alone it is bounded by the limits of its protocol, and could never be served else.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/location/ip_address.h"

namespace straykey {

// The address a limit counts by: an IPv4 address itself, of an IPv6 address its /64 (what one sender owns at least).
[[nodiscard]] IpAddress counted_as(IpAddress address) noexcept;

struct ConnectionLimits {
  std::size_t connections_max = 4'096;
  std::size_t per_address_max = 256;
};

class ConnectionTable {
 public:
  // A place that is counted, and given back when this object is destroyed. It must not outlive the table.
  class Place {
   public:
    Place(ConnectionTable& table, IpAddress address) : table_(&table), address_(address) {}
    Place(Place&& other) noexcept : table_(std::exchange(other.table_, nullptr)), address_(other.address_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (table_ != nullptr) table_->leave(address_);
    }

   private:
    ConnectionTable* table_;
    IpAddress address_;
  };

  explicit ConnectionTable(ConnectionLimits limits) : limits_(limits) {}

  // nullopt: one of the limits is reached.
  [[nodiscard]] std::optional<Place> enter(const IpAddress& address);
  [[nodiscard]] std::size_t size() const;
  // True once no connection is left, false at the deadline.
  [[nodiscard]] bool wait_empty_until(std::chrono::steady_clock::time_point deadline) const;

 private:
  void leave(const IpAddress& address) noexcept;

  const ConnectionLimits limits_;
  mutable std::mutex mutex_;
  mutable std::condition_variable emptied_;
  std::map<IpAddress, std::size_t> by_address_;
  std::size_t size_ = 0;
};

// Bytes of bodies that are being read or judged, over all connections and listeners that share it.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // `held`: what the caller has reserved so far.
  [[nodiscard]] bool reserve(std::size_t bytes, std::size_t held = 0) noexcept;
  void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

// What one request has reserved of a budget. It is given back at the latest when this object is destroyed.
// Thread: one at a time.
class BudgetShare {
 public:
  BudgetShare() = default;  // of no budget: all that it asks for is granted
  explicit BudgetShare(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  // What `other` holds. `other` remains a share of the same budget.
  BudgetShare(BudgetShare&& other) noexcept : budget_(other.budget_), held_(std::exchange(other.held_, 0)) {}
  BudgetShare& operator=(BudgetShare&&) = delete;
  ~BudgetShare() { clear(); }

  // Reserves what is missing to hold `bytes` in all. False: the budget is spent, and nothing changed.
  [[nodiscard]] bool grow_to(std::size_t bytes) noexcept;
  [[nodiscard]] bool grow_by(std::size_t bytes) noexcept { return grow_to(held_ + bytes); }
  // REQUIRES: bytes <= bytes().
  void give_back(std::size_t bytes) noexcept;
  void clear() noexcept { give_back(held_); }
  [[nodiscard]] std::size_t bytes() const noexcept { return held_; }

 private:
  std::shared_ptr<ByteBudget> budget_;
  std::size_t held_ = 0;
};

}  // namespace straykey
