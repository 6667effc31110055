#include "core/engine/judged_marks.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/engine/memory_store.h"
#include "core/engine/sequence.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Bench {
  MemoryAlertStore alerts;
  JudgedMarks marks;

  void commit() { REQUIRE(end(true)); }
  void fail() { REQUIRE_FALSE(end(false)); }
  // Whether it was committed.
  bool end(bool well) {
    const auto writer = alerts.write();
    if (!well) alerts.fail_next_commit(CommitOutcome::failed);
    marks.write(*writer, 3);
    const bool committed = writer->commit() == CommitOutcome::committed;
    marks.settle(committed);
    return committed;
  }
  // As after a restart.
  std::uint64_t stored_mark() {
    JudgedMarks read;
    read.read(*alerts.read(), 3);
    return read.up_to();
  }
  std::set<std::uint64_t> stored_past(std::uint64_t most) {
    JudgedMarks read;
    read.read(*alerts.read(), 3);
    std::set<std::uint64_t> numbers;
    for (std::uint64_t number = read.up_to() + 1; number <= most; ++number)
      if (read.contains(number)) numbers.insert(number);
    CHECK_EQ(read.past_the_mark(), numbers.size());
    return numbers;
  }
};

TEST_CASE("judged marks: the mark stays before the first that waits; what is judged past it is on disk") {
  Bench bench;
  bench.marks.note(4, 5);
  bench.marks.note(9, 9);
  bench.commit();
  CHECK_EQ(bench.marks.up_to(), 0);
  CHECK_EQ(bench.stored_mark(), 0);
  CHECK_EQ(bench.stored_past(20), std::set<std::uint64_t>{4, 5, 9});
  bench.marks.note(1, 3);
  CHECK(bench.marks.contains(5));
  CHECK_EQ(bench.marks.up_to(), 0);  // until the commit
  bench.commit();
  CHECK_EQ(bench.marks.up_to(), 5);
  CHECK_EQ(bench.stored_past(20), std::set<std::uint64_t>{9});
  bench.marks.note(6, 8);
  bench.commit();
  CHECK_EQ(bench.stored_mark(), 9);
  CHECK_FALSE(bench.alerts.read()->get(Table::progress, judged_ahead_key(3)));
}

TEST_CASE("judged marks: a failed commit leaves everything as it was") {
  Bench bench;
  bench.marks.note(1, 2);
  bench.marks.note(7, 7);
  bench.commit();
  bench.marks.note(3, 6);
  bench.marks.note(9, 9);
  bench.fail();
  CHECK_EQ(bench.marks.up_to(), 2);
  CHECK(bench.marks.contains(7));
  for (const std::uint64_t number : {3, 6, 8, 9}) CHECK_FALSE(bench.marks.contains(number));
  bench.commit();
  CHECK_EQ(bench.stored_mark(), 2);
  CHECK_EQ(bench.stored_past(20), std::set<std::uint64_t>{7});
}

TEST_CASE("judged marks: what the partition assigns next was never judged; a mark moved by another program counts") {
  Bench bench;
  bench.marks.note(4, 8);
  bench.commit();
  bench.marks.forget_from(6);
  bench.commit();
  CHECK_EQ(bench.stored_past(20), std::set<std::uint64_t>{4, 5});
  const auto writer = bench.alerts.write();
  writer->put(Table::progress, judged_mark_key(3), encode_sequence(4));
  REQUIRE(writer->commit() == CommitOutcome::committed);
  CHECK_EQ(bench.stored_mark(), 4);
  CHECK_EQ(bench.stored_past(20), std::set<std::uint64_t>{5});
}

TEST_CASE("judged marks: like a plain set of numbers, over commits, failures and restarts") {
  std::mt19937 random(5);
  Bench bench;
  std::set<std::uint64_t> committed, staged;
  for (int step = 0; step < 3'000; ++step) {
    const std::uint64_t first = 1 + random() % 400, last = first + random() % 3;
    bench.marks.note(first, last);
    for (std::uint64_t number = first; number <= last; ++number) staged.insert(number);
    if (random() % 4 == 0) {
      const bool well = bench.end(random() % 3 != 0);
      (well ? committed : staged) = well ? staged : committed;
    }
    for (std::uint64_t number = 1; number <= 410; number += 1 + random() % 40)
      REQUIRE_EQ(bench.marks.contains(number), staged.contains(number));
  }
  std::uint64_t mark = 0;
  while (committed.contains(mark + 1)) ++mark;
  CHECK_EQ(bench.stored_mark(), mark);
  std::erase_if(committed, [&](std::uint64_t number) { return number <= mark; });
  CHECK_EQ(bench.stored_past(410), committed);
}

}  // namespace
}  // namespace straykey
