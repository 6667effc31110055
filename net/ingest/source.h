#pragma once
// Source: a way in that takes events from the world by itself: a listener, or a queue that is polled. The server holds
// a list of them.
//
// Order:  start(), reload() any number of times, drain(), destruction; IoRuntime::stop() after drain().
// Thread: start-up and shut-down by one thread, which is no io thread.
// Errors: start() and reload() say in one sentence what is wrong; a failed reload keeps what there was.
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Of its settings: "ingest", "syslog_udp". Its metrics carry it as label.
  [[nodiscard]] virtual std::string_view name() const = 0;
  // REQUIRES: called once. `now` is UTC, for the validity of certificates.
  [[nodiscard]] virtual Status start(Seconds now) = 0;
  // Where events come from: "https://0.0.0.0:8443". REQUIRES: start() succeeded.
  [[nodiscard]] virtual std::string url() const = 0;
  // Reads its files again: certificates, secrets.
  [[nodiscard]] virtual Status reload(Seconds now) = 0;
  // Takes nothing new, and waits at most `grace` until all that it took is stored. Blocks. True if all of it is.
  virtual bool drain(std::chrono::milliseconds grace) = 0;
};

// A source that listens, so that a new one may take its place, at the same address or at another.
class ListeningSource : public Source {
 public:
  // The descriptor of the socket that it listens on, which stays its own. The new one listens on that socket, too, if
  // it has the same address: then no connection is lost between the two.
  [[nodiscard]] virtual int listening_socket() const = 0;
  // start() then listens on this socket. REQUIRES: before start(); `socket` is open.
  virtual void take_over(int socket) = 0;
  // Takes nothing new, and lets those who are connected end what they are at, for `patience` at most. Does not wait.
  virtual void retire(std::chrono::milliseconds patience) = 0;
  [[nodiscard]] virtual std::size_t connections() const = 0;
};

}  // namespace straykey
