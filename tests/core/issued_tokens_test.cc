#include "core/identity/issued_tokens.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr Day kDay = 19'803;

IssuedToken issued(const std::string& service, Day day) {
  return {service, {}, day};
}

std::string service_on(const IssuedTokens& tokens, Day day) {
  const IssuedToken* const token = tokens.on(day);
  return token == nullptr ? "none" : token->service + '.';
}

TEST_CASE("issued tokens: an event speaks from two days before it to two days after") {
  const IssuedTokens tokens(issued("lambda", kDay));
  for (const Day day : {kDay - 2, kDay - 1, kDay, kDay + 1, kDay + 2}) CHECK_EQ(service_on(tokens, day), "lambda.");
  for (const Day day : {Day{0}, kDay - 3, kDay + 3, ~Day{0} - 2}) CHECK_EQ(service_on(tokens, day), "none");
  CHECK_EQ(service_on(IssuedTokens(issued("lambda", 0)), 0), "lambda.");
  CHECK_EQ(service_on(IssuedTokens{}, kDay), "none");
}

TEST_CASE("issued tokens: of several events the weightiest decides, then the nearest, then the one before") {
  const std::vector<IssuedToken> events{issued("lambda", kDay), issued("", kDay + 1), issued("ecs", kDay + 4)};
  std::vector<std::size_t> order{0, 1, 2};
  do {
    IssuedTokens tokens;
    for (const std::size_t i : order) CHECK(tokens.add(events[i]));
    CHECK_EQ(service_on(tokens, kDay + 1), "lambda.");  // a person's weighs less
    CHECK_EQ(service_on(tokens, kDay + 2), "lambda.");  // as near as the task's
    CHECK_EQ(service_on(tokens, kDay + 3), "ecs.");
    CHECK(tokens.decides(events[2], kDay + 3));
    CHECK_FALSE(tokens.decides(events[1], kDay + 3));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("issued tokens: of one day the weightiest stays, whichever came first, and the same again is no news") {
  IssuedTokens tokens;
  CHECK(tokens.add(issued("", kDay)));
  CHECK_FALSE(tokens.add(issued("", kDay)));
  CHECK(tokens.add(issued("ecs", kDay)));
  CHECK_FALSE(tokens.add(issued("lambda", kDay)));
  CHECK_FALSE(tokens.add(issued("", kDay)));
  CHECK(tokens.contains(issued("ecs", kDay)));
  CHECK_FALSE(tokens.contains(issued("", kDay)));
  CHECK_EQ(tokens.all().size(), 1);
}

TEST_CASE("issued tokens: the oldest days go") {
  IssuedTokens tokens;
  constexpr Day kDays = IssuedTokens::kMax + 12;
  for (Day day = 0; day < kDays; ++day) CHECK(tokens.add(issued("lambda", kDay + day)));
  CHECK_EQ(tokens.all().size(), IssuedTokens::kMax);
  CHECK_EQ(tokens.all().back().issued_day, kDay + kDays - 1);
  CHECK_FALSE(tokens.add(issued("ecs", kDay)));
  CHECK_EQ(tokens.all().size(), IssuedTokens::kMax);
}

TEST_CASE("issued tokens: rows come back as they were, one token as by itself, and what was cut or changed is none") {
  IssuedTokens tokens(issued("lambda", kDay));
  CHECK_EQ(encode(tokens), encode(issued("lambda", kDay)));
  CHECK_EQ(decode_issued_tokens(encode(tokens)), tokens);
  IssuedToken waits = issued("", kDay + 5);
  waits.waits = true;
  tokens.add(waits);
  const std::string whole = encode(tokens);
  CHECK_EQ(decode_issued_tokens(whole), tokens);
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(decode_issued_tokens(whole.substr(0, size)));
  CHECK_FALSE(decode_issued_tokens(whole + 'x'));
  CHECK_FALSE(decode_issued_tokens(whole + whole.substr(1)));  // the days must come in their order
}

}  // namespace
}  // namespace straykey
