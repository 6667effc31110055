// Networks by number from rows: every download by its look-ups, and the sentence that says what is wrong.
//
// The shapes are those of the samples that tools/networks/asn_rows.h names; the rows are made up, with the addresses
// and numbers that RFC 5737, 3849 and 5398 keep for documentation.
#include "tools/networks/asn_rows.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tools/networks/address_files.h"

namespace straykey {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// "AS64511 Example" or "none" for an address.
std::string system_at(const NetworkMap& networks, std::string_view address) {
  const Place place = networks.locate(address);
  if (place.asn == 0) return "none";
  std::string text = asn_network(place.asn);
  if (!place.as_name.empty()) text += ' ' + std::string(place.as_name);
  return text;
}

NetworkMap map_of(std::string_view text) {
  auto ranges = parse_asn_rows(text, "asn.csv");
  CAPTURE(text);
  REQUIRE_MESSAGE(ranges.ok(), ranges.error().message);
  NetworkInputs inputs;
  inputs.asns = std::move(ranges).value();
  return NetworkMap(std::move(inputs));
}

std::string error_of(std::string_view text) {
  const auto ranges = parse_asn_rows(text, "asn.csv");
  return ranges ? "none" : ranges.error().message;
}

struct Download {
  const char* name;
  std::string_view heading, rows;
  bool has_names = true;
};

// Each says the same of the same addresses, with or without its heading.
constexpr Download kDownloads[] = {
    {"DB-IP IP to ASN Lite", "",
     "192.0.2.0,192.0.2.255,64496,Example Access\n"
     "198.51.100.0,198.51.100.99,65551,\"Example \"\"Hosting\"\", Inc.\"\n"
     "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64511,Example Six\n"},
    {"start,end,asn without names", "start,end,asn\n",
     "192.0.2.0,192.0.2.255,64496\n"
     "198.51.100.0,198.51.100.99,65551\n"
     "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64511\n",
     false},
    {"decimal start,end,asn,name", "",
     "3221225984,3221226239,64496,Example Access\n"
     "3325256704,3325256803,65551,\"Example \"\"Hosting\"\", Inc.\"\n"
     "42540766411282592856903984951653826560,42540766490510755371168322545197776895,64511,Example Six\n"},
    {"IPinfo Lite", "network,country,country_code,continent,continent_code,asn,as_name,as_domain\n",
     "192.0.2.0/24,Australia,AU,Oceania,OC,AS64496,Example Access,example.com\n"
     "198.51.100.0/26,Iceland,IS,Europe,EU,AS65551,\"Example \"\"Hosting\"\", Inc.\",example.net\n"
     "198.51.100.64/27,Norway,NO,Europe,EU,AS65551,\"Example \"\"Hosting\"\", Inc.\",example.net\n"
     "198.51.100.96/30,Norway,NO,Europe,EU,AS65551,\"Example \"\"Hosting\"\", Inc.\",example.net\n"
     "203.0.113.0/24,China,CN,Asia,AS,,,\n"
     "203.0.113.7,China,CN,Asia,AS,,,\n"
     "2001:db8::/32,Norway,NO,Europe,EU,AS64511,Example Six,example.org\n"},
    {"IPinfo ASN, by network", "network,asn,domain,name,type,country\n",
     "192.0.2.0/24,AS64496,example.com,Example Access,isp,AU\n"
     "198.51.100.0/26,AS65551,example.net,\"Example \"\"Hosting\"\", Inc.\",hosting,IS\n"
     "198.51.100.64/27,AS65551,example.net,\"Example \"\"Hosting\"\", Inc.\",hosting,IS\n"
     "198.51.100.96/30,AS65551,example.net,\"Example \"\"Hosting\"\", Inc.\",hosting,IS\n"
     "2001:db8::/32,AS64511,example.org,Example Six,business,NO\n"},
    {"IPinfo ASN, by range", "start_ip,end_ip,join_key,asn,domain,name,type,country\n",
     "192.0.2.0,192.0.2.255,192.0.0.0,AS64496,example.com,Example Access,isp,AU\n"
     "198.51.100.0,198.51.100.99,198.51.0.0,AS65551,example.net,\"Example \"\"Hosting\"\", Inc.\",hosting,IS\n"
     "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,2001:db8::,AS64511,example.org,Example Six,business,NO\n"},
    {"IPinfo IP to ASN", "start_ip,end_ip,asn,name,domain\n",
     "192.0.2.0,192.0.2.255,AS64496,Example Access,example.com\n"
     "198.51.100.0,198.51.100.99,AS65551,\"Example \"\"Hosting\"\", Inc.\",example.net\n"
     "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,AS64511,Example Six,example.org\n"},
    {"IPinfo IP to Country ASN",
     "start_ip,end_ip,country,country_name,continent,continent_name,asn,as_name,as_domain\n",
     "192.0.2.0,192.0.2.255,AU,Australia,OC,Oceania,AS64496,Example Access,example.com\n"
     "198.51.100.0,198.51.100.99,IS,Iceland,EU,Europe,AS65551,\"Example \"\"Hosting\"\", Inc.\",example.net\n"
     "203.0.113.0,203.0.113.255,CN,China,AS,Asia,,,\n"
     "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,NO,Norway,EU,Europe,AS64511,Example Six,example.org\n"},
    {"GeoLite2-ASN-Blocks", "network,autonomous_system_number,autonomous_system_organization\n",
     "192.0.2.0/24,64496,\"Example Access\"\n"
     "198.51.100.0/26,65551,\"Example \"\"Hosting\"\", Inc.\"\n"
     "198.51.100.64/27,65551,\"Example \"\"Hosting\"\", Inc.\"\n"
     "198.51.100.96/30,65551,\"Example \"\"Hosting\"\", Inc.\"\n"
     "2001:db8::/32,64511,\"Example Six\"\n"},
    {"IP2Location LITE ASN, IPv4 and IPv6", "\"ip_from\",\"ip_to\",\"cidr\",\"asn\",\"as\"\n",
     "\"0\",\"281470681743359\",\"-\",\"-\",\"-\"\n"
     "\"281473902969344\",\"281473902969599\",\"192.0.2.0/24\",\"64496\",\"Example Access\"\n"
     "\"3325256704\",\"3325256803\",\"198.51.100.0/26\",\"65551\",\"Example \"\"Hosting\"\", Inc.\"\n"
     "\"281474087547136\",\"281474087547391\",\"203.0.113.0/24\",\"-\",\"-\"\n"
     "\"42540766411282592856903984951653826560\",\"42540766490510755371168322545197776895\",\"2001:db8::/"
     "32\",\"64511\","
     "\"Example Six\"\n"},
    {"iptoasn.com, combined", "",
     "0.0.0.0\t0.255.255.255\t0\tNone\tNot routed\n"
     "192.0.2.0\t192.0.2.255\t64496\tAU\tExample Access\n"
     "198.51.100.0\t198.51.100.99\t65551\tIS\tExample \"Hosting\", Inc.\n"
     "203.0.113.0\t203.0.113.255\t0\tNone\tNot routed\n"
     "::\t2001:db7:ffff:ffff:ffff:ffff:ffff:ffff\t0\tNone\tNot routed\n"
     "2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64511\tNO\tExample Six\n"},
    {"iptoasn.com, its columns as CSV", "range_start,range_end,AS_number,country_code,AS_description\n",
     "192.0.2.0,192.0.2.255,64496,AU,Example Access\n"
     "198.51.100.0,198.51.100.99,65551,IS,\"Example \"\"Hosting\"\", Inc.\"\n"
     "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64511,NO,Example Six\n"},
    {"pyasn", "",
     "192.0.2.0/24\t64496\n198.51.100.0/26\t65551\n198.51.100.64/27\t65551\n198.51.100.96/30\t65551\n"
     "2001:db8::/32\t64511\n",
     false},
};

void check_lookups(const Download& download, std::string_view text) {
  CAPTURE(download.name);
  CAPTURE(text);
  const NetworkMap networks = map_of(text);
  const auto expected = [&](const char* number, const char* name) {
    return download.has_names ? std::string(number) + ' ' + name : std::string(number);
  };
  CHECK(system_at(networks, "192.0.2.0") == expected("AS64496", "Example Access"));
  CHECK(system_at(networks, "192.0.2.255") == expected("AS64496", "Example Access"));
  CHECK(system_at(networks, "192.0.3.0") == "none");
  CHECK(system_at(networks, "198.51.100.0") == expected("AS65551", "Example \"Hosting\", Inc."));
  CHECK(system_at(networks, "198.51.100.99") == expected("AS65551", "Example \"Hosting\", Inc."));
  CHECK(system_at(networks, "198.51.100.100") == "none");
  CHECK(system_at(networks, "203.0.113.7") == "none");
  CHECK(system_at(networks, "2001:db8::1") == expected("AS64511", "Example Six"));
  CHECK(system_at(networks, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff") == expected("AS64511", "Example Six"));
  CHECK(system_at(networks, "2001:db9::") == "none");
}

TEST_CASE("every download gives the same look-ups, with its heading and without") {
  for (const Download& download : kDownloads) {
    check_lookups(download, download.rows);
    check_lookups(download, std::string(download.heading) + std::string(download.rows));
  }
}

TEST_CASE("a download reads the same with CR LF, a byte order mark, comments and blank lines, and cut anywhere") {
  for (const Download& download : kDownloads) {
    std::string text = "\xef\xbb\xbf" + std::string(download.heading) + "# a comment\r\n\r\n";
    for (const char c : download.rows) text += c == '\n' ? "\r\n \r\n" : std::string(1, c);
    text.resize(text.find_last_not_of(" \r\n") + 1);  // no line feed at the end
    check_lookups(download, text);

    AsnRangeList whole(true);
    AsnRangeList cut(true);
    AsnRows whole_rows("asn.csv", whole);
    AsnRows cut_rows("asn.csv", cut);
    REQUIRE(whole_rows.add(text).ok());
    REQUIRE(whole_rows.finish().ok());
    for (std::size_t at = 0; at < text.size(); ++at) REQUIRE(cut_rows.add(text.substr(at, 1)).ok());
    REQUIRE(cut_rows.finish().ok());
    CHECK(whole.release().size() == cut.release().size());
  }
}

TEST_CASE("iptoasn.com's decimal table is IPv4") {
  const NetworkMap networks = map_of(
      "16777216\t16777471\t0\tNone\tNot routed\n"
      "3221225984\t3221226239\t64496\tAU\tExample Access\n");
  CHECK(system_at(networks, "192.0.2.7") == "AS64496 Example Access");
  CHECK(system_at(networks, "::c000:207") == "none");
}

TEST_CASE("a heading names the columns in any order, also those of a table with many") {
  const NetworkMap core = map_of(
      "network,city,region,region_code,country,country_code,continent,continent_code,latitude,longitude,timezone,"
      "postal_code,asn,as_name,as_domain,as_type,is_anonymous,is_anycast,is_hosting,is_mobile,is_satellite\n"
      "192.0.2.0/31,Sydney,New South Wales,NSW,Australia,AU,Oceania,OC,-33.86,151.2,Australia/Sydney,1001,AS64496,"
      "\"Example, Inc.\",example.com,hosting,false,true,true,false,false\n");
  CHECK(system_at(core, "192.0.2.1") == "AS64496 Example, Inc.");
  const NetworkMap turned = map_of("\"AS Name\",ASN,End IP,Start IP\nExample,64496,192.0.2.9,192.0.2.3\n");
  CHECK(system_at(turned, "192.0.2.2") == "none");
  CHECK(system_at(turned, "192.0.2.3") == "AS64496 Example");
  const NetworkMap own_words = map_of("Anfang,Ende,Nummer,Wer\n192.0.2.0,192.0.2.9,64496,Example\n");
  CHECK(system_at(own_words, "192.0.2.3") == "AS64496 Example");
}

TEST_CASE("two files of one heading may be put one behind the other") {
  const std::string heading = "network,autonomous_system_number,autonomous_system_organization\r\n";
  const NetworkMap networks =
      map_of(heading + "192.0.2.0/24,64496,Example\r\n" + heading + "2001:db8::/32,64511,Six\r\n");
  CHECK(system_at(networks, "192.0.2.1") == "AS64496 Example");
  CHECK(system_at(networks, "2001:db8::1") == "AS64511 Six");
}

TEST_CASE("an AS number reads alike in all its spellings") {
  for (const char* asn : {"64511", "AS64511", "as64511", "As64511", "\"AS64511\"", "AS64511 Example",
                          "\"AS64511 Example\"", "64511 Example"}) {
    CAPTURE(asn);
    const NetworkMap networks = map_of("192.0.2.0,192.0.2.255," + std::string(asn) + "\n");
    CHECK(networks.locate("192.0.2.1").asn == 64511);
    CHECK(system_at(networks, "192.0.2.1") == (holds(asn, "Example") ? "AS64511 Example" : "AS64511"));
  }
  CHECK(map_of("192.0.2.0,192.0.2.255,AS4294967295\n").locate("192.0.2.1").asn == 4'294'967'295);
  const NetworkMap named = map_of("192.0.2.0,192.0.2.255,AS64511 Long Name,Short\n");
  CHECK(system_at(named, "192.0.2.1") == "AS64511 Short");
}

TEST_CASE("where rows overlap the narrowest counts, whatever their order and though neighbours were joined") {
  const std::string halves = "198.51.100.0/25,64500,A\n198.51.100.128/25,64500,A\n";
  const std::string across = "198.51.100.64,198.51.100.223,64501,B\n";
  const std::string ranges = "198.51.100.0,198.51.100.127,64500,A\n198.51.100.128,198.51.100.255,64500,A\n";
  for (const std::string& text : {ranges + across, across + ranges}) {
    const NetworkMap networks = map_of(text);
    CHECK(networks.asn_range_count() == 3);
    CHECK(system_at(networks, "198.51.100.1") == "AS64500 A");
    CHECK(system_at(networks, "198.51.100.100") == "AS64500 A");  // 128 addresses are fewer than 160
  }
  CHECK(map_of(halves).asn_range_count() == 1);
  const NetworkMap twice = map_of("192.0.2.0/24,64496,First\n192.0.2.0/24,64497,Second\n");
  CHECK(system_at(twice, "192.0.2.1") == "AS64496 First");
  const NetworkMap nobody = map_of("192.0.2.0/24,64496,Example\n192.0.2.128/25,0,Not routed\n192.0.2.64/26,-,-\n");
  CHECK(system_at(nobody, "192.0.2.200") == "none");             // 0 says that nobody is there
  CHECK(system_at(nobody, "192.0.2.100") == "AS64496 Example");  // a row without a number says nothing
}

TEST_CASE("a file of another kind is refused with downloads that work") {
  for (const char* text : {
           "",
           "\n\n",
           "# nothing\n",
           "start,end,asn,name\n",
           "hello\n",
           "hello\nworld\n",
           "<!DOCTYPE html>\n",
           "{\"network\": \"192.0.2.0/24\", \"asn\": \"AS64496\"}\n",
           "[]",
           "network,geoname_id,registered_country_geoname_id\n192.0.2.0/24,2077456,2077456\n",
           "start_ip,end_ip,country\n192.0.2.0,192.0.2.9,AU\n",
           "id,name,asn\n1,Example,64496\n",
           "192.0.2.0,192.0.2.255,0,Not routed\n",
           "192.0.2.0,192.0.2.255,-,-\n",
       }) {
    CAPTURE(text);
    const std::string error = error_of(text);
    CHECK(holds(error, "asn.csv: expected networks with their AS numbers, found "));
    CHECK(holds(error, "; downloads that work are IPinfo Lite and GeoLite2-ASN"));
    CHECK_FALSE(holds(error, "\n"));
  }
  CHECK(holds(error_of("start_ip,end_ip,country\n"), "found a heading without a column \"asn\""));
  CHECK(holds(error_of("<html>"), "found a web page or XML"));
  CHECK(holds(error_of("192.0.2.0,192.0.2.255,0,Not routed\n"), "found no network with an AS number"));
}

TEST_CASE("a bad row of a download is refused with its line") {
  const std::string lite =
      "network,country,country_code,continent,continent_code,asn,as_name,as_domain\r\n"
      "192.0.2.0/24,Australia,AU,Oceania,OC,AS64496,Example,example.com\r\n\r\n";
  CHECK(error_of(lite + "198.51.100.0/24,Iceland,IS,Europe,EU,hosting,Example,example.com") ==
        "asn.csv, line 4: expected an AS number such as 64511 or AS64511 in the columns of the heading, found "
        "\"198.51.100.0/24,Iceland,IS,Europe,EU,hosting,Example,example.com\"");
  CHECK(
      holds(error_of(lite + "198.51.100.7/24,Iceland,IS,Europe,EU,AS64496,Example,example.com"), "without host bits"));
  CHECK(holds(error_of(lite + "198.51.100.0/24,Iceland,IS,Europe,EU,AS64496,Example, Inc.,example.com"),
              "line 4: expected the columns of the heading with a name in quotes if it holds a comma"));
  CHECK(holds(error_of(lite + "198.51.100.0/24,Iceland"), "line 4: expected the columns of the heading"));
  const std::string table = "192.0.2.0\t192.0.2.255\t64496\tAU\tExample\n";
  CHECK(holds(error_of(table + "198.51.100.9\t198.51.100.8\t64496\tAU\tExample\n"),
              "asn.csv, line 2: expected a start that is not above the end"));
  CHECK(holds(error_of(table + "3325256959\t3325256704\t64496\tAU\tExample\n"), "a start that is not above the end"));
  CHECK(holds(error_of(table + "0\t340282366920938463463374607431768211456\t64496\tAU\tExample\n"),
              "or its decimal number"));  // 2^128
  CHECK(
      holds(error_of("1.2.3.4,5,6,7,8,9,10\n"), "line 1: expected a heading that names the columns, or rows such as"));
  CHECK(holds(error_of(table + std::string(AsnRows::kLineBytesMax + 1, 'x')),
              "line 2: expected a line of at most 64 KiB"));
  CHECK(error_of(table + std::string(AsnRows::kLineBytesMax + 1, 'x')).size() < 400);
}

TEST_CASE("a table of more networks than the limit is refused, rows of one network counting once") {
  AsnRangeList list(true, 2);
  AsnRows rows("asn.csv", list);
  REQUIRE(rows.add("192.0.2.0/25,64496\n192.0.2.128/25,64496\n198.51.100.0/24,64497\n").ok());
  const Status refused = rows.add("203.0.113.0/24,64498\n");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "asn.csv, line 4: expected at most 4,000,000 networks, found \"203.0.113.0/24,64498\"");
}

TEST_CASE("a table cut anywhere or with any byte changed is read or refused, never more") {
  int refused = 0;
  for (const Download& download : kDownloads) {
    const std::string whole = std::string(download.heading) + std::string(download.rows);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
      for (const std::string& text : {changed, whole.substr(0, at)}) {
        const auto ranges = parse_asn_rows(text, "asn.csv");
        refused += ranges ? 0 : 1;
        if (ranges) continue;
        CHECK(holds(ranges.error().message, "asn.csv"));
        CHECK(holds(ranges.error().message, "expected "));
        CHECK(ranges.error().message.size() < 600);
      }
    }
  }
  CHECK(refused > 1'000);
}

TEST_CASE("IP2Location's columns may be followed by more") {
  const NetworkMap networks = map_of(
      "\"3221225984\",\"3221226239\",\"192.0.2.0/24\",\"64496\",\"Example\",\"example.com\",\"DCH\",\"192.0.2.0/"
      "24\"\n");
  CHECK(system_at(networks, "192.0.2.1") == "AS64496 Example");
}

TEST_CASE("the whole IPv6 space in decimal is taken") {
  const NetworkMap networks = map_of("0,340282366920938463463374607431768211455,64496\n");
  CHECK(networks.locate("2001:db8::1").asn == 64496);
  CHECK(networks.locate("192.0.2.1").asn == 0);
}

TEST_CASE("neighbours of one system are one range, so a table by country is no larger than one by system") {
  std::string text;
  for (int i = 0; i < 256; ++i) text += "192.0.2." + std::to_string(i) + ",64496,Example\n";
  const auto joined = parse_asn_rows(text, "asn.csv");
  REQUIRE(joined.ok());
  CHECK(joined.value().size() == 1);
  CHECK(joined.value()[0].last == *parse_ip("192.0.2.255"));
  const auto top = parse_asn_rows("255.255.255.255,64496\n::1:0:0:0,64496\n", "asn.csv");
  REQUIRE(top.ok());
  CHECK(top.value().size() == 2);  // the highest IPv4 address has no neighbour
}

}  // namespace
}  // namespace straykey
