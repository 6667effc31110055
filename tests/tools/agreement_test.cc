#include "tools/config/agreement.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

// What of two configurations differs, by what a standby would name.
std::vector<std::string> differences(const Config& a, const Config& b, const NetworkInputs& of_a = {},
                                     const NetworkInputs& of_b = {}) {
  std::vector<std::string> names;
  const Agreement left = agreement_of(a, of_a), right = agreement_of(b, of_b);
  for (const auto& [what, digest] : left)
    if (right.at(what) != digest) names.push_back(what);
  return names;
}

}  // namespace

TEST_CASE("agreement: what makes a node judge or deliver otherwise is named, and paths and secrets are not") {
  const Config one;
  CHECK(differences(one, one).empty());
  Config other = one;
  other.detection.dedup_days += 1;
  CHECK_EQ(differences(one, other), std::vector<std::string>{"detection settings"});
  other = one;
  other.detection.accounts.insert("111122223333");
  CHECK_EQ(differences(one, other), std::vector<std::string>{"detection settings"});
  other = one;
  other.detection.known.push_back({});
  CHECK_EQ(differences(one, other), std::vector<std::string>{"[[known]]"});
  other = one;
  other.webhooks.emplace_back().route.name = "soc";
  CHECK_EQ(differences(one, other), std::vector<std::string>{"[[webhook]]"});
  Config elsewhere = other;
  elsewhere.webhooks[0].url.url = "https://elsewhere.example.com";
  elsewhere.data_dir = "/elsewhere";
  elsewhere.networks.aws_ranges = "/elsewhere/ip-ranges.json";
  CHECK(differences(other, elsewhere).empty());
}

TEST_CASE("agreement: networks count by what is in their files, in whatever order") {
  const Config config;
  NetworkInputs one, other;
  one.trusted = {*parse_prefix("192.0.2.0/24"), *parse_prefix("198.51.100.0/24")};
  other.trusted = {*parse_prefix("198.51.100.0/24"), *parse_prefix("192.0.2.0/24")};
  CHECK(differences(config, config, one, other).empty());
  other.aws_ranges_created = 1;
  CHECK_EQ(differences(config, config, one, other), std::vector<std::string>{"network data"});
}

}  // namespace straykey
