#include "core/detect/known_things.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::string_view kIdentity = "111122223333/orders/orders-fn", kRole = "111122223333/orders";

KnownThing known(std::string identity, std::string network, std::string tool = {}, std::string platform = {}) {
  return {.name = "one",
          .identity = std::move(identity),
          .network = std::move(network),
          .tool = std::move(tool),
          .platform = std::move(platform),
          .reason = "ours"};
}

bool covers(const KnownThing& one, const AskedPair& pair) {
  return covering(std::vector{one}, pair) != nullptr;
}

bool covers_network(const KnownThing& one, std::string_view form) {
  return covers(one, {FactKind::quarantine_identity_network, kIdentity, form, 100});
}

TEST_CASE("known things: * stands for any characters, and everything else for itself") {
  struct Row {
    std::string_view pattern, text;
    bool matches;
  };
  constexpr Row kRows[] = {
      {"111122223333/orders", "111122223333/orders", true},
      {"111122223333/orders", "111122223333/orders/orders-fn", false},
      {"111122223333/orders*", "111122223333/orders/orders-fn", true},
      {"*/orders/*", "111122223333/orders/orders-fn", true},
      {"*-fn", "111122223333/orders/orders-fn", true},
      {"*-fn", "111122223333/orders/orders-fn2", false},
      {"*a*b*", "xaxxbx", true},
      {"*a*b*", "xbxxax", false},
      {"*", "", true},
      {"", "", true},
      {"", "a", false},
      {"a.c", "abc", false},
      {"**a**", "a", true},
  };
  for (const Row& row : kRows) {
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    CHECK_EQ(matches_pattern(row.pattern, row.text), row.matches);
  }
}

TEST_CASE("known things: an AS number covers itself, and a prefix what is inside it") {
  const KnownThing by_number = known(std::string(kIdentity), "AS64511");
  CHECK(covers_network(by_number, "AS64511"));
  CHECK_FALSE(covers_network(by_number, "AS645110"));
  CHECK_FALSE(covers_network(by_number, "198.51.100.0/24"));
  const KnownThing by_prefix = known(std::string(kIdentity), "198.51.100.0/23");
  CHECK(covers_network(by_prefix, "198.51.100.0/24"));
  CHECK(covers_network(by_prefix, "198.51.101.0/24"));
  CHECK_FALSE(covers_network(by_prefix, "198.51.102.0/24"));
  CHECK_FALSE(covers_network(by_prefix, "AS64511"));
  CHECK(covers_network(known("*", "vpce:444455556666"), "vpce:444455556666"));
  CHECK(covers_network(known("*", "2001:db8::/32"), "2001:db8:1::/48"));
}

TEST_CASE("known things: a function's pattern covers the pair of its role, too, and no other role's") {
  const KnownThing one = known("111122223333/orders/*", "AS64511");
  CHECK(covers(one, {FactKind::quarantine_network_role, "AS64511", kRole, 100}));
  CHECK_FALSE(covers(one, {FactKind::quarantine_network_role, "AS64511", "111122223333/cart", 100}));
  CHECK_FALSE(covers(one, {FactKind::quarantine_network_role, "AS64500", kRole, 100}));
}

TEST_CASE("known things: each entry covers its own kind of pair") {
  const KnownThing tool = known("*", "", "rclone"), platform = known("*", "", "", "macos");
  CHECK(covers(tool, {FactKind::quarantine_identity_tool, kIdentity, "rclone", 100}));
  CHECK_FALSE(covers(tool, {FactKind::quarantine_identity_tool, kIdentity, "aws-cli", 100}));
  CHECK_FALSE(covers(tool, {FactKind::quarantine_identity_runtime, kIdentity, "rclone", 100}));
  CHECK(covers(platform, {FactKind::quarantine_identity_runtime, kIdentity, "macos", 100}));
  const KnownThing lambda = known("*", "", "", "AWS_Lambda_*");
  CHECK(covers(lambda, {FactKind::quarantine_identity_runtime, kIdentity, "AWS_Lambda_python3.12", 100}));
  CHECK_FALSE(covers(lambda, {FactKind::quarantine_identity_runtime, kIdentity, "AWS_ECS_FARGATE", 100}));
  for (const FactKind kind : {FactKind::quarantine_identity_evidence, FactKind::quarantine_role_child,
                              FactKind::quarantine_identity_presigned})
    CHECK_FALSE(covers(known("*", "AS64511"), {kind, kIdentity, "AS64511", 100}));
}

TEST_CASE("known things: the last day counts, the day after it does not") {
  KnownThing one = known("*", "AS64511");
  one.until = 100;
  CHECK(covers(one, {FactKind::quarantine_identity_network, kIdentity, "AS64511", 100}));
  CHECK_FALSE(covers(one, {FactKind::quarantine_identity_network, kIdentity, "AS64511", 101}));
  CHECK_FALSE(has_ended(one, 100));
  CHECK(has_ended(one, 101));
  CHECK(ends_within(one, 94, 7));
  CHECK_FALSE(ends_within(one, 93, 7));
  CHECK_FALSE(ends_within(one, 101, 7));
  one.until = 0;
  CHECK_FALSE(has_ended(one, 101));
  CHECK_FALSE(ends_within(one, 101, 7));
}

TEST_CASE("known things: an entry names one thing, as alerts name it") {
  CHECK(objection_to_known(known("*", "AS64511")).empty());
  CHECK(objection_to_known(known("*", "198.51.100.0/24")).empty());
  CHECK(objection_to_known(known("*", "2001:db8::/48")).empty());
  CHECK(objection_to_known(known("*", "vpce:444455556666")).empty());
  CHECK(objection_to_known(known("*", "", "aws-cli")).empty());
  for (const char* network : {"198.51.100.0/25", "2001:db8::/49", "AS0", "AS", "64511", "Example Hosting", "vpce:4444"})
    CHECK_FALSE(objection_to_known(known("*", network)).empty());
  CHECK_FALSE(objection_to_known(known("", "AS64511")).empty());
  CHECK_FALSE(objection_to_known(known("*", "")).empty());
  CHECK_FALSE(objection_to_known(known("*", "AS64511", "aws-cli")).empty());
  KnownThing silent = known("*", "AS64511");
  silent.reason.clear();
  CHECK_FALSE(objection_to_known(silent).empty());
}

TEST_CASE("known things: an entry is named by what it knows") {
  CHECK_EQ(known_text(known("a/*", "AS64511")), "a/* in AS64511");
  CHECK_EQ(known_text(known("a/*", "", "rclone")), "a/* with rclone");
  CHECK_EQ(known_text(known("a/*", "", "", "macos")), "a/* on macos");
}

}  // namespace
}  // namespace straykey
