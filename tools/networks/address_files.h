#pragma once
// Files of addresses that an operator gives us, as values: AWS's ranges, networks by number, lists of prefixes.
//
// Shape:  any of them may be gzip; text may begin with a byte order mark and end its lines with CR LF. What a file
//         holds is told by its bytes, never by its name.
// Bounds: kAddressFileBytesMax, of the file and of what it inflates to; kAsnFileBytesMax for networks by number, which
//         are read without holding the text (a MaxMind database within gzip is inflated in memory).
// Errors: one sentence that names the file, the line or row, what was expected and what was found. A file is taken
//         whole or not at all: half a list would call AWS external, or a trusted network unknown. An archive is refused
//         by its name, with the advice to unpack it.
// Thread: any (no state).
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/location/ip_address.h"
#include "core/location/network_map.h"

namespace straykey {

inline constexpr std::size_t kAddressFileBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kAsnFileBytesMax = std::size_t{512} << 20;

// AWS's ip-ranges.json: the prefixes of all services, each once, ascending. Never empty.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
struct AwsRanges {
  std::vector<Prefix> prefixes;
  Seconds created = 0;  // createDate
  std::set<std::string, std::less<>> regions;
};
[[nodiscard]] Result<AwsRanges> read_aws_ranges(const std::string& path);
// The same from text; `name` stands for the file in the sentence of an error.
[[nodiscard]] Result<AwsRanges> parse_aws_ranges(std::string_view json, std::string_view name);

// Networks by number: a MaxMind database (maxmind_file.h) or rows as CSV or TSV (asn_rows.h). Never empty: at least one
// network has a number other than 0.
[[nodiscard]] Result<std::vector<AsnRange>> read_asns(const std::string& path);
// The rows from text; `name` stands for the file in the sentence of an error.
[[nodiscard]] Result<std::vector<AsnRange>> parse_asn_rows(std::string_view text, std::string_view name);

// One prefix or address a line; # begins a comment.
[[nodiscard]] Result<std::vector<Prefix>> read_prefixes(const std::string& path);
[[nodiscard]] Result<std::vector<Prefix>> parse_prefixes(std::string_view text, std::string_view name);

}  // namespace straykey
