#pragma once
// StreamSession: one connection of a StreamServer; and what the two tell each other.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/location/ip_address.h"
#include "net/io/connection_table.h"
#include "net/io/io_runtime.h"

namespace straykey {

// One connection, from its handshake to its end. Thread: io (its own).
class StreamSession {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  StreamSession() = default;
  virtual ~StreamSession() = default;
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  // The whole life of the connection.
  virtual IoAwait<void> run() = 0;
  // Enforces its deadline, and draining. Called at each tick while run() goes on.
  virtual void sweep(TimePoint now) = 0;
  // Ends it: its place has gone to another connection (connection_table.h).
  virtual void give_way() = 0;
};

// The peer's address, the io thread of the connection, and its place in the server.
struct StreamPeer {
  IpAddress address;
  std::size_t io_thread = 0;
  ConnectionTable::Place* place = nullptr;  // lives as long as run() goes on
};

// How the end of a server is told to its sessions. Thread: any.
struct StreamDraining {
  using TimePoint = StreamSession::TimePoint;

  [[nodiscard]] bool out_of_grace(TimePoint now) const noexcept { return begun.load() && now >= deadline.load(); }

  std::atomic<bool> begun{false};
  // The process goes on, so nobody is hurried: peers that say nothing have until the deadline.
  std::atomic<bool> patient{false};
  std::atomic<TimePoint> deadline{TimePoint::max()};
  std::atomic<std::uint64_t> cut_short{0};  // sessions that had to end before their work was done
};

}  // namespace straykey
