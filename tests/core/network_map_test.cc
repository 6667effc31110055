// Where a call came from: every class, the order between them, and what is uncertain.
#include "core/location/network_map.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "core/location/aws_builtin_ranges.h"

namespace straykey {
namespace {

IpAddress ip(std::string_view text) {
  return parse_ip(text).value();
}
Prefix prefix(std::string_view text) {
  return parse_prefix(text).value();
}

AsnRange network(std::string_view prefix_text, std::uint32_t asn, std::string name = "") {
  const Prefix range = prefix(prefix_text);
  return {range.first, range.last(), asn, std::move(name)};
}

// AWS is 192.0.2.0/24 and 2001:db8:a::/48 here.
NetworkInputs inputs() {
  NetworkInputs inputs;
  inputs.aws_ranges = {prefix("192.0.2.0/24"), prefix("2001:db8:a::/48")};
  inputs.aws_ranges_created = parse_time("2026-08-22T21:17:05Z");
  return inputs;
}

std::string class_in(const NetworkMap& map, std::string_view source_ip) {
  return std::string(name_of(map.locate(source_ip).source_class));
}

TEST_CASE("what is no address comes from a service") {
  const NetworkMap map(inputs());
  for (const char* text :
       {"AWS Internal", "lambda.amazonaws.com", "", "198.51.100.7:443", "198.51.100", "fe80::1%eth0"}) {
    CAPTURE(text);
    const Place place = map.locate(std::string_view(text));
    CHECK(place.source_class == SourceClass::service);
    CHECK(place.asn == 0);
    CHECK_FALSE(place.only_absent_from_aws);
  }
}

TEST_CASE(
    "from unspecified, multicast, class E and broadcast addresses nobody calls, unless they are listed as untrusted") {
  NetworkInputs listed = inputs();
  listed.trusted.push_back(*parse_prefix("224.0.0.0/4"));
  for (const char* text :
       {"0.0.0.0", "::", "224.0.0.1", "239.255.255.255", "ff02::1", "240.0.0.0", "240.1.2.3", "255.255.255.255"}) {
    CAPTURE(text);
    CHECK(class_in(NetworkMap(listed), text) == "service");
  }
  CHECK(class_in(NetworkMap(listed), "223.255.255.255") == "external");
  listed.untrusted.push_back(*parse_prefix("224.0.0.0/4"));
  CHECK(class_in(NetworkMap(listed), "224.0.0.1") == "external");
}

TEST_CASE("private, carrier, link-local, loopback and unique local addresses are private, up to their ends") {
  const NetworkMap map(inputs());
  for (const char* text : {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
                           "192.168.255.255", "100.64.0.0", "100.127.255.255", "169.254.0.0", "169.254.255.255",
                           "127.0.0.0", "127.255.255.255", "::1", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                           "fe80::1", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:10.1.2.3"}) {
    CAPTURE(text);
    CHECK(class_in(map, text) == "private");
    CHECK_FALSE(map.locate(std::string_view(text)).only_absent_from_aws);
  }
  for (const char* text : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                           "192.169.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255", "169.255.0.0",
                           "126.255.255.255", "128.0.0.0", "0.0.0.1", "::2", "fbff::", "fe00::", "fe7f::", "fec0::"}) {
    CAPTURE(text);
    CHECK(class_in(map, text) == "external");
  }
}

TEST_CASE("documentation addresses are ordinary external addresses") {
  const NetworkMap map(NetworkInputs{});
  for (const char* text : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"}) {
    CAPTURE(text);
    CHECK(class_in(map, text) == "external");
  }
}

TEST_CASE("an address in AWS's ranges is aws, in both families") {
  const NetworkMap map(inputs());
  CHECK(class_in(map, "192.0.2.255") == "aws");
  CHECK(class_in(map, "::ffff:192.0.2.255") == "aws");
  CHECK(class_in(map, "192.0.3.0") == "external");
  CHECK(class_in(map, "2001:db8:a::1") == "aws");
  CHECK(class_in(map, "2001:db8:b::1") == "external");
}

TEST_CASE("an address of an Amazon network is aws even if it is absent from the ranges") {
  NetworkInputs in = inputs();
  in.asns = {network("198.51.100.0/24", 16509, "Example Cloud"), network("203.0.113.0/24", 64511, "Example Hosting"),
             network("2001:db8:c::/48", 14618), network("2001:db8:d::/48", 64511)};
  const NetworkMap map(std::move(in));
  CHECK(class_in(map, "198.51.100.7") == "aws");
  CHECK(map.locate(ip("198.51.100.7")).asn == 16509);
  CHECK(class_in(map, "203.0.113.7") == "external");
  CHECK(class_in(map, "2001:db8:c::7") == "aws");
  CHECK(class_in(map, "2001:db8:d::7") == "external");
}

TEST_CASE("every Amazon network of the table counts, and namesakes in Amazonas do not") {
  NetworkInputs in = inputs();
  const std::uint32_t amazon[] = {801,   7224,  8987,  9059,  10124, 14618,  16509,  17493, 19047,
                                  21664, 38895, 39111, 40045, 58588, 135630, 399834, 399991};
  const std::uint32_t others[] = {64511, 263639, 264344, 264509, 271047, 36263, 62785, 395343, 16510};
  std::uint32_t next = 0xc6336400;  // 198.51.100.0
  for (const std::uint32_t asn : amazon)
    in.asns.push_back({IpAddress::from_v4(next), IpAddress::from_v4(next), asn, ""}), ++next;
  for (const std::uint32_t asn : others)
    in.asns.push_back({IpAddress::from_v4(next), IpAddress::from_v4(next), asn, ""}), ++next;
  const NetworkMap map(in);
  for (const AsnRange& range : in.asns) {
    CAPTURE(range.asn);
    const bool is_amazon = std::find(std::begin(amazon), std::end(amazon), range.asn) != std::end(amazon);
    CHECK(map.locate(range.first).source_class == (is_amazon ? SourceClass::aws : SourceClass::external));
  }
}

TEST_CASE("untrusted comes before trusted, trusted before private, private before aws, aws before external") {
  for (const bool v6 : {false, true}) {
    CAPTURE(v6);
    const std::string any = v6 ? "fd00::/8" : "10.0.0.0/8";
    const std::string address = v6 ? "fd00::1" : "10.0.0.1";

    NetworkInputs in;
    in.aws_ranges = {prefix(any)};
    in.asns = {network(any, 16509)};
    CHECK(class_in(NetworkMap(in), address) == "private");
    in.trusted = {prefix(any)};
    CHECK(class_in(NetworkMap(in), address) == "own");
    in.untrusted = {prefix(any)};
    CHECK(class_in(NetworkMap(in), address) == "external");
  }
  NetworkInputs in = inputs();
  in.trusted = {prefix("192.0.2.0/25"), prefix("2001:db8:a:1::/64")};
  in.untrusted = {prefix("192.0.2.0/26"), prefix("2001:db8:a:1:1::/80")};
  const NetworkMap map(in);
  CHECK(class_in(map, "192.0.2.1") == "external");
  CHECK(class_in(map, "192.0.2.64") == "own");
  CHECK(class_in(map, "192.0.2.128") == "aws");
  CHECK(class_in(map, "2001:db8:a:1:1::1") == "external");
  CHECK(class_in(map, "2001:db8:a:1::1") == "own");
  CHECK(class_in(map, "2001:db8:a:2::1") == "aws");
}

TEST_CASE("a narrow trusted network within a wide untrusted one stays untrusted") {
  NetworkInputs in = inputs();
  in.trusted = {prefix("198.51.100.7")};
  in.untrusted = {prefix("198.51.100.0/24")};
  const NetworkMap map(in);
  CHECK(class_in(map, "198.51.100.7") == "external");
  CHECK(map.locate(ip("198.51.100.7")).listed_untrusted);
}

TEST_CASE("only an external address without ASN that nobody listed is external for its absence from AWS alone") {
  NetworkInputs in = inputs();
  in.trusted = {prefix("198.51.100.0/26")};
  in.untrusted = {prefix("198.51.100.64/26"), prefix("10.9.0.0/16")};
  in.asns = {network("198.51.100.128/26", 64511)};
  const NetworkMap map(in);
  CHECK_FALSE(map.locate(ip("198.51.100.1")).only_absent_from_aws);    // trusted
  CHECK_FALSE(map.locate(ip("198.51.100.65")).only_absent_from_aws);   // untrusted
  CHECK_FALSE(map.locate(ip("10.9.0.1")).only_absent_from_aws);        // untrusted, though private
  CHECK_FALSE(map.locate(ip("198.51.100.129")).only_absent_from_aws);  // a known network
  CHECK_FALSE(map.locate(ip("192.0.2.1")).only_absent_from_aws);       // AWS
  CHECK(map.locate(ip("198.51.100.193")).only_absent_from_aws);
  CHECK(map.locate(ip("2001:db8:ffff::1")).only_absent_from_aws);
}

TEST_CASE("a NAT64 address is judged by the IPv4 address within, unless it is listed itself") {
  NetworkInputs in = inputs();
  in.trusted = {prefix("64:ff9b::198.51.100.9")};
  in.untrusted = {prefix("203.0.113.0/24")};
  in.asns = {network("198.51.100.0/24", 64511, "Example Hosting")};
  const NetworkMap map(in);
  CHECK(class_in(map, "64:ff9b::192.0.2.1") == "aws");
  CHECK(class_in(map, "64:ff9b::10.0.0.1") == "private");
  CHECK(class_in(map, "64:ff9b::203.0.113.1") == "external");
  CHECK(map.locate(ip("64:ff9b::203.0.113.1")).listed_untrusted);
  CHECK(map.locate(ip("64:ff9b::198.51.100.7")).asn == 64511);
  CHECK(class_in(map, "64:ff9b::198.51.100.9") == "own");
  CHECK(class_in(map, "64:ff9b:1::192.0.2.1") == "external");  // RFC 8215's local prefix is not the well-known one
}

TEST_CASE("all of IPv6 in a list says nothing of IPv4") {
  NetworkInputs in = inputs();
  in.trusted = {prefix("::/0")};
  const NetworkMap map(in);
  CHECK(class_in(map, "2001:db8::1") == "own");
  CHECK(class_in(map, "198.51.100.7") == "external");
}

TEST_CASE("of overlapping networks the narrowest counts, in whatever order they come") {
  const AsnRange wide = network("198.51.100.0/24", 64500, "Wide");
  const AsnRange narrow = network("198.51.100.64/26", 64501, "Narrow");
  const AsnRange unknown = network("198.51.100.96/27", 0);
  const AsnRange twin = network("198.51.100.64/26", 64502, "Twin");
  const AsnRange wide6 = network("2001:db8::/32", 64503);
  const AsnRange narrow6 = network("2001:db8:1::/48", 64504);
  NetworkInputs forwards = inputs();
  forwards.asns = {wide, narrow, unknown, twin, wide6, narrow6};
  NetworkInputs backwards = inputs();
  backwards.asns = {narrow6, wide6, twin, unknown, narrow, wide};
  for (const NetworkInputs& in : {forwards, backwards}) {
    const NetworkMap map(in);
    CHECK(map.asn_range_count() == 6);
    CHECK(map.locate(ip("198.51.100.1")).asn == 64500);
    CHECK(map.locate(ip("198.51.100.1")).as_name == "Wide");
    CHECK(map.locate(ip("198.51.100.64")).asn == 64501);
    CHECK(map.locate(ip("198.51.100.64")).as_name == "Narrow");
    CHECK(map.locate(ip("198.51.100.96")).asn == 0);
    CHECK(map.locate(ip("198.51.100.128")).asn == 64500);
    CHECK(map.locate(ip("2001:db8::1")).asn == 64503);
    CHECK(map.locate(ip("2001:db8:1::1")).asn == 64504);
    CHECK(map.locate(ip("203.0.113.1")).asn == 0);
  }
}

TEST_CASE("the width of a network counts across all of its 128 bits") {
  NetworkInputs in = inputs();
  in.asns = {{ip("2001:db8::"), ip("2001:db8:0:2::"), 64500, ""},                // 2^65 + 1 addresses
             {ip("2001:db8:0:0:ffff::"), ip("2001:db8:0:1:fffe::"), 64501, ""},  // less, with a borrow
             {ip("2001:db8:0:0:ffff::1"), ip("2001:db8:0:0:ffff::2"), 64502, ""}};
  std::reverse(in.asns.begin(), in.asns.end());
  const NetworkMap map(std::move(in));
  CHECK(map.locate(ip("2001:db8::1")).asn == 64500);
  CHECK(map.locate(ip("2001:db8:0:0:ffff::")).asn == 64501);
  CHECK(map.locate(ip("2001:db8:0:0:ffff::1")).asn == 64502);
  CHECK(map.locate(ip("2001:db8:0:1:fffe::1")).asn == 64500);
}

TEST_CASE("the ranges are known for 30 days after their date, those that are compiled in too") {
  const NetworkMap map(inputs());
  const Day created = parse_day("2026-08-22").value();
  CHECK(map.aws_ranges_known_on(created - 400));
  CHECK(map.aws_ranges_known_on(created));
  CHECK(map.aws_ranges_known_on(created + 30));
  CHECK_FALSE(map.aws_ranges_known_on(created + 31));
  CHECK_FALSE(map.uses_builtin_aws_ranges());
  CHECK(map.aws_range_count() == 2);
  CHECK(map.aws_ranges_hold("xx-any-1"));  // this file names no Region
  CHECK(map.aws_ranges_created() == parse_time("2026-08-22T21:17:05Z"));

  NetworkInputs builtin;
  builtin.aws_ranges_created = parse_time("2020-01-01T00:00:00Z");  // a date without ranges says nothing
  const NetworkMap compiled(builtin);
  CHECK(compiled.uses_builtin_aws_ranges());
  REQUIRE(compiled.aws_ranges_created() == aws_builtin_ranges().created);
  CHECK(compiled.aws_ranges_known_on(day_of(aws_builtin_ranges().created) + 30));
  CHECK_FALSE(compiled.aws_ranges_known_on(day_of(aws_builtin_ranges().created) + 31));
  CHECK(compiled.aws_range_count() == aws_builtin_ranges().prefixes.size());
  CHECK(compiled.aws_ranges_hold("eu-central-1"));
  CHECK_FALSE(compiled.aws_ranges_hold("xx-new-1"));
  CHECK(compiled.aws_ranges_hold(""));
  CHECK(compiled.locate(ip("52.95.0.1")).source_class == SourceClass::aws);

  NetworkInputs undated = inputs();
  undated.aws_ranges_created.reset();
  CHECK_FALSE(NetworkMap(undated).aws_ranges_known_on(created));
}

TEST_CASE("the network of an address by prefix is its /24 or /48, of a NAT64 address the /24 within") {
  CHECK(prefix_network(ip("198.51.100.77")) == "198.51.100.0/24");
  CHECK(prefix_network(ip("::ffff:198.51.100.77")) == "198.51.100.0/24");
  CHECK(prefix_network(ip("2001:db8:1:2::3")) == "2001:db8:1::/48");
  CHECK(prefix_network(ip("64:ff9b::198.51.100.77")) == "198.51.100.0/24");
  CHECK(asn_network(64511) == "AS64511");
}

TEST_CASE("every class has its own name") {
  CHECK(name_of(SourceClass::service) == "service");
  CHECK(name_of(SourceClass::private_range) == "private");
  CHECK(name_of(SourceClass::foreign_endpoint) == "foreign_endpoint");
  CHECK(name_of(SourceClass::aws) == "aws");
  CHECK(name_of(SourceClass::own) == "own");
  CHECK(name_of(SourceClass::external) == "external");
}

}  // namespace
}  // namespace straykey
