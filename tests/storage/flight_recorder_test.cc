#include "storage/flight_recorder.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "core/event/record_in_hand.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::unique_ptr<FlightRecorder> opened(const TemporaryDirectory& directory) {
  auto recorder = FlightRecorder::open(directory.path());
  REQUIRE(recorder.ok());
  return std::move(recorder).value();
}

// A process that works on `record` and ends by `signal`.
int crash(const TemporaryDirectory& directory, std::string_view record, int signal) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int fatal : {SIGABRT, SIGBUS, SIGFPE}) ::signal(fatal, SIG_DFL);  // not the test program's
    auto recorder = FlightRecorder::open(directory.path());
    if (!recorder.ok()) ::_exit(9);
    recorder.value()->watch();
    const RecordInHand outer("a record that is finished");
    const RecordInHand in_hand(record);
    ::raise(signal);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

TEST_CASE("flight recorder: a record that was in hand in two crashes is poisoned, one of a single crash is suspected") {
  const TemporaryDirectory directory;
  CHECK_EQ(crash(directory, "once and twice", SIGABRT), SIGABRT);
  CHECK_EQ(crash(directory, "once", SIGBUS), SIGBUS);
  {
    const auto recorder = opened(directory);
    CHECK_EQ(recorder->suspected_count(), 2);
    CHECK(recorder->poisoned().empty());
  }
  CHECK_EQ(crash(directory, "once and twice", SIGFPE), SIGFPE);
  const auto recorder = opened(directory);
  CHECK_EQ(recorder->suspected_count(), 1);
  CHECK_EQ(recorder->poisoned_count(), 1);
  CHECK(recorder->poisoned().contains("once and twice"));
  CHECK_FALSE(recorder->poisoned().contains("once"));
  CHECK_FALSE(recorder->poisoned().contains("a record that is finished"));
}

TEST_CASE("flight recorder: kill -9 and a crash with nothing in hand blame nobody") {
  const TemporaryDirectory directory;
  for (int i = 0; i < 3; ++i) {
    CHECK_EQ(crash(directory, "innocent", SIGKILL), SIGKILL);
    CHECK_EQ(crash(directory, "", SIGABRT), SIGABRT);
  }
  const auto recorder = opened(directory);
  CHECK_EQ(recorder->suspected_count() + recorder->poisoned_count(), 0);
}

TEST_CASE("flight recorder: of more records than it has places the oldest go") {
  const TemporaryDirectory directory;
  for (std::size_t i = 0; i <= FlightRecorder::kCrashesMax; ++i)
    REQUIRE_EQ(crash(directory, "record " + std::to_string(i), SIGABRT), SIGABRT);
  CHECK_EQ(opened(directory)->suspected_count(), FlightRecorder::kCrashesMax);
  CHECK_EQ(crash(directory, "record 0", SIGABRT), SIGABRT);
  CHECK_EQ(opened(directory)->poisoned_count(), 0);
}

TEST_CASE("flight recorder: a damaged file is begun anew, and a directory in its place is an error") {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/flight") << std::string(5'000, 'x');
  CHECK_EQ(opened(directory)->suspected_count(), 0);
  CHECK_EQ(crash(directory, "r", SIGABRT), SIGABRT);
  CHECK_EQ(opened(directory)->suspected_count(), 1);
  CHECK_FALSE(FlightRecorder::open("/proc").ok());
}

TEST_CASE("flight recorder: what is in hand is the innermost record, and the outer one again after it") {
  CHECK_EQ(RecordInHand::current(), "");
  const RecordInHand outer("outer");
  {
    const RecordInHand inner("inner");
    CHECK_EQ(RecordInHand::current(), "inner");
  }
  CHECK_EQ(RecordInHand::current(), "outer");
}

}  // namespace
}  // namespace straykey
