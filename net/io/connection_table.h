#pragma once
// ConnectionTable and ByteBudget: how much of the machine the connections of one listener may hold.
//
// Thread: any (synchronised inside).
// Order:  when all places are taken, the connection that came first of those that have not shown what they are worth
//         (a token, a message) gives way to the new one. So connections that say nothing lock nobody out.
// Bounds: ConnectionLimits; an IPv6 address counts by its /64. ByteBudget goes over its total only for a request that
//         holds all that is used: alone it is bounded by the limits of its protocol, and could never be served else.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "core/location/ip_address.h"

namespace straykey {

// The address a limit counts by: an IPv4 address itself, of an IPv6 address its /64 (what one sender owns at least).
[[nodiscard]] IpAddress counted_as(IpAddress address) noexcept;

struct ConnectionLimits {
  std::size_t connections_max = 4'096;
  std::size_t per_address_max = 256;

  bool operator==(const ConnectionLimits&) const = default;
};

// Who may say whose connection or request it is, and whether connections begin with a PROXY header.
struct ProxySettings {
  std::vector<Prefix> trusted;
  bool protocol = false;

  [[nodiscard]] bool trusts(const IpAddress& address) const noexcept;
  bool operator==(const ProxySettings&) const = default;
};

class ConnectionTable {
 public:
  // A place that is counted, and given back when this object is destroyed. It must not outlive the table.
  // Thread: any.
  class Place {
   public:
    ~Place() { table_.leave(*this); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Its connection has shown that it is worth its place: until doubt() it gives way to nobody. No effect on a place
    // that has gone to another.
    void settle() { table_.settle(*this); }
    // It may give way from now on, as if it came now.
    void doubt() { table_.doubt(*this); }
    // From now on it counts by this address, which is behind a proxy. False: too many of that address are there.
    // REQUIRES: the place was entered uncounted.
    [[nodiscard]] bool count_as(const IpAddress& address) { return table_.count_as(*this, counted_as(address)); }

   private:
    friend class ConnectionTable;
    enum class Standing : std::uint8_t { unsettled, settled, gone };
    Place(ConnectionTable& table, const IpAddress& address, std::function<void()> give_way)
        : table_(table), address_(address), give_way_(std::move(give_way)) {}

    ConnectionTable& table_;
    IpAddress address_;
    const std::function<void()> give_way_;
    // The table's.
    bool entered_ = false;
    bool counted_ = false;  // by its address
    Standing standing_ = Standing::unsettled;
    std::list<Place*>::iterator at_;
  };
  enum class Refused : std::uint8_t { connections, address };

  explicit ConnectionTable(ConnectionLimits limits) : limits_(limits) {}

  // When all places are taken, that of the oldest connection that is not settled goes to the new one: its `give_way` is
  // called on the caller's thread, and may be called while the Place is being destroyed.
  // `counted` false: a proxy's, whose address stands for many; per_address_max does not hold for it.
  [[nodiscard]] std::variant<std::unique_ptr<Place>, Refused> enter(const IpAddress& address,
                                                                    std::function<void()> give_way = {},
                                                                    bool counted = true);
  // Connections that have not ended; among them may be some that gave way.
  [[nodiscard]] std::size_t size() const;
  // True once no connection is left, false at the deadline.
  [[nodiscard]] bool wait_empty_until(std::chrono::steady_clock::time_point deadline) const;

 private:
  void settle(Place& place);
  void doubt(Place& place);
  [[nodiscard]] bool count_as(Place& place, const IpAddress& address);
  void leave(Place& place) noexcept;
  void give_back(Place& place) noexcept;

  const ConnectionLimits limits_;
  mutable std::mutex mutex_;
  mutable std::condition_variable emptied_;
  std::map<IpAddress, std::size_t> by_address_;
  std::list<Place*> unsettled_;  // oldest first
  std::size_t size_ = 0;         // places that are taken
  std::size_t open_ = 0;         // and those whose connections have not ended yet
};

// Bytes of bodies that are being read or judged, over all connections and listeners that share it.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // From now on. What is held beyond it stays so until it is given back.
  void limit(std::size_t bytes_max) noexcept { bytes_max_.store(bytes_max, std::memory_order_relaxed); }
  // `held`: what the caller has reserved so far.
  [[nodiscard]] bool reserve(std::size_t bytes, std::size_t held = 0) noexcept;
  // Whatever there is room for.
  void reserve_anyway(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  // Whoever has the turn may go on although the budget is spent, so that those who wait for room with something in
  // their hands do not wait for each other. False: another one has it.
  [[nodiscard]] bool take_turn() noexcept { return !turn_taken_.exchange(true, std::memory_order_relaxed); }
  void end_turn() noexcept { turn_taken_.store(false, std::memory_order_relaxed); }
  // When reserve() refused something last. As long as that is not long ago, whoever holds bytes and does nothing with
  // them should give them back.
  [[nodiscard]] std::chrono::steady_clock::time_point refused_at() const noexcept { return refused_at_.load(); }
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> bytes_max_;
  std::atomic<std::size_t> used_{0};
  std::atomic<bool> turn_taken_{false};
  std::atomic<std::chrono::steady_clock::time_point> refused_at_{};  // the clock begins with the machine
};

// What one request has reserved of a budget. It is given back at the latest when this object is destroyed.
// Thread: one at a time.
class BudgetShare {
 public:
  BudgetShare() = default;  // of no budget: all that it asks for is granted
  explicit BudgetShare(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
  // What `other` holds. `other` remains a share of the same budget.
  BudgetShare(BudgetShare&& other) noexcept
      : budget_(other.budget_),
        held_(std::exchange(other.held_, 0)),
        has_turn_(std::exchange(other.has_turn_, false)) {}
  BudgetShare& operator=(BudgetShare&&) = delete;
  ~BudgetShare() { clear(); }

  // Reserves what is missing to hold `bytes` in all. False: the budget is spent, and nothing changed.
  [[nodiscard]] bool grow_to(std::size_t bytes) noexcept;
  [[nodiscard]] bool grow_by(std::size_t bytes) noexcept { return grow_to(held_ + bytes); }
  // The same, but one share of the budget at a time may go over it, until it is cleared or says end_turn(). For who
  // keeps what it holds while it waits: it is called again until it gives true.
  [[nodiscard]] bool grow_in_turn_to(std::size_t bytes) noexcept;
  void end_turn() noexcept;
  [[nodiscard]] bool has_turn() const noexcept { return has_turn_; }
  // For memory that is there already: the budget may go over its total by it.
  void grow_anyway(std::size_t bytes) noexcept;
  // REQUIRES: bytes <= bytes().
  void give_back(std::size_t bytes) noexcept;
  void clear() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return held_; }

 private:
  std::shared_ptr<ByteBudget> budget_;
  std::size_t held_ = 0;
  bool has_turn_ = false;
};

}  // namespace straykey
