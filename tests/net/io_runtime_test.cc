#include "net/io/io_runtime.h"

#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("each context runs on a thread of its own, and an exception neither ends it nor goes uncounted") {
  Log log({LogLevel::error, false});
  Metrics metrics;
  IoRuntime runtime({2}, log, metrics);
  runtime.start();
  boost::asio::post(runtime.context(0), [] { throw std::runtime_error("planted"); });
  boost::asio::post(runtime.context(0), [] { throw 1; });
  std::promise<std::thread::id> first;
  std::promise<std::thread::id> second;
  boost::asio::post(runtime.context(0), [&] { first.set_value(std::this_thread::get_id()); });
  runtime.call_soon(1, [&] { second.set_value(std::this_thread::get_id()); });
  CHECK(first.get_future().get() != second.get_future().get());
  CHECK(metrics.counter("straykey_io_exceptions_total", "").value() == 2);
  runtime.stop();
  runtime.stop();
}

}  // namespace straykey
