#pragma once
// SocketPair: both ends of a local connection on one thread: a session of ours at one end, bytes at the other.
//
// Thread: one.
// Bounds: an exchange in which the session neither reads, writes nor ends for kPatience ends the process.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/invariant.h"
#include "net/io/io_runtime.h"

namespace straykey {

class SocketPair {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  SocketPair() {
    int ends[2];
    INVARIANT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    theirs_ = ends[0];
    ours_ = ends[1];
  }
  ~SocketPair() {
    close(theirs_);
    if (ours_ >= 0) close(ours_);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  // REQUIRES: called once.
  [[nodiscard]] IoSocket take_socket() {
    const int ours = ours_;
    ours_ = -1;
    return {context_, boost::asio::generic::stream_protocol(AF_UNIX, SOCK_STREAM), ours};
  }
  // Sends the bytes in pieces and then the end, and runs the session until it has ended. Returns what it answered.
  [[nodiscard]] std::string exchange(std::string_view bytes, std::size_t piece) {
    std::string answers;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    bool open = true;
    while (open && !bytes.empty()) {
      const ssize_t sent = send(theirs_, bytes.data(), std::min(bytes.size(), piece), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      open = sent >= 0 || errno == EAGAIN;
      context_.poll();
      receive(answers);
      INVARIANT(std::chrono::steady_clock::now() < deadline);
    }
    shutdown(theirs_, SHUT_WR);
    while (!context_.stopped()) {
      context_.run_one_for(std::chrono::milliseconds(1));
      context_.poll();
      receive(answers);
      INVARIANT(std::chrono::steady_clock::now() < deadline);
    }
    receive(answers);
    return answers;
  }

 private:
  void receive(std::string& answers) const {
    char bytes[16 * 1024];
    for (ssize_t size = 1; size > 0;) {
      size = recv(theirs_, bytes, sizeof bytes, 0);
      if (size > 0) answers.append(bytes, static_cast<std::size_t>(size));
    }
  }

  boost::asio::io_context context_{1};
  int theirs_ = -1, ours_ = -1;
};

}  // namespace straykey
