// PrefixTable against a plain search through the list.
#include "core/location/prefix_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

namespace straykey {
namespace {

using Ranges = std::vector<PrefixTable::Range>;

IpAddress ip(std::string_view text) {
  return parse_ip(text).value();
}

PrefixTable::Range range(std::string_view prefix_text, std::uint32_t value) {
  const Prefix prefix = parse_prefix(prefix_text).value();
  return {prefix.first, prefix.last(), value};
}

// The model: the last of the list that holds the address.
std::uint32_t find_plainly(const Ranges& ranges, const IpAddress& address) {
  for (auto it = ranges.rbegin(); it != ranges.rend(); ++it) {
    if (it->first.is_v4() == address.is_v4() && it->first <= address && address <= it->last) return it->value;
  }
  return 0;
}

// Few distinct bytes, so that ranges and addresses meet; both ends of the space are likely.
IpAddress any_address(std::mt19937& random) {
  static constexpr std::uint8_t kBytes[] = {0, 0, 1, 127, 128, 255, 255};
  IpAddress address;
  for (auto& byte : address.bytes) byte = kBytes[random() % std::size(kBytes)];
  if (random() % 2 == 0) return address;
  std::uint32_t v4 = 0;
  for (std::size_t i = 0; i < 4; ++i) v4 = v4 << 8 | address.bytes[i];
  return IpAddress::from_v4(v4);
}

PrefixTable::Range any_range(std::mt19937& random) {
  const IpAddress address = any_address(random);
  const auto value = static_cast<std::uint32_t>(random() % 5);
  if (random() % 4 == 0) {  // any two ends
    IpAddress other = any_address(random);
    while (other.is_v4() != address.is_v4()) other = any_address(random);
    return {std::min(address, other), std::max(address, other), value};
  }
  const auto length = static_cast<std::uint8_t>(address.is_v4() ? 96 + random() % 33 : random() % 129);
  const Prefix prefix = prefix_of(address, length);
  return {prefix.first, prefix.last(), value};
}

std::optional<IpAddress> neighbour(IpAddress address, bool upwards) {
  for (std::size_t i = address.bytes.size(); i-- > 0;) {
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] + (upwards ? 1 : -1));
    if (address.bytes[i] != (upwards ? 0 : 255)) return address;
  }
  return std::nullopt;
}

TEST_CASE("an empty table holds no address") {
  const PrefixTable table;
  CHECK(table.find(ip("0.0.0.0")) == 0);
  CHECK(table.find(ip("255.255.255.255")) == 0);
  CHECK(table.find(ip("::")) == 0);
  CHECK(table.find(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")) == 0);
}

TEST_CASE("where ranges overlap the later in the list counts") {
  const PrefixTable table(
      Ranges{range("198.51.0.0/16", 1), range("198.51.100.0/24", 2), range("198.51.100.128/25", 0)});
  CHECK(table.find(ip("198.51.99.255")) == 1);
  CHECK(table.find(ip("198.51.100.0")) == 2);
  CHECK(table.find(ip("198.51.100.128")) == 0);
  CHECK(table.find(ip("198.51.101.0")) == 1);
  CHECK(table.find(ip("198.52.0.0")) == 0);

  const PrefixTable hidden(Ranges{range("2001:db8:1::/48", 2), range("2001:db8::/32", 1)});
  CHECK(hidden.find(ip("2001:db8:1::1")) == 1);
  CHECK(hidden.interval_count() == 4);  // nothing, 1, nothing; and nothing in IPv4
}

TEST_CASE("ranges may touch both ends of the address space") {
  const PrefixTable table(Ranges{range("0.0.0.0/0", 1), range("::/0", 2), range("255.255.255.255", 3), range("::", 4)});
  CHECK(table.find(ip("0.0.0.0")) == 1);
  CHECK(table.find(ip("255.255.255.254")) == 1);
  CHECK(table.find(ip("255.255.255.255")) == 3);
  CHECK(table.find(ip("::")) == 4);
  CHECK(table.find(ip("::1")) == 2);
  CHECK(table.find(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")) == 2);
}

TEST_CASE("an IPv6 range over the IPv4-mapped addresses says nothing of IPv4") {
  const PrefixTable table(Ranges{range("::/80", 1), range("::fffe:0:0/95", 2)});
  CHECK(table.find(ip("::1")) == 1);
  CHECK(table.find(ip("::fffe:1:2")) == 2);
  CHECK(table.find(ip("0.0.0.0")) == 0);
  CHECK(table.find(ip("255.255.255.255")) == 0);
}

TEST_CASE("neighbours of one value are joined") {
  const PrefixTable table(Ranges{range("198.51.100.0/25", 7), range("198.51.100.128/25", 7)});
  CHECK(table.interval_count() == 4);
  CHECK(table.find(ip("198.51.100.127")) == 7);
  CHECK(table.find(ip("198.51.100.128")) == 7);
}

TEST_CASE("every look-up agrees with a plain search, for random ranges and the addresses around their ends") {
  std::mt19937 random(42);
  for (int round = 0; round < 300; ++round) {
    Ranges ranges;
    for (auto count = random() % 60; count > 0; --count) ranges.push_back(any_range(random));
    const PrefixTable table(ranges);
    REQUIRE(table.interval_count() <= 2 * ranges.size() + 2);

    std::vector<IpAddress> probes;
    for (int i = 0; i < 50; ++i) probes.push_back(any_address(random));
    for (const auto& known : ranges) {
      for (const IpAddress& end : {known.first, known.last}) {
        probes.push_back(end);
        for (const bool upwards : {false, true}) {
          if (const auto next = neighbour(end, upwards)) probes.push_back(*next);
        }
      }
    }
    for (const IpAddress& probe : probes) {
      CAPTURE(round);
      CAPTURE(probe.text());
      REQUIRE(table.find(probe) == find_plainly(ranges, probe));
    }
  }
}

}  // namespace
}  // namespace straykey
