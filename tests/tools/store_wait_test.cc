#include "tools/store/store_wait.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"
#include "tools/store/open_directory.h"

namespace straykey {
namespace {

TEST_CASE("store wait: a store that another opening holds is waited for, and taken once it is free") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  auto other = open_or_create(path, [] { return false; });
  REQUIRE(other.ok());
  int pauses = 0;
  const auto opened = open_existing(path, [&] {
    if (++pauses == 3) other.value().reset();
    return true;
  });
  CHECK(opened.ok());
  CHECK_EQ(pauses, 3);
}

TEST_CASE("store wait: one that stays in use is a sentence that names the process, however often it was waited for") {
  const TemporaryDirectory parent;
  const std::string path = parent.path() + "/store";
  const auto other = open_or_create(path, [] { return false; });
  REQUIRE(other.ok());
  int pauses = 0;
  const auto refused = open_existing(path, [&] { return ++pauses < 5; });
  REQUIRE_FALSE(refused.ok());
  CHECK(is_in_use(refused.error()));
  CHECK_EQ(pauses, 5);
  CHECK(refused.error().message.starts_with(path + " is in use by another straykey"));
  if (const auto holder = lock_holder(path)) {
    CHECK_EQ(*holder, ::getpid());
    CHECK(refused.error().message.ends_with("(process " + std::to_string(::getpid()) + ")"));
  }
}

TEST_CASE("store wait: what waiting cannot mend is not waited for") {
  const TemporaryDirectory parent;
  const auto refused = open_existing(parent.path() + "/nowhere", [] {
    FAIL("it was waited for");
    return false;
  });
  REQUIRE_FALSE(refused.ok());
  CHECK_FALSE(is_in_use(refused.error()));
}

}  // namespace
}  // namespace straykey
