#include "core/base/result.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "tests/support/aborts.h"

namespace straykey {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) return Error{"it is odd"};
  return number / 2;
}

TEST_CASE("result: it is a value or an error, never both") {
  const Result<int> good = half_of(4), bad = half_of(3);
  CHECK(good.ok());
  CHECK_EQ(good.value(), 2);
  CHECK_FALSE(bad.ok());
  CHECK_EQ(bad.error().message, "it is odd");
}

TEST_CASE("result: asking for what is not there stops the process") {
  const Result<int> good = half_of(4), bad = half_of(3);
  CHECK(aborts([&] { (void)bad.value(); }));
  CHECK(aborts([&] { (void)good.error(); }));
  CHECK(aborts([&] { (void)Status().error(); }));
}

TEST_CASE("result: a value that cannot be copied is moved out") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  CHECK_EQ(**result, 7);
  const std::unique_ptr<int> taken = std::move(result).value();
  CHECK_EQ(*taken, 7);
}

TEST_CASE("result: a status is well until it carries an error") {
  CHECK(Status().ok());
  const Status failed = Error{"the disk is full"};
  CHECK_FALSE(failed.ok());
  CHECK_EQ(failed.error().message, "the disk is full");
}

}  // namespace
}  // namespace straykey
