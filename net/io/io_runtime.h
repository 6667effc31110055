#pragma once
// IoRuntime: the io threads. Each has an io_context of its own, so that what lives on one thread needs no lock.
//
// Thread: start-up constructs, starts and stops; context() any.
// Order:  drain the servers first, because stop() discards work that has not run. Other threads must have sent their
//         last reply before the runtime is destroyed.
// Errors: an exception that leaves a handler is logged and counted, and its thread runs on.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/base/metrics.h"

namespace straykey {

using IoExecutor = boost::asio::io_context::executor_type;
// A stream of any kind that can be accepted: TCP, or local (AF_UNIX).
using IoSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, IoExecutor>;
using IoError = boost::system::error_code;
template <class T>
using IoAwait = boost::asio::awaitable<T, IoExecutor>;

class IoRuntime {
 public:
  struct Settings {
    std::size_t threads = 2;
  };
  IoRuntime(Settings settings, Log& log, Metrics& metrics);
  ~IoRuntime();
  IoRuntime(const IoRuntime&) = delete;
  IoRuntime& operator=(const IoRuntime&) = delete;

  // REQUIRES: called once.
  void start();
  // Ends all threads; may be called more than once.
  void stop();

  [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }
  // Calls it on thread i, behind the work that is ready there now. May be called on any thread. REQUIRES: i <
  // threads().
  void call_soon(std::size_t i, std::function<void()> call);
  // Calls it on thread i when so much time has passed, if the threads run then.
  void call_later(std::size_t i, std::chrono::milliseconds wait, std::function<void()> call);
  // REQUIRES: i < threads().
  [[nodiscard]] boost::asio::io_context& context(std::size_t i) noexcept { return threads_[i]->context; }

 private:
  struct Thread {
    boost::asio::io_context context{1};  // one thread runs it
    boost::asio::executor_work_guard<IoExecutor> work{context.get_executor()};
    std::thread thread;
  };
  void run(boost::asio::io_context& context);

  Log& log_;
  Counter& exceptions_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace straykey
