// MaxMind databases, written here byte by byte after the published format.
#include "tools/networks/maxmind_file.h"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <set>
#include <string>

#include "tools/networks/address_files.h"

namespace straykey {
namespace {

// --- a writer of small databases: records of 24 bits, one data record for each network ---

std::string string_field(std::string_view text) {
  REQUIRE(text.size() < 29);
  return static_cast<char>(0x40 | text.size()) + std::string(text);
}
std::string number_field(std::uint8_t type, std::uint32_t value) {  // 5: 16 bits, 6: 32 bits
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  bytes.erase(0, bytes.find_first_not_of('\0') == std::string::npos ? 4 : bytes.find_first_not_of('\0'));
  return static_cast<char>(type << 5 | bytes.size()) + bytes;
}
std::string map_field(std::size_t pairs, std::string_view fields) {
  return static_cast<char>(0xe0 | pairs) + std::string(fields);
}
std::string network_record(std::uint32_t asn, std::string_view name) {
  // The keys are longer than 28 bytes or near to it: size in a second byte.
  const auto key = [](std::string_view text) {
    return text.size() < 29 ? string_field(text)
                            : std::string("\x5d") + static_cast<char>(text.size() - 29) + std::string(text);
  };
  return map_field(2, key("autonomous_system_number") + number_field(6, asn) + key("autonomous_system_organization") +
                          string_field(name));
}

class Database {
 public:
  explicit Database(int ip_version) : ip_version_(ip_version) { nodes_.push_back({kEmpty, kEmpty}); }

