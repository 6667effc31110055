#include "core/engine/learned_facts.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

const FactRef kFact{FactKind::identity_tool, "111122223333/orders", "boto3"};

TEST_CASE("learned facts: a fact is held for the day with which it was added, and for no other") {
  LearnedFacts facts;
  CHECK_FALSE(facts.holds(kFact, 20'000));
  facts.add(kFact, 20'000);
  CHECK(facts.holds(kFact, 20'000));
  CHECK_FALSE(facts.holds(kFact, 20'001));
  facts.add(kFact, 20'001);
  CHECK(facts.holds(kFact, 20'001));
}

TEST_CASE("learned facts: kind, scope and value all tell facts apart, also where their texts joined are the same") {
  LearnedFacts facts;
  facts.add({FactKind::identity_tool, "ab", "c"}, 20'000);
  CHECK_FALSE(facts.holds({FactKind::identity_tool, "a", "bc"}, 20'000));
  CHECK_FALSE(facts.holds({FactKind::identity_runtime, "ab", "c"}, 20'000));
  CHECK_FALSE(facts.holds({FactKind::identity_tool, "ab", "d"}, 20'000));
  CHECK_FALSE(facts.holds({FactKind::identity_tool, "ab", ""}, 20'000));
}

TEST_CASE("learned facts: of facts that end alike and share a place only the last one is held") {
  LearnedFacts facts;
  const FactRef same_place{FactKind::identity_tool, "999922223333/orders", "boto3"};
  facts.add(kFact, 20'000);
  facts.add(same_place, 20'000);
  CHECK(facts.holds(same_place, 20'000));
  CHECK_FALSE(facts.holds(kFact, 20'000));
}

TEST_CASE("learned facts: nothing is held after forget()") {
  LearnedFacts facts;
  facts.add(kFact, 20'000);
  facts.forget();
  CHECK_FALSE(facts.holds(kFact, 20'000));
}

TEST_CASE("learned facts: texts over their bound are not remembered") {
  LearnedFacts facts;
  const std::string most(LearnedFacts::kTextsBytesMax, 'x'), more = most + 'x';
  facts.add({FactKind::account, most, ""}, 20'000);
  CHECK(facts.holds({FactKind::account, most, ""}, 20'000));
  facts.add({FactKind::account, more, ""}, 20'000);
  CHECK_FALSE(facts.holds({FactKind::account, more, ""}, 20'000));
}

}  // namespace
}  // namespace straykey
