// Files of addresses: AWS's JSON, CSV of networks, lists of prefixes.
#include "tools/networks/address_files.h"

#include <simdjson.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "tools/networks/asn_range_list.h"
#include "tools/networks/asn_rows.h"
#include "tools/networks/file_content.h"
#include "tools/networks/maxmind_file.h"

namespace straykey {
namespace {

namespace dom = simdjson::dom;

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Hands over each line that holds something else than a comment, trimmed, with its number from 1.
template <class OnLine>
Status for_each_line(std::string_view text, OnLine on_line) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (Status status = on_line(number, line); !status) return status;
  }
  return {};
}

Error line_error(std::string_view name, std::size_t line, std::string_view expected, std::string_view found) {
  return {std::string(name) + ", line " + std::to_string(line) + ": expected " + std::string(expected) + ", found " +
          quoted_text(found)};
}

// --- AWS's ranges ---

// `YYYY-MM-DD-hh-mm-ss`, UTC.
std::optional<Seconds> parse_create_date(std::string_view text) {
  if (text.size() != 19 || text[10] != '-' || text[13] != '-' || text[16] != '-') return std::nullopt;
  std::string time(text);
  time[10] = 'T';
  time[13] = ':';
  time[16] = ':';
  return parse_time(time + 'Z');
}

constexpr std::string_view kNoRegion = "GLOBAL";  // of services that have none

// The prefixes of one of the two lists, `list`, whose rows hold them under `key`, and their Regions.
Status take_prefixes(const dom::element& document, std::string_view list, std::string_view key, std::string_view name,
                     AwsRanges& ranges) {
  dom::array rows;
  if (document[list].get(rows) != simdjson::SUCCESS) {
    return Error{std::string(name) + ": expected AWS's ip-ranges.json with a list " + quoted_text(list)};
  }
  std::size_t number = 0;
  for (const dom::element row : rows) {
    std::string_view text;
    const bool is_text = row[key].get(text) == simdjson::SUCCESS;
    const auto prefix = is_text ? parse_prefix(text) : std::nullopt;
    if (!prefix) {
      return Error{std::string(name) + ", " + std::string(list) + '[' + std::to_string(number) + "]: expected " +
                   quoted_text(key) + " with an address range such as \"192.0.2.0/24\", found " +
                   (is_text ? quoted_text(text) : "none")};
    }
    ranges.prefixes.push_back(*prefix);
    std::string_view region;
    if (row["region"].get(region) == simdjson::SUCCESS && region != kNoRegion) ranges.regions.emplace(region);
    ++number;
  }
  return {};
}

// --- networks by number ---

// Bytes in memory as a file that has a path, for a library that opens by path only; gone with the object.
class MemoryFile {
 public:
  MemoryFile() : file_(memfd_create("straykey-address-file", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (file_ >= 0) close(file_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] bool append(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = write(file_, bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

Status read_database(FileContent& content, const std::string& path, AsnRangeList& list) {
  if (!content.is_gzip()) return read_maxmind_asns({path, path}, list);
  const MemoryFile inflated;
  for (;;) {
    auto chunk = content.read();
    if (!chunk) return chunk.error();
    if (chunk->empty()) return read_maxmind_asns({inflated.path(), path}, list);
    if (!inflated.append(*chunk))
      return Error{"cannot read " + path +
                   ": no memory for what it inflates to: " + std::generic_category().message(errno)};
  }
}

Status read_rows(FileContent& content, const std::string& path, AsnRangeList& list) {
  AsnRows rows(path, list);
  for (;;) {
    auto chunk = content.read();
    if (!chunk) return chunk.error();
    if (chunk->empty()) return rows.finish();
    if (Status status = rows.add(*chunk); !status) return status;
  }
}

constexpr std::string_view kExpectedAsns = "networks with their AS numbers (MMDB, CSV or TSV, plain or as .gz)";
constexpr std::string_view kExpectedRanges = "AWS's ip-ranges.json";
constexpr std::string_view kExpectedPrefixes = "lines of prefixes or addresses";

}  // namespace

Result<AwsRanges> parse_aws_ranges(std::string_view json, std::string_view name) {
  if (json.starts_with("\xef\xbb\xbf")) json.remove_prefix(3);
  dom::parser parser(kAddressFileBytesMax);
  dom::element document;
  if (const auto error = parser.parse(json.data(), json.size()).get(document); error != simdjson::SUCCESS) {
    return Error{std::string(name) +
                 ": expected AWS's ip-ranges.json, found no JSON: " + simdjson::error_message(error)};
  }
  AwsRanges ranges;
  std::string_view date;
  const bool is_text = document["createDate"].get(date) == simdjson::SUCCESS;
  const auto created = is_text ? parse_create_date(date) : std::nullopt;
  if (!created) {
    return Error{std::string(name) + ": expected \"createDate\" as \"2026-08-22-21-17-05\", found " +
                 (is_text ? quoted_text(date) : "none")};
  }
  ranges.created = *created;
  if (Status status = take_prefixes(document, "prefixes", "ip_prefix", name, ranges); !status) return status.error();
  if (Status status = take_prefixes(document, "ipv6_prefixes", "ipv6_prefix", name, ranges); !status)
    return status.error();
  if (ranges.prefixes.empty()) return Error{std::string(name) + ": expected at least one address range, found none"};

  std::sort(ranges.prefixes.begin(), ranges.prefixes.end());
  ranges.prefixes.erase(std::unique(ranges.prefixes.begin(), ranges.prefixes.end()), ranges.prefixes.end());
  return ranges;
}

Result<AwsRanges> read_aws_ranges(const std::string& path) {
  const auto text = read_text_file(path, kAddressFileBytesMax, kExpectedRanges);
  if (!text) return text.error();
  return parse_aws_ranges(text.value(), path);
}

Result<std::vector<AsnRange>> parse_asn_rows(std::string_view text, std::string_view name) {
  return collect_asn_ranges(name, [&](AsnRangeList& list) -> Status {
    AsnRows rows(name, list);
    if (Status status = rows.add(text); !status) return status;
    return rows.finish();
  });
}

Result<std::vector<AsnRange>> read_asns(const std::string& path) {
  return collect_asn_ranges(path, [&](AsnRangeList& list) -> Status {
    auto content = FileContent::open(path, kAsnFileBytesMax, kExpectedAsns);
    if (!content) return content.error();
    FileContent& file = *content.value();
    if (is_binary(file.beginning())) return read_database(file, path, list);
    if (file.beginning().find("\"ip_prefix\"") != std::string_view::npos)
      return no_asn_file(path, "AWS's ip-ranges.json, which belongs in networks.aws_ranges or --aws-ranges");
    return read_rows(file, path, list);
  });
}

Result<std::vector<Prefix>> parse_prefixes(std::string_view text, std::string_view name) {
  std::vector<Prefix> prefixes;
  Status status = for_each_line(text, [&](std::size_t number, std::string_view line) -> Status {
    const std::string_view entry = trimmed(line.substr(0, line.find('#')));
    const auto prefix = parse_prefix(entry);
    if (!prefix) {
      return line_error(name, number,
                        "a prefix such as 198.51.100.0/24 or 2001:db8::/32 without host bits, or an address", entry);
    }
    prefixes.push_back(*prefix);
    return {};
  });
  if (!status) return status.error();
  return prefixes;
}

Result<std::vector<Prefix>> read_prefixes(const std::string& path) {
  const auto text = read_text_file(path, kAddressFileBytesMax, kExpectedPrefixes);
  if (!text) return text.error();
  return parse_prefixes(text.value(), path);
}

}  // namespace straykey
