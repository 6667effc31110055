// Addresses and prefixes: what is one, what is none, and how it is printed.
#include "core/location/ip_address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include <random>
#include <string>

namespace straykey {
namespace {

std::string canonical(std::string_view text) {
  const auto address = parse_ip(text);
  return address ? address->text() : "none";
}

std::string canonical_prefix(std::string_view text) {
  const auto prefix = parse_prefix(text);
  return prefix ? prefix->text() : "none";
}

IpAddress ip(std::string_view text) {
  return parse_ip(text).value();
}

// A text near to an address: pieces that occur in addresses, at random.
std::string near_address(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {":", "::",        "0",   "1",   "ff", "ffff", "12345",
                                                 ".", "192.0.2.1", "255", "256", "00", "g"};
  std::string text;
  for (auto pieces = random() % 16; pieces > 0; --pieces) text += kPieces[random() % std::size(kPieces)];
  return text;
}

TEST_CASE("an IPv4 address is four decimal numbers up to 255 without leading zeros") {
  CHECK(canonical("0.0.0.0") == "0.0.0.0");
  CHECK(canonical("198.51.100.7") == "198.51.100.7");
  CHECK(canonical("255.255.255.255") == "255.255.255.255");
  for (const char* text :
       {"", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "1.2.3.1000", "01.2.3.4",
        "1.2.3.00", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80", "1.2.3.0x4", "+1.2.3.4", "198.51.100.7/32"}) {
    CAPTURE(text);
    CHECK(canonical(text) == "none");
  }
}

TEST_CASE("an IPv6 address is read in every form of RFC 4291 and printed as RFC 5952 says") {
  CHECK(canonical("::") == "::");
  CHECK(canonical("::1") == "::1");
  CHECK(canonical("2001:DB8::00A1") == "2001:db8::a1");
  CHECK(canonical("2001:db8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");     // the first of equal runs
  CHECK(canonical("2001:0:0:1:0:0:0:1") == "2001:0:0:1::1");           // the longest run
  CHECK(canonical("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");  // one zero group stays
  CHECK(canonical("1:2:3:4:5:6:7::") == "1:2:3:4:5:6:7:0");
  CHECK(canonical("fe80::") == "fe80::");
  CHECK(canonical("64:ff9b::192.0.2.33") == "64:ff9b::c000:221");
  CHECK(canonical("1:2:3:4:5:6:192.0.2.1") == "1:2:3:4:5:6:c000:201");
}

TEST_CASE("what only looks like an IPv6 address is none") {
  for (const char* text : {":",
                           ":::",
                           "1",
                           "1:",
                           ":1",
                           "1::2::3",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "12345::",
                           "g::",
                           "fe80::1%eth0",
                           "[::1]",
                           "::1 ",
                           "::ffff:1.2.3",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::01.2.3.4",
                           "::ffff:1.2.3.256",
                           "AWS Internal",
                           "ec2.amazonaws.com",
                           "2001:db8::/32",
                           "0000:0000:0000:0000:0000:0000:0000:0000:"}) {
    CAPTURE(text);
    CHECK(canonical(text) == "none");
  }
}

TEST_CASE("an IPv4-mapped IPv6 address is the IPv4 address") {
  CHECK(ip("::ffff:198.51.100.7") == ip("198.51.100.7"));
  CHECK(ip("::FFFF:c633:6407") == ip("198.51.100.7"));
  CHECK(ip("::ffff:198.51.100.7").is_v4());
  CHECK(ip("198.51.100.7").v4() == 0xc6336407);
  CHECK(IpAddress::from_v4(0xc6336407) == ip("198.51.100.7"));
  CHECK_FALSE(ip("::198.51.100.7").is_v4());
  CHECK_FALSE(ip("::fffe:198.51.100.7").is_v4());
}

TEST_CASE("exactly what the C library takes for an address is one, and it comes out the same") {
  std::mt19937 random(7);
  int addresses = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = near_address(random);
    IpAddress expected;
    in_addr v4{};
    bool is_address = true;
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
      expected = IpAddress::from_v4(ntohl(v4.s_addr));
    } else {
      is_address = inet_pton(AF_INET6, text.c_str(), expected.bytes.data()) == 1;
    }
    const auto found = parse_ip(text);
    CAPTURE(text);
    REQUIRE(found.has_value() == is_address);
    if (found) REQUIRE(*found == expected);
    addresses += is_address ? 1 : 0;
  }
  CHECK(addresses > 500);
}

TEST_CASE("of a written address blanks, port and zone are cut, and nothing else") {
  for (const auto& [written, address] :
       std::vector<std::pair<std::string_view, std::string_view>>{{"203.0.113.5", "203.0.113.5"},
                                                                  {" 203.0.113.5\t", "203.0.113.5"},
                                                                  {"203.0.113.5:443", "203.0.113.5"},
                                                                  {"[2001:db8::1]:443", "2001:db8::1"},
                                                                  {"[2001:db8::1]", "2001:db8::1"},
                                                                  {"2001:db8::1", "2001:db8::1"},
                                                                  {"fe80::1%eth0", "fe80::1"},
                                                                  {"[fe80::1%eth0]:80", "fe80::1"},
                                                                  {"::ffff:203.0.113.5", "203.0.113.5"}}) {
    CAPTURE(written);
    REQUIRE(parse_written_ip(written).has_value());
    CHECK_EQ(parse_written_ip(written)->text(), address);
  }
  for (const std::string_view written :
       {"", " ", ":", "[", "[]", "[2001:db8::1", "[2001:db8::1]x", "[2001:db8::1]:port", "203.0.113.5:port",
        "203.0.113.5:443443", "AWS Internal", "%eth0", "203.0.113"})
    CHECK_FALSE(parse_written_ip(written).has_value());
}

TEST_CASE("the text of an address is read back as the same address") {
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    IpAddress address;
    for (auto& byte : address.bytes) byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : std::uint8_t{0};
    CAPTURE(address.text());
    REQUIRE(parse_ip(address.text()) == address);
  }
}

TEST_CASE("a prefix is an address with a length in its own form, or an address alone") {
  CHECK(canonical_prefix("198.51.100.0/24") == "198.51.100.0/24");
  CHECK(parse_prefix("198.51.100.0/24").value().length == 120);
  CHECK(canonical_prefix("0.0.0.0/0") == "0.0.0.0/0");
  CHECK(canonical_prefix("198.51.100.7") == "198.51.100.7/32");
  CHECK(canonical_prefix("2001:db8::/32") == "2001:db8::/32");
  CHECK(canonical_prefix("::/0") == "::/0");
  CHECK(canonical_prefix("2001:db8::1") == "2001:db8::1/128");
  CHECK(parse_prefix("::ffff:192.0.2.0/120") == parse_prefix("192.0.2.0/24"));
}

TEST_CASE("host bits, a length out of range or badly written make it no prefix") {
  for (const char* text :
       {"", "/", "/24", "198.51.100.0/", "198.51.100.0/33", "198.51.100.0/-1", "198.51.100.0/+8", "198.51.100.0/024",
        "198.51.100.0/ 24", "198.51.100.1/24", "198.51.100.0/24/24", "2001:db8::/129", "2001:db8::1/64",
        "::ffff:192.0.2.0/95", "::ffff:192.0.2.0/24", "198.51.100.0/9999999999", "name/8"}) {
    CAPTURE(text);
    CHECK(canonical_prefix(text) == "none");
  }
}

TEST_CASE("a prefix contains its first and last address and neither neighbour") {
  const Prefix v4 = parse_prefix("198.51.100.64/26").value();
  CHECK(v4.last() == ip("198.51.100.127"));
  CHECK(v4.contains(ip("198.51.100.64")));
  CHECK(v4.contains(ip("198.51.100.127")));
  CHECK_FALSE(v4.contains(ip("198.51.100.63")));
  CHECK_FALSE(v4.contains(ip("198.51.100.128")));

  const Prefix v6 = parse_prefix("2001:db8:8000::/33").value();
  CHECK(v6.last() == ip("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
  CHECK(v6.contains(ip("2001:db8:8000::")));
  CHECK(v6.contains(v6.last()));
  CHECK_FALSE(v6.contains(ip("2001:db8:7fff:ffff:ffff:ffff:ffff:ffff")));
  CHECK_FALSE(v6.contains(ip("2001:db9::")));
}

TEST_CASE("all of IPv6 holds no IPv4 address, and all of IPv4 no IPv6 address") {
  CHECK_FALSE(parse_prefix("::/0").value().contains(ip("192.0.2.1")));
  CHECK(parse_prefix("::/0").value().contains(ip("2001:db8::1")));
  CHECK(parse_prefix("0.0.0.0/0").value().contains(ip("192.0.2.1")));
  CHECK_FALSE(parse_prefix("0.0.0.0/0").value().contains(ip("2001:db8::1")));
}

TEST_CASE("the prefix around an address has no host bits") {
  CHECK(prefix_of(ip("198.51.100.77"), 120).text() == "198.51.100.0/24");
  CHECK(prefix_of(ip("2001:db8:1:ffff::1"), 48).text() == "2001:db8:1::/48");
  CHECK(prefix_of(ip("2001:db8::1"), 0).text() == "::/0");
  CHECK(prefix_of(ip("2001:db8::1"), 128).first == ip("2001:db8::1"));
}

}  // namespace
}  // namespace straykey
