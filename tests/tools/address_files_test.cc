// Files of addresses: what is taken, and the sentence that says what is wrong.
#include "tools/networks/address_files.h"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace straykey {
namespace {

// A file that is gone at the end of the test.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& ending, std::string_view bytes)
      : path_((std::filesystem::temp_directory_path() / ("straykey-address-" + std::to_string(getpid()) + ending))
                  .string()) {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void make_gzip(std::string_view bytes) const {
    const gzFile file = gzopen(path_.c_str(), "wb");
    REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
    REQUIRE(gzclose(file) == Z_OK);
  }

 private:
  std::string path_;
};

constexpr std::string_view kRanges = R"({
  "syncToken": "1787433425",
  "createDate": "2026-08-22-21-17-05",
  "prefixes": [
    {"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
    {"ip_prefix": "192.0.2.0/24", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    {"ip_prefix": "198.51.100.0/25", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8::/40", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"}
  ]
})";

std::string texts(const std::vector<Prefix>& prefixes) {
  std::string text;
  for (const Prefix& prefix : prefixes) text += prefix.text() + ' ';
  return text;
}

std::string texts(const std::vector<AsnRange>& ranges) {
  std::string text;
  for (const AsnRange& range : ranges) {
    text += range.first.text() + '-' + range.last.text() + " AS" + std::to_string(range.asn) + ' ' + range.name + "; ";
  }
  return text;
}

std::string error_of_ranges(std::string_view json) {
  const auto ranges = parse_aws_ranges(json, "ip-ranges.json");
  return ranges ? "none" : ranges.error().message;
}

std::string error_of_csv(std::string_view text) {
  const auto ranges = parse_asn_rows(text, "asn.csv");
  return ranges ? "none" : ranges.error().message;
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("AWS's ranges of all services and both families are taken, each once, with their date") {
  const auto ranges = parse_aws_ranges(kRanges, "ip-ranges.json");
  REQUIRE(ranges.ok());
  CHECK(texts(ranges.value().prefixes) == "192.0.2.0/24 198.51.100.0/25 2001:db8::/40 ");
  CHECK(format_time(ranges.value().created) == "2026-08-22T21:17:05Z");
}

TEST_CASE("AWS's ranges are read from a plain and from a gzip file alike") {
  const TemporaryFile plain(".json", kRanges);
  const TemporaryFile packed(".json.gz", "");
  packed.make_gzip(kRanges);
  const auto from_plain = read_aws_ranges(plain.path());
  const auto from_packed = read_aws_ranges(packed.path());
  REQUIRE(from_plain.ok());
  REQUIRE(from_packed.ok());
  CHECK(from_plain.value().prefixes.size() == 3);
  CHECK(from_plain.value().prefixes == from_packed.value().prefixes);
}

TEST_CASE("ranges with one bad row, no date, no list or no row are refused, and the row is named") {
  std::string text(kRanges);
  text.replace(text.find("198.51.100.0/25"), 15, "198.51.100.1/25");
  CHECK(error_of_ranges(text) ==
        "ip-ranges.json, prefixes[2]: expected \"ip_prefix\" with an address range such as \"192.0.2.0/24\", "
        "found \"198.51.100.1/25\"");
  text = kRanges;
  text.replace(text.find("ipv6_prefix\""), 11, "other_field");
  CHECK(holds(error_of_ranges(text), "ipv6_prefixes[0]: expected \"ipv6_prefix\""));
  text = kRanges;
  text.replace(text.find("2026-08"), 7, "2026/08");
  CHECK(holds(error_of_ranges(text),
              "expected \"createDate\" as \"2026-08-22-21-17-05\", found \"2026/08-22-21-17-05\""));
  CHECK(holds(error_of_ranges("{\"prefixes\": []}"), "expected \"createDate\""));
  CHECK(holds(error_of_ranges("{\"createDate\": \"2026-08-22-21-17-05\"}"), "with a list \"prefixes\""));
  CHECK(holds(error_of_ranges("{\"createDate\": \"2026-08-22-21-17-05\", \"prefixes\": [], \"ipv6_prefixes\": []}"),
              "expected at least one address range, found none"));
}

TEST_CASE("what is not AWS's JSON is refused") {
  for (const char* text :
       {"", "<html>", "[]", "3", "{\"createDate\": 3}", "{\"createDate\": \"2026-08-22-21-17-05\", \"prefixes\": {}}",
        "{\"createDate\": \"2026-08-22-21-17-05\", \"prefixes\": [3]}"}) {
    CAPTURE(text);
    CHECK(holds(error_of_ranges(text), "ip-ranges.json"));
  }
}

TEST_CASE("a CSV of networks may have a heading, comments, empty lines, quotes, CR LF, and both families") {
  const auto ranges = parse_asn_rows(
      "\xef\xbb\xbf# networks of ours\r\nstart,end,asn,name\r\n\r\n"
      "198.51.100.0,198.51.100.255,64511,\"Example \"\"Hosting\"\", Inc.\"\r\n"
      " 203.0.113.0 , 203.0.113.9 , AS64500 , Example # 2 \n"
      "2001:db8::,2001:db8::ffff,64501\n"
      "192.0.2.0,192.0.2.0,0,",
      "asn.csv");
  REQUIRE(ranges.ok());
  CHECK(texts(ranges.value()) ==
        "198.51.100.0-198.51.100.255 AS64511 Example \"Hosting\", Inc.; 203.0.113.0-203.0.113.9 AS64500 Example # 2; "
        "2001:db8::-2001:db8::ffff AS64501 ; 192.0.2.0-192.0.2.0 AS0 ; ");
}

TEST_CASE("a bad line of a CSV is refused with its number and what was expected") {
  const std::string good = "192.0.2.0,192.0.2.255,64511,Example\n\n";
  CHECK(error_of_csv(good + "198.51.100.0,198.51.100.255") ==
        "asn.csv, line 3: expected start,end,asn,name with a name in quotes if it holds a comma, found "
        "\"198.51.100.0,198.51.100.255\"");
  CHECK(holds(error_of_csv(good + "198.51.100.0,198.51.100.255,64511,Example, Inc."), "in quotes if it holds a comma"));
  CHECK(holds(error_of_csv(good + "198.51.100.0,198.51.100.255,64511,\"Example"), "expected quotes that are closed"));
  CHECK(holds(error_of_csv(good + "198.51.100.0,198.51.100.255,64511,\"Exa\"mple"), "expected quotes that are closed"));
  CHECK(holds(error_of_csv(good + "198.51.100.0,198.51.100.256,64511"), "an IPv4 or IPv6 address"));
  CHECK(holds(error_of_csv(good + "start,end,asn,name"),
              "an IPv4 or IPv6 address"));  // a heading comes first or not at all
  CHECK(holds(error_of_csv(good + "198.51.100.9,198.51.100.8,64511"), "not above the end"));
  CHECK(holds(error_of_csv(good + "198.51.100.9,2001:db8::,64511"), "both of one family"));
  CHECK(holds(error_of_csv(good + "2001:db8::,::ffff:1.2.3.4,64511"), "both of one family"));
  for (const char* asn : {"-1", "x", "64511x", "4294967296", "AS", "1.5"}) {
    CAPTURE(asn);
    CHECK(holds(error_of_csv(good + "198.51.100.8,198.51.100.9," + asn), "line 3: expected an AS number"));
  }
  CHECK(holds(error_of_csv(good + "198.51.100.8,198.51.100.9,1," + std::string(257, 'x')),
              "a name of at most 256 bytes"));
  CHECK(error_of_csv(good + "198.51.100.8,198.51.100.9,1," + std::string(256, 'x')) == "none");
  CHECK(holds(error_of_csv(good + "198.51.100.8,198.51.100.9,1,caf\xe9"), "a name in UTF-8"));
}

TEST_CASE("a list of prefixes takes prefixes, addresses and comments, and may be empty") {
  const auto prefixes =
      parse_prefixes("# ours\n198.51.100.0/24 # office\r\n\n  203.0.113.7\n2001:db8::/48", "trusted.txt");
  REQUIRE(prefixes.ok());
  CHECK(texts(prefixes.value()) == "198.51.100.0/24 203.0.113.7/32 2001:db8::/48 ");
  const auto none = parse_prefixes("# none yet\n", "trusted.txt");
  REQUIRE(none.ok());
  CHECK(none.value().empty());
}

TEST_CASE("a bad line of a list of prefixes is refused with its number, control bytes escaped") {
  const auto host_bits = parse_prefixes("198.51.100.0/24\n198.51.100.7/24\n", "trusted.txt");
  REQUIRE_FALSE(host_bits.ok());
  CHECK(host_bits.error().message ==
        "trusted.txt, line 2: expected a prefix such as 198.51.100.0/24 or 2001:db8::/32 without host bits, or an "
        "address, "
        "found \"198.51.100.7/24\"");
  const auto hostile = parse_prefixes("\x1b[2Jclean", "trusted.txt");
  REQUIRE_FALSE(hostile.ok());
  CHECK_FALSE(holds(hostile.error().message, "\x1b"));
  CHECK(parse_prefixes(std::string(100'000, 'x'), "trusted.txt").error().message.size() < 400);
}

TEST_CASE("a file that is absent, no file, cut short or damaged is refused with the reason") {
  const auto absent = read_prefixes("/nonexistent/trusted.txt");
  REQUIRE_FALSE(absent.ok());
  CHECK(absent.error().message == "cannot read /nonexistent/trusted.txt: No such file or directory");

  const auto directory = read_prefixes(std::filesystem::temp_directory_path().string());
  REQUIRE_FALSE(directory.ok());
  CHECK(holds(directory.error().message, "expected a regular file"));

  const TemporaryFile whole(".json.gz", "");
  whole.make_gzip(kRanges);
  std::filesystem::resize_file(whole.path(), std::filesystem::file_size(whole.path()) / 2);
  const auto cut = read_aws_ranges(whole.path());
  REQUIRE_FALSE(cut.ok());
  CHECK(holds(cut.error().message, "cannot read " + whole.path()));

  const TemporaryFile damaged(".csv.gz",
                              std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10) + std::string(100, '\xff'));
  const auto broken = read_asns(damaged.path());
  REQUIRE_FALSE(broken.ok());
  CHECK(holds(broken.error().message, "cannot read " + damaged.path()));
}

TEST_CASE("a file over the limit is refused before it is read, and gzip that inflates over it while it is read") {
  const TemporaryFile large(".txt", "");
  std::filesystem::resize_file(large.path(), kAddressFileBytesMax + 1);
  const auto refused = read_prefixes(large.path());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == large.path() + " is too large: expected at most 64 MiB");

  std::filesystem::resize_file(large.path(), kAsnFileBytesMax + 1);
  CHECK(read_asns(large.path()).error().message == large.path() + " is too large: expected at most 512 MiB");

  const TemporaryFile bomb(".txt.gz", "");
  bomb.make_gzip(std::string(kAddressFileBytesMax + 1, '\n'));
  CHECK(std::filesystem::file_size(bomb.path()) < kAddressFileBytesMax / 100);
  const auto inflated = read_prefixes(bomb.path());
  REQUIRE_FALSE(inflated.ok());
  CHECK(inflated.error().message == bomb.path() + " is too large: expected at most 64 MiB inflated");
}

TEST_CASE("networks by number come from rows, plain or gzip, whatever the name of the file") {
  constexpr std::string_view kCsv = "198.51.100.0,198.51.100.255,64511,Example\n";
  for (const char* ending : {".csv", ".csv.gz", ".mmdb", ".zip", ""}) {
    CAPTURE(ending);
    const TemporaryFile plain(ending, kCsv);
    CHECK(texts(read_asns(plain.path()).value()) == "198.51.100.0-198.51.100.255 AS64511 Example; ");
    plain.make_gzip(kCsv);
    CHECK(texts(read_asns(plain.path()).value()) == "198.51.100.0-198.51.100.255 AS64511 Example; ");
  }
}

TEST_CASE("a table larger than what is read at once is read whole, plain and gzip") {
  std::string text;
  for (int i = 0; i < 40'000; ++i) {  // 1.5 MB; every second address is left out, so that nothing is joined
    const IpAddress address = IpAddress::from_v4(0xc6120000U + 2U * static_cast<std::uint32_t>(i));
    text += address.text() + '\t' + address.text() + "\t64511\tNO\tExample\n";
  }
  const TemporaryFile file(".tsv", text);
  CHECK(read_asns(file.path()).value().size() == 40'000);
  file.make_gzip(text);
  CHECK(read_asns(file.path()).value().size() == 40'000);
  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) - 5);
  const auto cut = read_asns(file.path());
  REQUIRE_FALSE(cut.ok());
  CHECK(holds(cut.error().message, "cannot read " + file.path()));
}

struct Refusal {
  std::string bytes;
  const char* sentence;
};

// The beginning of a tar archive: a name, zeros, and "ustar" at its place.
std::string tar_archive() {
  std::string bytes = "GeoLite2-ASN_20261129/";
  bytes.resize(257);
  return bytes + std::string("ustar\00000", 8) + std::string(247, '\0');
}

std::vector<Refusal> refusals() {
  const std::string rest(2'000, '\x01');
  return {
      {"PK\x03\x04" + rest, "found a zip archive; unpack it first and name the file inside"},
      {tar_archive(), "found a tar archive; unpack it first and name the file inside"},
      {"7z\xbc\xaf\x27\x1c" + rest, "found a 7z archive; unpack it first and name the file inside"},
      {"Rar!\x1a\x07" + rest, "found a rar archive; unpack it first"},
      {"\xfd\x37zXZ" + rest, "found a file compressed with xz; unpack it first, or pack it with gzip"},
      {"BZh91AY&SY" + rest, "found a file compressed with bzip2; unpack it first"},
      {"\x28\xb5\x2f\xfd" + rest, "found a file compressed with zstd; unpack it first"},
      {"\xff\xfe[", "found text in UTF-16; save it as UTF-8"},
      {"PAR1" + rest, "found a Parquet file; take the download as CSV or MMDB instead"},
  };
}

TEST_CASE("archives, other compressions and UTF-16 are refused by name, also within gzip, with what to do") {
  for (const Refusal& refusal : refusals()) {
    CAPTURE(refusal.sentence);
    const TemporaryFile file(".csv", refusal.bytes);
    for (int round = 0; round < 2; ++round) {
      const std::string asns = read_asns(file.path()).error().message;
      CHECK(asns == file.path() + ": expected networks with their AS numbers (MMDB, CSV or TSV, plain or as .gz), " +
                        asns.substr(std::min(asns.size(), asns.find("found "))));
      CHECK(holds(asns, refusal.sentence));
      CHECK(holds(read_aws_ranges(file.path()).error().message, refusal.sentence));
      CHECK(holds(read_prefixes(file.path()).error().message, refusal.sentence));
      file.make_gzip(refusal.bytes);
    }
  }
}

TEST_CASE("bytes that are nothing known, and AWS's ranges, are refused as networks by number") {
  const TemporaryFile noise(".mmdb", std::string(3'000, '\x01'));
  const std::string of_noise = read_asns(noise.path()).error().message;
  CHECK(holds(of_noise, noise.path() + ": expected networks with their AS numbers, found bytes that are neither text"));
  CHECK(holds(of_noise, "downloads that work are"));
  noise.make_gzip(std::string(3'000, '\x01'));
  CHECK(read_asns(noise.path()).error().message == of_noise);
  const TemporaryFile ranges(".json", kRanges);
  CHECK(holds(read_asns(ranges.path()).error().message,
              "found AWS's ip-ranges.json, which belongs in networks.aws_ranges"));
}

TEST_CASE("AWS's ranges with a byte order mark are read, plain and gzip") {
  const std::string marked = "\xef\xbb\xbf" + std::string(kRanges);
  const TemporaryFile file(".json", marked);
  CHECK(read_aws_ranges(file.path()).value().prefixes.size() == 3);
  file.make_gzip(marked);
  CHECK(read_aws_ranges(file.path()).value().prefixes.size() == 3);
}

}  // namespace
}  // namespace straykey
