#include "core/baseline/fact.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace straykey {
namespace {

constexpr HashKey kKey{1, 2};
constexpr Day kDay = 19'800;

TEST_CASE("fact: the key is of fixed size and differs by kind, scope and value") {
  const FactRef ref{FactKind::identity_network, "a", "bc"};
  CHECK_EQ(fact_key(kKey, ref).size(), kIdentityFactKeyBytes);
  CHECK_EQ(fact_key(kKey, {FactKind::network_identity, "a", "bc"}).size(), kFactKeyBytes);
  CHECK_NE(fact_key(kKey, ref), fact_key(kKey, {FactKind::identity_tool, "a", "bc"}));
  CHECK_NE(fact_key(kKey, ref), fact_key(kKey, {FactKind::identity_network, "ab", "c"}));
  CHECK_NE(fact_key(kKey, ref), fact_key({1, 3}, ref));
  CHECK_EQ(fact_key(kKey, {FactKind::account, std::string(100'000, 'x'), ""}).size(), kFactKeyBytes);
}

TEST_CASE("fact: all values of a scope lie under its prefix") {
  const std::string prefix = fact_scope_prefix(kKey, FactKind::identity_network, "a");
  CHECK(fact_key(kKey, {FactKind::identity_network, "a", "x"}).starts_with(prefix));
  CHECK_FALSE(fact_key(kKey, {FactKind::identity_network, "b", "x"}).starts_with(prefix));
}

TEST_CASE("fact: what is learned of an identity lies together, whatever its kind, and so do those of an account") {
  const auto key_of = [](FactKind kind, std::string_view scope) { return fact_key(kKey, {kind, scope, "value"}); };
  const std::string account = fact_account_prefix(kKey, "111122223333");
  const std::string network = key_of(FactKind::identity_network, "111122223333/orders");
  const std::string tool = key_of(weak_kind(FactKind::identity_tool), "111122223333/orders");
  const std::size_t of_identity = kIdentityFactKeyBytes - 9;  // without the kind and the value
  CHECK_EQ(network.substr(0, of_identity), tool.substr(0, of_identity));
  CHECK(network.starts_with(account));
  CHECK(key_of(FactKind::role_service, "111122223333/billing").starts_with(account));
  CHECK_FALSE(key_of(FactKind::role_service, "444455556666/billing").starts_with(account));
  CHECK_FALSE(key_of(FactKind::network_identity, "AS64511").starts_with(std::string(1, kOfIdentities)));
}

TEST_CASE("fact: the kind is read from any key, and keys of format 2 are told and renewed") {
  for (unsigned number = 1; number < kOfIdentities; ++number) {
    const FactRef ref{static_cast<FactKind>(number), "111122223333/orders", "AS64511"};
    const std::string key = fact_key(kKey, ref), old = fact_key_of_format_2(kKey, ref);
    CHECK(fact_kind(key) == ref.kind);
    CHECK(fact_kind(old) == ref.kind);
    CHECK_FALSE(is_key_of_format_2(key));
    CHECK_EQ(is_key_of_format_2(old), is_of_identity(ref.kind));
    if (is_key_of_format_2(old)) CHECK_EQ(renewed_fact_key(kKey, old, ref.scope), key);
  }
}

TEST_CASE("fact: the first day is the earliest, whatever the order") {
  Fact fact;
  CHECK(fact.seen(kDay));
  CHECK(fact.seen(kDay - 90));  // too old for the bits, not for the first day
  CHECK_FALSE(fact.seen(kDay));
  CHECK_EQ(fact.first_day, kDay - 90);
  CHECK_EQ(fact.presence.newest_day, kDay);
}

TEST_CASE("fact: merging commutes, associates and repeats without effect") {
  std::mt19937 random(23);
  for (int round = 0; round < 300; ++round) {
    Fact facts[3];
    for (Fact& fact : facts) {
      for (unsigned days = static_cast<unsigned>(random() % 4); days > 0; --days)
        fact.seen(kDay + static_cast<Day>(random() % 100));
      fact.acknowledged = random() % 2 == 0;
    }
    Fact left = facts[0], right = facts[1];
    left.merge(facts[1]);
    left.merge(facts[2]);
    right.merge(facts[2]);
    right.merge(facts[0]);
    REQUIRE_EQ(left, right);
    left.merge(right);
    REQUIRE_EQ(left, right);
  }
}

TEST_CASE("fact: it reads back with its texts") {
  Fact fact;
  fact.seen(kDay);
  fact.acknowledged = true;
  const FactRef ref{FactKind::identity_tool, "111122223333/orders", "aws-cli"};
  const auto named = decode_fact(encode_fact(fact, ref));
  REQUIRE(named);
  CHECK_EQ(named->fact, fact);
  CHECK_EQ(named->scope, ref.scope);
  CHECK_EQ(named->value, ref.value);
  CHECK_EQ(decode_fact_of(encode_fact(fact, ref), ref), fact);
}

TEST_CASE("fact: an acknowledgement may end on a day; of two the longer counts, and one for good longest") {
  const FactRef ref{FactKind::quarantine_identity_tool, "a", "b"};
  Fact fact;
  fact.seen(kDay);
  fact.acknowledged = true;
  fact.acknowledged_until = kDay + 5;
  CHECK_EQ(decode_fact_of(encode_fact(fact, ref), ref), fact);
  CHECK(fact.acknowledged_on(kDay + 5));
  CHECK_FALSE(fact.acknowledged_on(kDay + 6));
  Fact longer = fact;
  longer.acknowledged_until = kDay + 9;
  fact.merge(longer);
  CHECK_EQ(fact.acknowledged_until, kDay + 9);
  Fact for_good = longer;
  for_good.acknowledged_until = 0;
  fact.merge(for_good);
  CHECK(fact.acknowledged_on(kDay + 1'000));
  fact.merge(longer);
  CHECK(fact.acknowledged_on(kDay + 1'000));
  CHECK_FALSE(Fact{}.acknowledged_on(kDay));
}

TEST_CASE("fact: under a colliding key another fact's texts are not believed") {
  Fact fact;
  fact.seen(kDay);
  const std::string stored = encode_fact(fact, {FactKind::identity_tool, "a", "b"});
  CHECK_FALSE(decode_fact_of(stored, {FactKind::identity_tool, "a", "c"}).has_value());
  CHECK_FALSE(decode_fact_of(stored, {FactKind::identity_tool, "x", "b"}).has_value());
}

TEST_CASE("fact: a text beyond its bound is cut and still told from another with the same beginning") {
  Fact fact;
  fact.seen(kDay);
  const std::string long_one(2'000, 'x'), other = long_one + 'y';
  const FactRef ref{FactKind::account, long_one, ""};
  const std::string stored = encode_fact(fact, ref);
  CHECK_LE(decode_fact(stored)->scope.size(), kFactTextMax);
  CHECK(decode_fact_of(stored, ref).has_value());
  CHECK_FALSE(decode_fact_of(stored, {FactKind::account, other, ""}).has_value());
}

TEST_CASE("fact: cut or foreign bytes are no fact") {
  const std::string whole = encode_fact({}, {FactKind::account, "scope", "value"});
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(decode_fact(whole.substr(0, size)).has_value());
  CHECK_FALSE(decode_fact(whole + "x").has_value());
  std::string other_version = whole;
  other_version[0] = 2;
  CHECK_FALSE(decode_fact(other_version).has_value());
}

}  // namespace
}  // namespace straykey
