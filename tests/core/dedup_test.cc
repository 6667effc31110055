#include "core/engine/dedup.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace straykey {
namespace {

constexpr Hash128 kWeak{1, 0}, kStrong{2, 0};
constexpr Day kDay = 19'800;

TEST_CASE("dedup: an alert takes in hits less than five days away on both sides") {
  const std::vector<DedupEntry> entries{{kWeak, kDay, Tier::weak}};
  for (int apart = -7; apart <= 7; ++apart) {
    const auto answer = find_alert(entries, kDay + static_cast<Day>(apart), Tier::weak, 5);
    CHECK_EQ(answer.taken_in_by.has_value(), apart > -5 && apart < 5);
  }
}

TEST_CASE("dedup: strong beside weak is a second alert that names the first") {
  const auto answer = find_alert({{kWeak, kDay, Tier::weak}}, kDay + 4, Tier::strong, 5);
  CHECK_FALSE(answer.taken_in_by.has_value());
  CHECK_EQ(answer.weaker, kWeak);
  CHECK_FALSE(find_alert({{kWeak, kDay, Tier::weak}}, kDay + 5, Tier::strong, 5).weaker.has_value());
}

TEST_CASE("dedup: weak beside strong is taken in, and strong beside strong") {
  const std::vector<DedupEntry> entries{{kStrong, kDay, Tier::strong}};
  CHECK_EQ(find_alert(entries, kDay + 1, Tier::weak, 5).taken_in_by, kStrong);
  CHECK_EQ(find_alert(entries, kDay + 1, Tier::strong, 5).taken_in_by, kStrong);
}

TEST_CASE("dedup: where both stand each hit goes to its own tier") {
  const std::vector<DedupEntry> entries{{kWeak, kDay, Tier::weak}, {kStrong, kDay + 1, Tier::strong}};
  CHECK_EQ(find_alert(entries, kDay + 2, Tier::weak, 5).taken_in_by, kWeak);
  CHECK_EQ(find_alert(entries, kDay + 2, Tier::strong, 5).taken_in_by, kStrong);
}

TEST_CASE("dedup: on its own day a hit joins only an alert of its own name, on other days any of its forms") {
  const DedupEntry today{kWeak, kDay, Tier::weak}, yesterday{kStrong, kDay - 1, Tier::weak};
  CHECK(that_may_take_in({{today, false}}, kDay).empty());
  CHECK_EQ(that_may_take_in({{today, true}}, kDay), std::vector{today});
  CHECK_EQ(that_may_take_in({{yesterday, false}}, kDay), std::vector{yesterday});
}

TEST_CASE("dedup: which of several alerts comes first does not depend on the order in which they were raised") {
  const DedupEntry alike{{9, 0}, kDay - 3, Tier::weak}, later{{5, 0}, kDay - 1, Tier::weak},
      other{{4, 0}, kDay - 1, Tier::weak};
  std::vector<StandingAlert> standing{{alike, true}, {later, false}, {other, false}};
  std::sort(standing.begin(), standing.end(),
            [](const StandingAlert& a, const StandingAlert& b) { return a.entry.alert_id < b.entry.alert_id; });
  do {
    CHECK_EQ(that_may_take_in(standing, kDay), std::vector{other, later, alike});
  } while (std::next_permutation(standing.begin(), standing.end(), [](const StandingAlert& a, const StandingAlert& b) {
    return a.entry.alert_id < b.entry.alert_id;
  }));
}

TEST_CASE("dedup: nothing stands, nothing is answered") {
  const auto answer = find_alert({}, kDay, Tier::weak, 5);
  CHECK_FALSE(answer.taken_in_by.has_value());
  CHECK_FALSE(answer.weaker.has_value());
}

TEST_CASE("dedup: the row's key depends on each of its parts") {
  const std::string key = dedup_key({1, 2}, Analytic::serverless_cli, "a", "i", "s");
  CHECK_EQ(key.size(), 16);
  CHECK_NE(key, dedup_key({1, 2}, Analytic::remote_service_token, "a", "i", "s"));
  CHECK_NE(key, dedup_key({1, 2}, Analytic::serverless_cli, "ai", "", "s"));
  CHECK_NE(key, dedup_key({1, 2}, Analytic::serverless_cli, "a", "i", "t"));
}

TEST_CASE("dedup: rows read back; beyond the bound the oldest entries go first") {
  std::vector<DedupEntry> entries;
  for (std::size_t i = 0; i < kDedupAlertsMax + 3; ++i)
    entries.push_back({{i, i}, kDay + static_cast<Day>(i), Tier::strong});
  const auto decoded = decode_dedup(encode_dedup(entries));
  CHECK_EQ(decoded, std::vector<DedupEntry>(entries.begin() + 3, entries.end()));
  CHECK(decode_dedup(encode_dedup({})).empty());
}

TEST_CASE("dedup: cut or changed bytes are no row, or a bounded one") {
  const std::string bytes = encode_dedup({{kWeak, kDay, Tier::weak}, {kStrong, kDay, Tier::strong}});
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(decode_dedup(bytes.substr(0, size)).empty());
  std::mt19937 random(41);
  for (int round = 0; round < 5'000; ++round) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    REQUIRE_LE(decode_dedup(changed).size(), kDedupAlertsMax);
  }
}

}  // namespace
}  // namespace straykey
