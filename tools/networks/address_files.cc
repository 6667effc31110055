// Files of addresses: AWS's JSON, CSV of networks, lists of prefixes.
#include "tools/networks/address_files.h"

#include <simdjson.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/log.h"
#include "tools/networks/maxmind_file.h"

namespace straykey {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kShownBytesMax = 80;

// The sender's text within our sentence.
std::string shown(std::string_view text) {
  return '"' + escape_for_log(text, kShownBytesMax) + '"';
}

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

Status check_size(const std::string& path) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  if (error) return Error{"cannot read " + path + ": " + error.message()};
  if (!regular) return Error{"cannot read " + path + ": expected a regular file"};
  const auto size = std::filesystem::file_size(path, error);
  if (error) return Error{"cannot read " + path + ": " + error.message()};
  if (size > kAddressFileBytesMax) {
    return Error{path + " is too large: expected at most " + mebibytes(kAddressFileBytesMax)};
  }
  return {};
}

struct GzClose {
  void operator()(gzFile file) const { gzclose_r(file); }
};

// The text of a file, inflated if it is gzip: gzread passes other bytes through.
Result<std::string> read_text(const std::string& path) {
  if (const Status status = check_size(path); !status) return status.error();
  errno = 0;
  std::unique_ptr<gzFile_s, GzClose> file(gzopen(path.c_str(), "rbe"));
  if (!file) return Error{"cannot read " + path + ": " + std::generic_category().message(errno)};

  constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
  std::string text;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + kChunkBytes);
    const int count = gzread(file.get(), text.data() + size, kChunkBytes);
    if (count < 0) {
      int code = Z_OK;
      const char* what = gzerror(file.get(), &code);
      return Error{"cannot read " + path + ": " + (code == Z_ERRNO ? std::generic_category().message(errno) : what)};
    }
    text.resize(size + static_cast<std::size_t>(count));
    if (text.size() > kAddressFileBytesMax) {
      return Error{path + " is too large: expected at most " + mebibytes(kAddressFileBytesMax) + " inflated"};
    }
    if (count == 0) break;
  }
  // zlib tells only on closing that the file ended within a stream.
  if (gzclose_r(file.release()) != Z_OK) return Error{"cannot read " + path + ": the gzip file is cut short"};
  return text;
}

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
          shown(found)};
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

// The prefixes of one of the two lists, `list`, whose rows hold them under `key`.
Status take_prefixes(const dom::element& document, std::string_view list, std::string_view key, std::string_view name,
                     std::vector<Prefix>& prefixes) {
  dom::array rows;
  if (document[list].get(rows) != simdjson::SUCCESS) {
    return Error{std::string(name) + ": expected AWS's ip-ranges.json with a list " + shown(list)};
  }
  std::size_t number = 0;
  for (const dom::element row : rows) {
    std::string_view text;
    const bool is_text = row[key].get(text) == simdjson::SUCCESS;
    const auto prefix = is_text ? parse_prefix(text) : std::nullopt;
    if (!prefix) {
      return Error{std::string(name) + ", " + std::string(list) + '[' + std::to_string(number) + "]: expected " +
                   shown(key) + " with an address range such as \"192.0.2.0/24\", found " +
                   (is_text ? shown(text) : "none")};
    }
    prefixes.push_back(*prefix);
    ++number;
  }
  return {};
}

// --- networks by number ---

// The fields of a CSV line; nothing if its quotes are wrong.
std::optional<std::vector<std::string>> split_fields(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    line = trimmed(line);
    std::string field;
    if (line.starts_with('"')) {
      line.remove_prefix(1);
      for (;;) {
        const std::size_t quote = line.find('"');
        if (quote == std::string_view::npos) return std::nullopt;
        field += line.substr(0, quote);
        line.remove_prefix(quote + 1);
        if (!line.starts_with('"')) break;
        field += '"';
        line.remove_prefix(1);
      }
      line = trimmed(line);
      if (!line.empty() && line.front() != ',') return std::nullopt;
    } else {
      const std::size_t comma = std::min(line.find(','), line.size());
      field = trimmed(line.substr(0, comma));
      line.remove_prefix(comma);
    }
    fields.push_back(std::move(field));
    if (line.empty()) return fields;
    line.remove_prefix(1);
  }
}

