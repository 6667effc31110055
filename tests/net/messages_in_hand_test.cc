#include "net/ingest/messages_in_hand.h"

#include <doctest/doctest.h>

#include <thread>

using namespace straykey;

namespace {

constexpr Seconds kDay = 1'795'996'800;  // 30 November 2026

MessageInHand message(const std::string& id, std::optional<Seconds> time) {
  MessageInHand made;
  made.message.id = id;
  made.time = time;
  return made;
}

}  // namespace

TEST_CASE("messages are begun in the order of their times, and no day before the one before it is done") {
  MessagesInHand hand(8);
  hand.add(message("tomorrow", kDay + kSecondsPerDay));
  hand.add(message("evening", kDay + 70'000));
  hand.add(message("morning", kDay + 30'000));
  const auto morning = hand.take();
  CHECK_EQ(morning->message.id, "morning");
  const auto evening = hand.take();
  CHECK_EQ(evening->message.id, "evening");
  MessagesInHand::Held next;
  std::thread waiting([&] { next = hand.take(); });
  hand.finish(morning);
  CHECK(next == nullptr);  // one of its day is left
  hand.finish(evening);
  waiting.join();
  CHECK_EQ(next->message.id, "tomorrow");
}

TEST_CASE("a message without a day is begun at once, and holds nobody up") {
  MessagesInHand hand(8);
  hand.add(message("today", kDay));
  const auto today = hand.take();
  hand.add(message("tomorrow", kDay + kSecondsPerDay));
  hand.add(message("some time", std::nullopt));
  CHECK_EQ(hand.take()->message.id, "some time");
  hand.finish(today);
  CHECK_EQ(hand.take()->message.id, "tomorrow");
}

TEST_CASE("there is room again when half of it is free; at the stop what was not begun is left") {
  MessagesInHand hand(4);
  CHECK_EQ(hand.wait_for_room(), 4);
  for (const char* id : {"a", "b", "c"}) hand.add(message(id, kDay));
  std::size_t room = 0;
  std::thread waiting([&] { room = hand.wait_for_room(); });
  const auto first = hand.take();
  hand.finish(first);
  waiting.join();
  CHECK_EQ(room, 2);
  const auto second = hand.take();
  CHECK(hand.holds(second));
  CHECK(!hand.holds(first));
  CHECK_EQ(hand.all().size(), 2);
  hand.stop();
  CHECK(hand.take() == nullptr);
  CHECK_EQ(hand.wait_for_room(), 0);
  CHECK_EQ(hand.leave().size(), 1);
  CHECK(hand.leave().empty());
  CHECK_EQ(hand.all().size(), 1);
}

TEST_CASE("a message that takes too long holds up no later day") {
  MessagesInHand hand(8, std::chrono::milliseconds(0));
  hand.add(message("today", kDay));
  const auto today = hand.take();
  hand.add(message("tomorrow", kDay + kSecondsPerDay));
  const auto next = hand.take();
  CHECK_EQ(next->message.id, "tomorrow");
  hand.finish(today);
  hand.finish(next);
  CHECK(hand.all().empty());
}
