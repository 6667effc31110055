#include "core/base/queue.h"

#include <doctest/doctest.h>

#include <iterator>
#include <memory>
#include <thread>
#include <vector>

namespace straykey {
namespace {

TEST_CASE("queue: first in, first out for one producer") {
  Queue<int> queue(4);
  auto producer = queue.producer();
  for (int i = 0; i < 10; ++i) queue.push(producer, i);
  std::vector<int> out;
  CHECK_EQ(queue.pop_some(std::back_inserter(out), 4), 4);
  CHECK_EQ(out, std::vector<int>{0, 1, 2, 3});
  while (queue.pop_some(std::back_inserter(out), 4) != 0) {
  }
  CHECK_EQ(out, std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("queue: an empty one gives nothing, at once or after the wait") {
  Queue<int> queue(4);
  std::vector<int> out;
  CHECK_EQ(queue.pop_some(std::back_inserter(out), 4), 0);
  CHECK_EQ(queue.wait_pop_some(std::back_inserter(out), 4, 1), 0);
}

TEST_CASE("queue: values that cannot be copied pass through") {
  Queue<std::unique_ptr<int>> queue(4);
  queue.push(std::make_unique<int>(7));
  std::vector<std::unique_ptr<int>> out;
  REQUIRE_EQ(queue.wait_pop_some(std::back_inserter(out), 1, 1'000'000), 1);
  CHECK_EQ(*out.front(), 7);
}

TEST_CASE("queue: with four producers nothing is lost and each one's order is kept") {
  constexpr int kEach = 5'000;
  Queue<int> queue(64);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&queue, t] {
      auto producer = queue.producer();
      for (int i = 0; i < kEach; ++i) queue.push(producer, t * kEach + i);
    });
  }
  std::vector<int> out;
  while (out.size() < 4 * kEach) queue.wait_pop_some(std::back_inserter(out), 64, 1'000'000);
  for (std::thread& thread : threads) thread.join();
  std::vector<int> next{0, kEach, 2 * kEach, 3 * kEach};
  for (const int item : out) REQUIRE_EQ(item, next[static_cast<std::size_t>(item / kEach)]++);
}

}  // namespace
}  // namespace straykey
