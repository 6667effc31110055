// The generator of the compiled-in AWS ranges: its list holds what a server reads from the same file.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "core/location/prefix_table.h"
#include "core/location/range_list.h"
#include "tests/support/temporary_directory.h"
#include "tools/networks/address_files.h"

namespace straykey {
namespace {

// Overlaps, doubles and neighbours of several services, in no order.
constexpr std::string_view kPublished = R"({"syncToken":"1","createDate":"2026-08-22-21-17-05","prefixes":[
{"ip_prefix":"203.0.113.64/26","region":"eu-west-1","service":"EC2","network_border_group":"eu-west-1"},
{"ip_prefix":"198.51.100.0/25","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
{"ip_prefix":"198.51.100.128/25","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
{"ip_prefix":"203.0.113.0/24","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
{"ip_prefix":"198.51.100.0/25","region":"eu-west-1","service":"S3","network_border_group":"eu-west-1"},
{"ip_prefix":"192.0.2.7/32","region":"GLOBAL","service":"CLOUDFRONT","network_border_group":"GLOBAL"}],
"ipv6_prefixes":[
{"ipv6_prefix":"2001:db8:8000::/33","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
{"ipv6_prefix":"2001:db8:9:0:0:1::/96","region":"eu-west-1","service":"S3","network_border_group":"eu-west-1"},
{"ipv6_prefix":"2001:db8:9::1/128","region":"eu-west-1","service":"S3","network_border_group":"eu-west-1"},
{"ipv6_prefix":"2001:db8:8000::/40","region":"eu-west-1","service":"EC2","network_border_group":"eu-west-1"}]})";

std::string output_of(const std::string& command) {
  std::string out;
  std::FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) out.append(part.data(), size);
  REQUIRE(pclose(pipe) == 0);
  return out;
}

PrefixTable table_of(const std::vector<Prefix>& prefixes) {
  std::vector<PrefixTable::Range> ranges;
  for (const Prefix& prefix : prefixes) ranges.push_back({prefix.first, prefix.last(), 1});
  return PrefixTable(ranges);
}

TEST_CASE("the list that is compiled in holds the very addresses that the loader reads from AWS's file") {
  const TemporaryDirectory here;
  const std::string file = here.path() + "/ip-ranges.json";
  std::ofstream(file) << kPublished;
  const auto made = read_range_list(output_of(STRAYKEY_MAKE_BUILTIN_RANGES " --list " + file));
  const auto loaded = parse_aws_ranges(kPublished, "sample");
  REQUIRE(loaded.ok());

  CHECK(loaded.value().regions == std::set<std::string, std::less<>>{"eu-west-1"});  // GLOBAL is none
  CHECK(made.size() == 6);  // 198.51.100.0/24 in one, 203.0.113.0/24 and 2001:db8:8000::/33 with what they hold
  const PrefixTable by_list = table_of(made), by_file = table_of(loaded.value().prefixes);
  CHECK(by_list.interval_count() == by_file.interval_count());
  for (const std::vector<Prefix>& prefixes : {made, loaded.value().prefixes})
    for (const Prefix& prefix : prefixes) {
      CAPTURE(prefix.text());
      for (const IpAddress& address : {prefix.first, prefix.last()})
        CHECK((by_list.find(address) == 1 && by_file.find(address) == 1));
    }
}

TEST_CASE("the source that is made carries the date and the numbers of the list") {
  const TemporaryDirectory here;
  const std::string file = here.path() + "/ip-ranges.json";
  std::ofstream(file) << kPublished;
  const std::string source = output_of(STRAYKEY_MAKE_BUILTIN_RANGES " " + file);
  CHECK(source.find("3 IPv4 and 3 IPv6 prefixes of 2026-08-22 21:17:05 UTC") != std::string::npos);
  CHECK(source.find("kCreated = 1787433425;") != std::string::npos);
  CHECK(source.find("kRegions[] = {\n    \"eu-west-1\"\n};") != std::string::npos);
}

}  // namespace
}  // namespace straykey
