#pragma once
// AsnRows: networks by number from the rows of a table, as CSV or separated by tabs.
//
// Shape:  Downloads differ in their columns. A heading line is read by its names (any of the vendors' spellings, in any
//         order, others ignored); without one the number of fields and the first row decide:
//
//           start,end,asn[,name]                        DB-IP IP to ASN Lite, and our own
//           start,end,asn,country,name                  iptoasn.com (tabs), also with decimal addresses
//           ip_from,ip_to,cidr,asn,as[,...]             IP2Location LITE ASN, decimal addresses
//           start_ip,end_ip,asn,name,domain             IPinfo, and with 8 and 9 fields
//           network,asn[,name]                          GeoLite2-ASN-Blocks
//           network,country,...,asn,as_name,as_domain   IPinfo Lite
//
//         Ranges need not be prefixes. An address may be a decimal number: a row whose two ends are below 2^32 is
//         IPv4, any other is IPv6. AS numbers are read by as_number.h; a row without one is skipped, and 0 says that
//         nobody is known there. A field is in double quotes if it holds the separator. Lines may end in CR LF, the
//         first may begin with a byte order mark; empty lines, lines that begin with # and repetitions of the heading
//         are skipped.
// Order:  rows may overlap and come in any order: of overlapping ranges the narrowest counts, of two of one width the
//         one that begins later, and of two of the same ends that of the lower number (core/location/network_map.h).
// Bounds: a line has at most kLineBytesMax, a name kAsNameBytesMax, a file kAsnRangesMax networks.
// Errors: one sentence with file, line, what was expected and what was found.
// Source: files read 2026-11-29: ipinfo/sample-database (Lite, Core, Plus, IP to ASN, IP to Country ASN, ASN), the npm
//         package @ip-location-db/asn 2.3.2026061719 (DB-IP's columns, also decimal, whole), x123/ip2asn (21 rows of
//         iptoasn.com's table). Of GeoLite2's CSV and IP2Location's only rows quoted in others' programs were seen.
// Thread: one (a value).
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "tools/networks/asn_range_list.h"

namespace straykey {

class AsnRows {
 public:
  static constexpr std::size_t kLineBytesMax = std::size_t{64} << 10;

  // Both are borrowed for the life of this.
  AsnRows(std::string_view name, AsnRangeList& list) : name_(name), list_(list) {}

  // The next bytes of the text, cut anywhere.
  [[nodiscard]] Status add(std::string_view bytes);
  // After the last of them.
  [[nodiscard]] Status finish();

 private:
  // Where a row holds what; `last` is absent where `first` is the column of a prefix.
  struct Layout {
    std::size_t first = 0;
    std::optional<std::size_t> last;
    std::size_t asn = 0;
    std::optional<std::size_t> name;
    std::size_t fields = 0;    // in a whole row; those behind `asn` may be missing
    std::string_view columns;  // for the sentence of an error
  };

  Status read_line(std::string_view line);
  Status begin(std::string_view line);
  Status read_heading(std::string_view line);
  bool choose_layout();
  Status read_row(std::string_view line);
  bool split(std::string_view line);
  [[nodiscard]] std::string_view field(std::size_t at) const noexcept { return fields_[at]; }
  [[nodiscard]] std::optional<std::size_t> column_of(std::span<const std::string_view> names) const;
  std::string_view read_range(AsnRange& range) const;
  [[nodiscard]] Error line_error(std::string_view expected, std::string_view line) const;

  const std::string_view name_;
  AsnRangeList& list_;
  std::size_t line_ = 0;
  std::string cut_line_;  // the beginning of a line whose end has not come yet
  bool begun_ = false;
  char separator_ = ',';
  std::string heading_;
  std::optional<Layout> layout_;
  std::vector<std::string> fields_;  // of the current row: the first `field_count_`; the strings are used again
  std::size_t field_count_ = 0;
};

}  // namespace straykey
