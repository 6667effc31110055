#include "net/io/io_runtime.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "core/base/cpu.h"
#include "core/base/invariant.h"

namespace straykey {

IoRuntime::IoRuntime(Settings settings, Log& log, Metrics& metrics)
    : log_(log),
      exceptions_(
          metrics.counter("straykey_io_exceptions_total", "Exceptions that came out of a handler of an io thread.")) {
  INVARIANT(settings.threads > 0);
  for (std::size_t i = 0; i < settings.threads; ++i) threads_.push_back(std::make_unique<Thread>());
}

IoRuntime::~IoRuntime() {
  stop();
}

void IoRuntime::start() {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    INVARIANT(!threads_[i]->thread.joinable());
    threads_[i]->thread = std::thread([this, i] {
      name_this_thread("io-" + std::to_string(i));
      run(threads_[i]->context);
    });
  }
}

void IoRuntime::call_soon(std::size_t i, std::function<void()> call) {
  boost::asio::post(threads_[i]->context, std::move(call));
}

void IoRuntime::call_later(std::size_t i, std::chrono::milliseconds wait, std::function<void()> call) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(threads_[i]->context, wait);
  timer->async_wait([timer, call = std::move(call)](const IoError& error) {
    if (!error) call();
  });
}

void IoRuntime::stop() {
  for (const auto& one : threads_) one->context.stop();
  for (const auto& one : threads_)
    if (one->thread.joinable()) one->thread.join();
}

void IoRuntime::run(boost::asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;  // stopped: the work guard keeps it from ending otherwise
    } catch (const std::exception& error) {
      exceptions_.add();
      log_.error("an io handler threw", {{"what", error.what()}});
    } catch (...) {
      exceptions_.add();
      log_.error("an io handler threw something that is no exception");
    }
  }
}

}  // namespace straykey