  // The network below `prefix` gets the record at `data_offset`; the bits are counted from `from`, 96 in a database of
  // IPv4.
  void put(const Prefix& prefix, std::size_t data_offset) {
    auto& record = record_at(prefix);
    record = kData + static_cast<std::int64_t>(data_offset);
  }
  // The records at `prefix` lead to where the IPv4 tree begins.
  void alias_of_v4(std::string_view prefix_text) {
    const std::int64_t v4 = record_at({IpAddress{}, 96});
    REQUIRE(v4 >= 0);
    record_at(parse_prefix(prefix_text).value()) = v4;
  }
  // A record that points back to below the root (that to the root itself is known to the library as invalid).
  void loop(std::string_view prefix_text) { record_at(parse_prefix(prefix_text).value()) = 1; }
  void point_outside(std::string_view prefix_text) { record_at(parse_prefix(prefix_text).value()) = kData + 100'000; }

  std::size_t add(std::string_view record) {
    data_ += record;
    return data_.size() - record.size();
  }

  [[nodiscard]] std::string bytes() const {
    std::string file;
    for (const auto& node : nodes_) {
      for (const std::int64_t record : node) append24(file, number_of(record));
    }
    file += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    const auto version = static_cast<std::uint32_t>(ip_version_);
    return file + map_field(9, string_field("node_count") + number_field(6, count) +                        //
                                   string_field("record_size") + number_field(5, 24) +                      //
                                   string_field("ip_version") + number_field(5, version) +                  //
                                   string_field("database_type") + string_field("Example-ASN") +            //
                                   string_field("binary_format_major_version") + number_field(5, 2) +       //
                                   string_field("binary_format_minor_version") + number_field(5, 0) +       //
                                   string_field("build_epoch") + std::string("\x04\x02\x01\x02\x03\x04") +  // 64 bits
                                   string_field("languages") + std::string("\x00\x04", 2) +  // an empty list
                                   string_field("description") + map_field(0, ""));
  }

 private:
  static constexpr std::int64_t kEmpty = -1;
  static constexpr std::int64_t kData = std::int64_t{1} << 32;

  std::int64_t& record_at(const Prefix& prefix) {
    const int from = ip_version_ == 4 ? 96 : 0;
    std::size_t node = 0;
    for (int bit = from;; ++bit) {
      const auto at = static_cast<std::size_t>(bit);
      const std::size_t side = prefix.first.bytes[at / 8] >> (7 - at % 8) & 1;
      if (bit + 1 == prefix.length) return nodes_[node][side];
      if (nodes_[node][side] == kEmpty) {
        nodes_[node][side] = static_cast<std::int64_t>(nodes_.size());
        nodes_.push_back({kEmpty, kEmpty});
      }
      node = static_cast<std::size_t>(nodes_[node][side]);
    }
  }
  [[nodiscard]] std::uint32_t number_of(std::int64_t record) const {
    const auto count = static_cast<std::int64_t>(nodes_.size());
    if (record == kEmpty) return static_cast<std::uint32_t>(count);
    return static_cast<std::uint32_t>(record >= kData ? record - kData + count + 16 : record);
  }
  static void append24(std::string& file, std::uint32_t value) {
    for (int shift = 16; shift >= 0; shift -= 8) file += static_cast<char>(value >> shift & 0xff);
  }

  int ip_version_;
  std::vector<std::array<std::int64_t, 2>> nodes_;
  std::string data_;
};

// An IPv4 prefix as such a database holds it in a tree of IPv6: below ::/96.
Prefix below_v6_root(std::string_view v4_prefix) {
  Prefix prefix = parse_prefix(v4_prefix).value();
  prefix.first.bytes[10] = 0;
  prefix.first.bytes[11] = 0;
  return prefix;
}

Result<std::vector<AsnRange>> read(std::string_view bytes) {
  const auto path = std::filesystem::temp_directory_path() / ("straykey-maxmind-" + std::to_string(getpid()) + ".mmdb");
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  auto ranges = collect_asn_ranges("test.mmdb", [&](AsnRangeList& list) {
    return read_maxmind_asns({path.string(), "test.mmdb"}, list);
  });
  std::filesystem::remove(path);
  return ranges;
}

// "first-last asn name; ..." in the order of the texts, or the error.
std::string networks(const Result<std::vector<AsnRange>>& ranges) {
  if (!ranges) return ranges.error().message;
  std::multiset<std::string> found;
  for (const AsnRange& range : ranges.value()) {
    found.insert(range.first.text() + '-' + range.last.text() + ' ' + std::to_string(range.asn) + ' ' + range.name +
                 "; ");
  }
  std::string text;
  for (const std::string& network : found) text += network;
  return text;
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a database of IPv4 is read with its networks and names") {
  Database database(4);
  const std::size_t hosting = database.add(network_record(64511, "Example Hosting"));
  const std::size_t access = database.add(network_record(64500, "Example Access"));
  database.put(parse_prefix("198.51.100.0/24").value(), hosting);
  database.put(parse_prefix("203.0.113.64/26").value(), access);
  database.put(parse_prefix("192.0.2.7/32").value(), hosting);
  CHECK(networks(read(database.bytes())) ==
        "192.0.2.7-192.0.2.7 64511 Example Hosting; 198.51.100.0-198.51.100.255 64511 Example Hosting; "
        "203.0.113.64-203.0.113.127 64500 Example Access; ");
}

TEST_CASE("a database of both families is read, IPv4 once and not at its aliases") {
  Database database(6);
  const std::size_t hosting = database.add(network_record(64511, "Example Hosting"));
  const std::size_t access = database.add(network_record(64500, "Example Access"));
  database.put(below_v6_root("198.51.100.0/24"), hosting);
  database.put(parse_prefix("2001:db8:1::/48").value(), access);
  database.alias_of_v4("2002::/16");
  database.alias_of_v4("::ffff:0:0/96");
  CHECK(networks(read(database.bytes())) ==
        "198.51.100.0-198.51.100.255 64511 Example Hosting; "
        "2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff 64500 Example Access; ");
}

TEST_CASE("records without a network number are left out, and a database of nothing else is refused") {
  Database database(4);
  const std::size_t nobody = database.add(map_field(1, string_field("country") + string_field("XX")));
  database.put(parse_prefix("203.0.113.0/24").value(), nobody);
  CHECK(holds(networks(read(database.bytes())), "found the MaxMind database \"Example-ASN\" without any"));
  database.put(parse_prefix("198.51.100.0/24").value(), database.add(network_record(64511, "Example")));
  CHECK(networks(read(database.bytes())) == "198.51.100.0-198.51.100.255 64511 Example; ");
}

TEST_CASE("the records of IPinfo, DB-IP, GeoIP2-ISP and GeoIP2-Enterprise are read") {
  const auto fields = [](std::initializer_list<std::string> texts) {
    std::string bytes;
    for (const std::string& text : texts) bytes += text;
    return map_field(texts.size() / 2, bytes);
  };
  const auto name = [](std::string_view text) { return string_field(text); };
  const std::string organisation =
      "\x5d\x01"
      "autonomous_system_organization";
  Database database(6);
  const auto put = [&](std::string_view prefix, const std::string& record) {
    database.put(below_v6_root(prefix), database.add(record));
  };
  put("192.0.2.0/26", fields({name("as_domain"), name("example.com"), name("as_name"), name("Example Lite"),
                              name("asn"), name("AS64496"), name("country_code"), name("AU")}));
  put("192.0.2.64/26",
      fields({name("asn"), name("AS65551"), name("name"), name("Example ASN"), name("type"), name("isp")}));
  put("192.0.2.128/26", fields({name("country"), name("China")}));  // Lite: no system known
  put("192.0.2.192/26", fields({name("asn"), name(""), name("as_name"), name("")}));
  put("198.51.100.0/26",
      fields({name("autonomous_system_number"), number_field(5, 64497), name("isp"), name("Example")}));
  put("198.51.100.64/26", fields({name("traits"), fields({name("autonomous_system_number"), number_field(6, 64498),
                                                          organisation, name("Example Enterprise")})}));
  put("198.51.100.128/26", fields({name("traits"), fields({name("isp"), name("Example")})}));
  put("203.0.113.0/24", fields({name("asn"), number_field(6, 65536), name("name"), name("Example Number")}));
  CHECK(networks(read(database.bytes())) ==
        "192.0.2.0-192.0.2.63 64496 Example Lite; 192.0.2.64-192.0.2.127 65551 Example ASN; "
        "198.51.100.0-198.51.100.63 64497 ; 198.51.100.64-198.51.100.127 64498 Example Enterprise; "
        "203.0.113.0-203.0.113.255 65536 Example Number; ");
}

TEST_CASE("networks come in ascending order, neighbours of one system as one range") {
  Database database(4);
  const std::string record = network_record(64511, "Example Hosting");
  database.put(parse_prefix("198.51.100.0/26").value(), database.add(record));
  database.put(parse_prefix("198.51.100.64/26").value(), database.add(network_record(64511, "Example Hosting")));
  database.put(parse_prefix("198.51.100.128/25").value(), database.add(record));
  database.put(parse_prefix("192.0.2.0/24").value(), database.add(record));
  const auto ranges = read(database.bytes());
  REQUIRE(ranges.ok());
  REQUIRE(ranges.value().size() == 2);
  CHECK(ranges.value()[0].first.text() == "192.0.2.0");
  CHECK(ranges.value()[1].first.text() == "198.51.100.0");
  CHECK(ranges.value()[1].last.text() == "198.51.100.255");
}

TEST_CASE("a database is known by its bytes: plain or gzip, whatever its name") {
  Database database(6);
  database.put(below_v6_root("198.51.100.0/24"), database.add(network_record(64511, "Example Hosting")));
  const std::string bytes = database.bytes();
  for (const char* ending : {".mmdb", ".csv", ".mmdb.gz"}) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("straykey-named-" + std::to_string(getpid()) + ending)).string();
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    CHECK(networks(read_asns(path)) == "198.51.100.0-198.51.100.255 64511 Example Hosting; ");
    const gzFile file = gzopen(path.c_str(), "wb");
    REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
    REQUIRE(gzclose(file) == Z_OK);
    CHECK(networks(read_asns(path)) == "198.51.100.0-198.51.100.255 64511 Example Hosting; ");
    std::filesystem::remove(path);
  }
}

TEST_CASE("a tree that loops, a record that points outside and a number of another type are refused") {
  Database looping(4);
  looping.put(parse_prefix("198.51.100.0/24").value(), looping.add(network_record(64511, "Example")));
  looping.loop("128.0.0.0/4");
  CHECK(holds(networks(read(looping.bytes())), "expected a tree, found one that loops"));

  Database outside(4);
  outside.put(parse_prefix("198.51.100.0/24").value(), outside.add(network_record(64511, "Example")));
  outside.point_outside("128.0.0.0/4");
  CHECK(holds(networks(read(outside.bytes())), "expected a record that points into the file"));

  Database text(4);
  const auto record = map_field(1, string_field("autonomous_system_number") + string_field("Example"));
  text.put(parse_prefix("198.51.100.0/24").value(), text.add(record));
  CHECK(holds(networks(read(text.bytes())),
              "expected the AS number in autonomous_system_number as a 32-bit number or as text such as \"AS64511\", "
              "found \"Example\""));

  Database nested(4);
  nested.put(
      parse_prefix("198.51.100.0/24").value(),
      nested.add(map_field(1, string_field("asn") + map_field(1, string_field("asn") + number_field(6, 64511)))));
  CHECK(holds(networks(read(nested.bytes())), "expected the AS number in asn as a 32-bit number"));
}

TEST_CASE("a database cut anywhere or with any byte changed is read or refused, never more") {
  Database database(6);
  database.put(below_v6_root("198.51.100.0/24"), database.add(network_record(64511, "Example Hosting")));
  database.put(parse_prefix("2001:db8::/32").value(), database.add(network_record(64500, "Example Access")));
  const std::string whole = database.bytes();
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    refused += read(whole.substr(0, at)).ok() ? 0 : 1;
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0xff);
    refused += read(changed).ok() ? 0 : 1;
  }
  CHECK(refused > 100);
}

TEST_CASE("what is no database is refused with its name") {
  const auto ranges = read("start,end,asn,name\n");
  REQUIRE_FALSE(ranges.ok());
  CHECK(holds(ranges.error().message,
              "test.mmdb: expected networks with their AS numbers, found bytes that are neither"));
}

}  // namespace
}  // namespace straykey
