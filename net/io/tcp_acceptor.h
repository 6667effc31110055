#pragma once
// TcpAcceptor: one listening socket; what it accepts is dealt to the io threads in turn.
//
// Order:  start(), ..., stop(), then IoRuntime::stop(). on_socket is not called any more once stop() has returned.
// Thread: start-up and shut-down by one thread, which is no io thread; on_socket runs on the first io thread.
// Errors: start() says in one sentence why it cannot listen. No error ends accepting: out of descriptors or memory, it
//         pauses for 100 ms and goes on.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "core/location/ip_address.h"
#include "net/io/io_runtime.h"

namespace straykey {

class TcpAcceptor {
 public:
  struct Settings {
    std::string name;  // of the listener
    std::string address;
    std::uint16_t port = 0;  // 0: any free one
  };
  // The socket's executor is that of its io thread.
  using OnSocket = std::function<void(IoSocket socket, std::size_t io_thread)>;

  TcpAcceptor(IoRuntime& runtime, Settings settings, Metrics& metrics, Log& log);
  ~TcpAcceptor() { stop(); }
  TcpAcceptor(const TcpAcceptor&) = delete;
  TcpAcceptor& operator=(const TcpAcceptor&) = delete;

  // REQUIRES: called once.
  [[nodiscard]] Status start(OnSocket on_socket);
  // REQUIRES: start() succeeded.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  void stop();

 private:
  struct State;
  static void hand_over(State& state, IoSocket socket, std::size_t io_thread);
  static IoAwait<void> accept_one(State& state);
  static IoAwait<void> accept_all(std::shared_ptr<State> state);

  // Shared with the accepting coroutine, which may outlive this object.
  const std::shared_ptr<State> state_;
  std::uint16_t port_ = 0;
  bool started_ = false;
};

// As our own type; IPv4 in its one form.
[[nodiscard]] IpAddress ip_address_of(const boost::asio::ip::address& address) noexcept;

}  // namespace straykey
