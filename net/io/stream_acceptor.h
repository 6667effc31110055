#pragma once
// StreamAcceptor: one listening socket, TCP or local (AF_UNIX). The connections that it accepts go to the io threads in
// turn.
//
// Order:  start(), ..., stop(), then IoRuntime::stop(). on_socket is not called any more once stop() has returned.
// Thread: start-up and shut-down by one thread, which is no io thread; on_socket runs on the first io thread.
// Errors: start() says in one sentence why it cannot listen. No error ends accepting: if descriptors or memory run out,
//         it pauses for 100 ms and goes on.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "core/location/ip_address.h"
#include "net/io/io_runtime.h"

namespace straykey {

class StreamAcceptor {
 public:
  struct Settings {
    std::string name;  // of the listener
    std::string address;
    std::uint16_t port = 0;  // 0: any free one
    // If it is not empty, a local socket is made at this path, which only the process's own user may open (mode 0600);
    // address and port are not used. A socket that an earlier process left there is replaced, so the folder must belong
    // to this process alone.
    std::string path = {};
  };
  // The socket's executor is that of its io thread.
  using OnSocket = std::function<void(IoSocket socket, std::size_t io_thread)>;

  StreamAcceptor(IoRuntime& runtime, Settings settings, Metrics& metrics, Log& log);
  ~StreamAcceptor() { stop(); }
  StreamAcceptor(const StreamAcceptor&) = delete;
  StreamAcceptor& operator=(const StreamAcceptor&) = delete;

  // start() then accepts on this socket, which listens already, and opens none.
  void take_over(int listening);
  // REQUIRES: called once.
  [[nodiscard]] Status start(OnSocket on_socket);
  // The descriptor of the socket that it listens on, which stays its own. No connection is lost between two acceptors
  // of one socket: what waits to be accepted stays while one of them is open. -1: it is a local one, or start() has not
  // succeeded, or stop() was called.
  [[nodiscard]] int listening_socket() const noexcept { return listening_; }
  // 0 for a local socket. REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Afterwards the path of a local socket no longer exists.
  void stop();

 private:
  struct State;
  [[nodiscard]] Status listen_on_port();
  [[nodiscard]] Status listen_on_path();
  static void hand_over(State& state, IoSocket socket, std::size_t io_thread);
  static void tell_of_exhaustion(State& state, const IoError& error);
  static IoAwait<void> accept_one(State& state);
  static IoAwait<void> accept_all(std::shared_ptr<State> state);

  // Shared with the accepting coroutine, which may outlive this object.
  const std::shared_ptr<State> state_;
  std::uint16_t port_ = 0;
  int listening_ = -1;  // the acceptor's own
  bool started_ = false;
};

// The address of the peer, which for a local socket is 127.0.0.1. nullopt: the connection has ended already.
[[nodiscard]] std::optional<IpAddress> peer_address_of(const IoSocket& socket) noexcept;

}  // namespace straykey
