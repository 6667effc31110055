// Messages between their poll and their end.
#include "net/ingest/kafka_in_hand.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace straykey {
namespace {

const KafkaPartition kZero{"trail", 0}, kOne{"trail", 1};

std::vector<std::int64_t> offsets_of(const KafkaBatch& batch) {
  std::vector<std::int64_t> offsets;
  for (const KafkaBatch::Message& message : batch.messages) offsets.push_back(message.offset);
  return offsets;
}

// One message a batch: each is larger than half of what a batch takes.
void add_large(KafkaInHand& in_hand, const KafkaPartition& partition, std::int64_t offset) {
  in_hand.add(partition, offset, std::string(KafkaInHand::kBatchBytesMax / 2 + 1, 'x'), {0});
}

}  // namespace

TEST_CASE("a partition is stored up to the first message that is not") {
  KafkaInHand in_hand(std::size_t{64} << 20);
  in_hand.assign(kZero);
  for (std::int64_t offset = 10; offset < 13; ++offset) add_large(in_hand, kZero, offset);
  CHECK_EQ(in_hand.next(kZero), 13);
  const auto first = in_hand.take(), second = in_hand.take(), third = in_hand.take();
  in_hand.finish(*third, true);
  in_hand.finish(*second, true);
  CHECK_EQ(in_hand.take_stored(), std::vector<KafkaPosition>{{kZero, 10}});
  in_hand.finish(*first, true);
  CHECK_EQ(in_hand.take_stored(), std::vector<KafkaPosition>{{kZero, 13}});
  CHECK(in_hand.take_stored().empty());
  in_hand.give_back({{kZero, 13}});  // its commit failed
  CHECK_EQ(in_hand.take_stored(), std::vector<KafkaPosition>{{kZero, 13}});
}

TEST_CASE("small messages of all partitions go together, as many as a batch takes") {
  KafkaInHand in_hand(std::size_t{64} << 20);
  in_hand.assign(kZero);
  in_hand.assign(kOne);
  for (std::int64_t offset = 0; offset < 3; ++offset) {
    in_hand.add(kZero, offset, "a", {1'000 + offset});
    in_hand.add(kOne, offset, "b", {0});
  }
  const auto batch = in_hand.take();
  CHECK_EQ(offsets_of(*batch), std::vector<std::int64_t>{0, 0, 1, 1, 2, 2});
  CHECK_EQ(batch->bytes, 6);
  CHECK_EQ(batch->newest_ms, 1'002);
  for (std::int64_t offset = 3; offset < 3 + 1'500; ++offset) in_hand.add(kZero, offset, "a", {0});
  CHECK_EQ(in_hand.take()->messages.size(), KafkaInHand::kBatchMessagesMax);
}

TEST_CASE("a message that needs no work moves the position on in its turn") {
  KafkaInHand in_hand(1'000);
  in_hand.assign(kZero);
  in_hand.add(kZero, 5, "a", {0});
  in_hand.pass(kZero, 6);
  CHECK_EQ(in_hand.stored(kZero), 5);
  in_hand.finish(*in_hand.take(), true);
  CHECK_EQ(in_hand.stored(kZero), 7);
}

TEST_CASE("what is finished of a partition that went away, or began anew, does not count") {
  KafkaInHand in_hand(std::size_t{64} << 20);
  in_hand.assign(kZero);
  add_large(in_hand, kZero, 10);
  add_large(in_hand, kZero, 11);
  const auto begun = in_hand.take();
  in_hand.revoke({kZero});
  CHECK(in_hand.partitions().empty());
  in_hand.add(kZero, 12, "late", {0});  // it had been fetched already
  in_hand.assign(kZero, 10);
  in_hand.finish(*begun, true);
  CHECK_EQ(in_hand.stored(kZero), 10);
  in_hand.add(kZero, 10, "again", {0});
  const auto again = in_hand.take();
  CHECK_EQ(offsets_of(*again), std::vector<std::int64_t>{10});
  in_hand.finish(*again, true);
  CHECK_EQ(in_hand.stored(kZero), 11);
}

TEST_CASE("a batch that could not be stored names its partitions, and nothing of it counts") {
  KafkaInHand in_hand(1'000);
  in_hand.assign(kZero);
  in_hand.assign(kOne);
  in_hand.add(kZero, 1, "a", {0});
  in_hand.add(kOne, 1, "b", {0});
  in_hand.finish(*in_hand.take(), false);
  CHECK_EQ(in_hand.take_failed(), std::vector<KafkaPartition>{kZero, kOne});
  CHECK(in_hand.take_failed().empty());
  CHECK_EQ(in_hand.stored(kZero), 1);
}

TEST_CASE("what waits is bounded by bytes, and a stop hands nothing more out") {
  KafkaInHand in_hand(10);
  in_hand.assign(kZero);
  CHECK(in_hand.has_room());
  in_hand.add(kZero, 0, "0123456789", {0});
  CHECK_FALSE(in_hand.has_room());
  CHECK_FALSE(in_hand.has_much_room());
  (void)in_hand.take();
  CHECK(in_hand.has_much_room());
  in_hand.add(kZero, 1, "x", {0});
  in_hand.stop();
  CHECK_FALSE(in_hand.take());
}

TEST_CASE("whatever order batches end in, a position never passes a message that is not stored") {
  std::mt19937 chance(7);
  KafkaInHand in_hand(std::size_t{1} << 30);
  std::int64_t next = 100;
  std::set<std::int64_t> open;
  std::vector<KafkaBatch> begun;
  in_hand.assign(kZero, next);
  for (int step = 0; step < 3'000; ++step) {
    switch (chance() % 3) {
      case 0:
        next += 1 + chance() % 3;  // offsets have gaps
        open.insert(next);
        add_large(in_hand, kZero, next++);
        break;
      case 1:
        if (begun.size() < open.size()) begun.push_back(*in_hand.take());
        break;
      default:
        if (begun.empty()) break;
        std::swap(begun.back(), begun[chance() % begun.size()]);
        for (const KafkaBatch::Message& message : begun.back().messages) open.erase(message.offset);
        in_hand.finish(begun.back(), true);
        begun.pop_back();
    }
    if (!open.empty()) REQUIRE_LE(*in_hand.stored(kZero), *open.begin());
    if (open.empty()) REQUIRE_EQ(*in_hand.stored(kZero), next);
  }
}

TEST_CASE("messages of a later day wait until those of earlier days that were begun have finished") {
  KafkaInHand in_hand(1'000'000);
  in_hand.assign(kZero);
  in_hand.assign(kOne);
  in_hand.add(kZero, 0, "a", {.day = 100});
  in_hand.add(kOne, 0, "b", {.day = 100});
  in_hand.add(kZero, 1, "c", {.day = 101});
  in_hand.add(kOne, 1, "d", {.day = 99});
  in_hand.add(kOne, 2, "e", {});
  const auto first = in_hand.take();
  REQUIRE(first.has_value());
  CHECK_EQ(first->messages.size(), 2);
  std::optional<KafkaBatch> second;
  std::thread worker([&] { second = in_hand.take(); });
  in_hand.finish(*first, true);
  worker.join();
  REQUIRE(second.has_value());
  CHECK_EQ(second->messages.front().value, "c");
  CHECK_EQ(second->messages.size(), 3);  // what is of an earlier day, or of an unknown one, waits for nobody
  in_hand.finish(*second, true);
  CHECK_EQ(in_hand.stored(kZero), 2);
  CHECK_EQ(in_hand.stored(kOne), 3);
}

}  // namespace straykey