std::optional<std::uint32_t> parse_asn(std::string_view text) noexcept {
  if (text.starts_with("AS") || text.starts_with("as")) text.remove_prefix(2);
  std::uint32_t asn = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), asn);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return asn;
}

bool looks_like_address(std::string_view text) noexcept {
  return text.find_first_of(".:") != std::string_view::npos;
}

// What is wrong with a row, as "expected ..."; empty if it is well and `range` is filled.
std::string_view read_asn_row(std::vector<std::string>& fields, AsnRange& range) {
  if (fields.size() < 3 || fields.size() > 4) return "start,end,asn,name with a name in quotes if it holds a comma";
  const auto first = parse_ip(fields[0]);
  const auto last = parse_ip(fields[1]);
  if (!first || !last) return "an IPv4 or IPv6 address in each of the first two fields";
  if (first->is_v4() != last->is_v4() || *last < *first) return "a start that is not above the end, both of one family";
  const auto asn = parse_asn(fields[2]);
  if (!asn) return "an AS number such as 64511 in the third field";
  range = {*first, *last, *asn, fields.size() == 4 ? std::move(fields[3]) : std::string()};
  if (range.name.size() > kAsNameBytesMax) return "a name of at most 256 bytes";
  if (!simdjson::validate_utf8(range.name.data(), range.name.size())) return "a name in UTF-8";
  return {};
}

}  // namespace

Result<AwsRanges> parse_aws_ranges(std::string_view json, std::string_view name) {
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
                 (is_text ? shown(date) : "none")};
  }
  ranges.created = *created;
  if (Status status = take_prefixes(document, "prefixes", "ip_prefix", name, ranges.prefixes); !status)
    return status.error();
  if (Status status = take_prefixes(document, "ipv6_prefixes", "ipv6_prefix", name, ranges.prefixes); !status)
    return status.error();
  if (ranges.prefixes.empty()) return Error{std::string(name) + ": expected at least one address range, found none"};

  std::sort(ranges.prefixes.begin(), ranges.prefixes.end());
  ranges.prefixes.erase(std::unique(ranges.prefixes.begin(), ranges.prefixes.end()), ranges.prefixes.end());
  return ranges;
}

Result<AwsRanges> read_aws_ranges(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return text.error();
  return parse_aws_ranges(text.value(), path);
}

Result<std::vector<AsnRange>> parse_asn_csv(std::string_view text, std::string_view name) {
  std::vector<AsnRange> ranges;
  bool first_row = true;
  Status status = for_each_line(text, [&](std::size_t number, std::string_view line) -> Status {
    auto fields = split_fields(line);
    if (!fields) return line_error(name, number, "quotes that are closed, with \"\" for one within", line);
    if (std::exchange(first_row, false) && !looks_like_address(fields->front())) return {};
    AsnRange range;
    if (const auto expected = read_asn_row(*fields, range); !expected.empty())
      return line_error(name, number, expected, line);
    ranges.push_back(std::move(range));
    return {};
  });
  if (!status) return status.error();
  if (ranges.empty()) return Error{std::string(name) + ": expected lines of start,end,asn,name, found none"};
  return ranges;
}

Result<std::vector<AsnRange>> read_asns(const std::string& path) {
  if (path.ends_with(".mmdb")) {
    if (const Status status = check_size(path); !status) return status.error();
    return read_maxmind_asns(path);
  }
  const auto text = read_text(path);
  if (!text) return text.error();
  return parse_asn_csv(text.value(), path);
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
  const auto text = read_text(path);
  if (!text) return text.error();
  return parse_prefixes(text.value(), path);
}

}  // namespace straykey
