#pragma once
// ProxiedSession: a connection that a load balancer brings. It reads the PROXY header, and is then the session of the
// client that the header names.
//
// Thread: io (the connection's own).
// Bounds: kProxyHeaderPatience for the header; the bounds of proxy_header.h.
// Errors: on_bad_header for one that is not as the specification says, or does not come in time; the connection ends.
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "net/io/proxy_header.h"
#include "net/io/stream_session.h"

namespace straykey {

inline constexpr std::chrono::milliseconds kProxyHeaderPatience{5'000};

class ProxiedSession final : public StreamSession {
 public:
  struct Callbacks {
    // The session of that client; nullptr: it is refused.
    std::function<std::shared_ptr<StreamSession>(IoSocket socket, StreamPeer peer)> open;
    std::function<void(const IpAddress& proxy)> on_bad_header;
  };
  ProxiedSession(IoSocket socket, StreamPeer peer, std::shared_ptr<StreamDraining> draining, Callbacks callbacks)
      : until_(std::chrono::steady_clock::now() + kProxyHeaderPatience),
        callbacks_(std::move(callbacks)),
        draining_(std::move(draining)),
        socket_(std::move(socket)),
        peer_(peer) {}

  IoAwait<void> run() override;
  void sweep(TimePoint now) override;
  void give_way() override;

 private:
  // nullopt: it is malformed, or the connection ended.
  IoAwait<std::optional<ProxyHeader>> read_header();
  // Appends so many bytes to received_.
  IoAwait<bool> receive(std::size_t bytes);
  void close() noexcept;

  const TimePoint until_;
  const Callbacks callbacks_;
  const std::shared_ptr<StreamDraining> draining_;
  IoSocket socket_;
  StreamPeer peer_;
  std::string received_;
  std::shared_ptr<StreamSession> session_;  // once the header is there
};

}  // namespace straykey
