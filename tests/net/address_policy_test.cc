#include "net/client/address_policy.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace straykey;

namespace {

IpAddress ip(const std::string& text) {
  const auto address = parse_ip(text);
  REQUIRE_MESSAGE(address.has_value(), text);
  return *address;
}

Prefix prefix(const std::string& text) {
  const auto parsed = parse_prefix(text);
  REQUIRE_MESSAGE(parsed.has_value(), text);
  return *parsed;
}

}  // namespace

TEST_CASE("every address is in the class that its registry gives it") {
  using enum AddressClass;
  const std::pair<const char*, AddressClass> cases[] = {
      {"198.51.100.7", outside},    {"8.8.8.8", outside},        {"2001:db8::1", outside},
      {"2a00::1", outside},         {"172.15.255.255", outside}, {"172.32.0.0", outside},
      {"100.63.255.255", outside},  {"100.128.0.0", outside},    {"192.0.1.0", outside},
      {"223.255.255.255", outside}, {"fd00:ec1::254", inside},   {"fe00::1", outside},
      {"10.0.0.1", inside},         {"10.255.255.255", inside},  {"172.16.0.0", inside},
      {"172.31.255.255", inside},   {"192.168.1.1", inside},     {"127.0.0.1", inside},
      {"127.255.255.255", inside},  {"100.64.0.0", inside},      {"100.127.255.255", inside},
      {"100.100.100.200", inside},  {"198.18.0.1", inside},      {"::1", inside},
      {"fc00::1", inside},          {"fdff::1", inside},         {"fec0::1", inside},
      {"64:ff9b:1::1", inside},     {"0.0.0.0", never},          {"0.255.255.255", never},
      {"169.254.169.254", never},   {"169.254.0.0", never},      {"168.63.129.16", never},
      {"192.0.0.192", never},       {"224.0.0.1", never},        {"239.255.255.255", never},
      {"240.0.0.1", never},         {"255.255.255.255", never},  {"::", never},
      {"fe80::1", never},           {"febf::1", never},          {"ff02::1", never},
      {"fd00:ec2::254", never},     {"2001::1", never},          {"100::1", never}};
  for (const auto& [text, expected] : cases) CHECK_MESSAGE(classify_address(ip(text)) == expected, text);
}

TEST_CASE("an IPv4 address inside an IPv6 address is judged as what it is") {
  CHECK(classify_address(ip("::ffff:169.254.169.254")) == AddressClass::never);
  CHECK(classify_address(ip("::ffff:127.0.0.1")) == AddressClass::inside);
  CHECK(classify_address(ip("64:ff9b::169.254.169.254")) == AddressClass::never);
  CHECK(classify_address(ip("64:ff9b::10.0.0.1")) == AddressClass::inside);
  CHECK(classify_address(ip("64:ff9b::198.51.100.7")) == AddressClass::outside);
  CHECK(classify_address(ip("2002:a9fe:a9fe::1")) == AddressClass::never);
  CHECK(classify_address(ip("2002:7f00:1::1")) == AddressClass::inside);
  CHECK(classify_address(ip("::7f00:1")) == AddressClass::never);
  CHECK(classify_address(ip("::169.254.169.254")) == AddressClass::never);
}

TEST_CASE("inside ranges are permitted only where allow_cidrs opens them") {
  const AddressPolicy closed;
  CHECK(closed.permits(ip("198.51.100.7")));
  CHECK_FALSE(closed.permits(ip("127.0.0.1")));
  CHECK_FALSE(closed.permits(ip("10.1.2.3")));
  const AddressPolicy opened{{prefix("10.1.0.0/16"), prefix("::1/128")}};
  CHECK(opened.permits(ip("10.1.2.3")));
  CHECK_FALSE(opened.permits(ip("10.2.0.1")));
  CHECK(opened.permits(ip("::1")));
  CHECK_FALSE(opened.permits(ip("127.0.0.1")));
  CHECK(opened.permits(ip("198.51.100.7")));
}

TEST_CASE("no allow_cidrs entry opens link-local, metadata, multicast or reserved addresses") {
  const AddressPolicy everything{{prefix("0.0.0.0/0"), prefix("::/0")}};
  for (const char* text : {"169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "ff02::1",
                           "fd00:ec2::254", "64:ff9b::169.254.169.254", "168.63.129.16"})
    CHECK_FALSE_MESSAGE(everything.permits(ip(text)), text);
  CHECK(everything.permits(ip("10.0.0.1")));
  CHECK(everything.permits(ip("fc00::1")));
}

TEST_CASE("a prefix that lies in what is never allowed is recognised") {
  CHECK(never_allowed(prefix("169.254.0.0/16")));
  CHECK(never_allowed(prefix("169.254.169.254/32")));
  CHECK(never_allowed(prefix("fd00:ec2::254/128")));
  CHECK_FALSE(never_allowed(prefix("0.0.0.0/0")));
  CHECK_FALSE(never_allowed(prefix("10.0.0.0/8")));
  CHECK_FALSE(never_allowed(prefix("fd00::/8")));
}

TEST_CASE("one kind of inside ranges can be opened alone, and all of a name's addresses must be permitted") {
  const auto address = [](const char* text) { return *parse_ip(text); };
  const AddressPolicy mirrors{private_networks()}, tests{loopback_networks()};
  for (const char* text : {"10.1.2.3", "192.168.1.1", "fd12::1"}) {
    CHECK(mirrors.permits(address(text)));
    CHECK_FALSE(tests.permits(address(text)));
    CHECK_FALSE(is_loopback(address(text)));
  }
  for (const char* text : {"127.0.0.1", "127.8.0.1", "::1"}) {
    CHECK_FALSE(mirrors.permits(address(text)));
    CHECK(tests.permits(address(text)));
    CHECK(is_loopback(address(text)));
  }
  CHECK(mirrors.permits_all({address("10.1.2.3"), address("198.51.100.7")}));
  CHECK_FALSE(mirrors.permits_all({address("198.51.100.7"), address("169.254.169.254")}));
}
