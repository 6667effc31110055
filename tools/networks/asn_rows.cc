// AsnRows: from lines to fields, from fields to a range and its system.
#include "tools/networks/asn_rows.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>

#include "tools/networks/as_number.h"
#include "tools/networks/file_content.h"

namespace straykey {
namespace {

// What a heading may call a column, the plainest first.
constexpr std::string_view kNetworkNames[] = {"network", "cidr", "prefix", "ip_prefix", "subnet"};
constexpr std::string_view kFirstNames[] = {"start",   "start_ip", "ip_start", "range_start", "ip_range_start",
                                            "ip_from", "from",     "first",    "first_ip",    "begin"};
constexpr std::string_view kLastNames[] = {"end",   "end_ip", "ip_end", "range_end", "ip_range_end",
                                           "ip_to", "to",     "last",   "last_ip"};
constexpr std::string_view kAsnNames[] = {"asn", "autonomous_system_number", "as_number", "asn_number", "as"};
constexpr std::string_view kSystemNames[] = {"as_name",
                                             "name",
                                             "autonomous_system_organization",
                                             "as_description",
                                             "as_org",
                                             "asn_name",
                                             "asn_org",
                                             "organization",
                                             "org",
                                             "as"};

// Rows without a heading, by the number of their fields.
struct Columns {
  bool is_range;
  std::size_t fields_min, fields_max, asn, name;
  std::string_view text;
};
constexpr Columns kIptoasn = {true, 5, 5, 2, 4, "start,end,asn,country,name"};
constexpr Columns kIp2Location = {true, 5, 5, 3, 4, "ip_from,ip_to,cidr,asn,as"};
constexpr Columns kKnownColumns[] = {
    {true, 3, 4, 2, 3, "start,end,asn,name"},
    {true, 5, 5, 2, 3, "start_ip,end_ip,asn,name,domain"},
    {true, 8, 8, 3, 5, "start_ip,end_ip,join_key,asn,domain,name,type,country"},
    {true, 9, 9, 6, 7, "start_ip,end_ip,country,country_name,continent,continent_name,asn,as_name,as_domain"},
    {false, 2, 3, 1, 2, "network,asn,name"},
    {false, 6, 6, 1, 3, "network,asn,domain,name,type,country"},
    {false, 8, 8, 5, 6, "network,country,country_code,continent,continent_code,asn,as_name,as_domain"},
};

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_decimal(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether an address was meant, well written or not.
bool looks_like_address(std::string_view text) noexcept {
  return text.find_first_of(".:") != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF.:/") == std::string_view::npos;
}

bool looks_like_country(std::string_view text) noexcept {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return text.empty() || text == "None" || (text.size() == 2 && is_upper(text[0]) && is_upper(text[1]));
}

// A decimal number as the IPv6 address of that value; nothing above 2^128.
std::optional<IpAddress> parse_decimal_address(std::string_view text) noexcept {
  IpAddress address;
  for (const char c : text) {
    unsigned carry = static_cast<unsigned>(c - '0');
    for (std::size_t i = address.bytes.size(); i-- > 0;) {
      carry += address.bytes[i] * 10U;
      address.bytes[i] = static_cast<std::uint8_t>(carry & 0xff);
      carry >>= 8;
    }
    if (carry != 0) return std::nullopt;
  }
  return address;
}

std::optional<std::uint32_t> parse_decimal_v4(std::string_view text) noexcept {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The address of a field; a decimal number is of IPv4 if the range `is_v4`.
std::optional<IpAddress> parse_bound(std::string_view text, bool is_v4) noexcept {
  if (!is_decimal(text)) return parse_ip(text);
  const auto v4 = is_v4 ? parse_decimal_v4(text) : std::nullopt;
  return v4 ? IpAddress::from_v4(*v4) : parse_decimal_address(text);
}

}  // namespace

Error AsnRows::line_error(std::string_view expected, std::string_view line) const {
  return {std::string(name_) + ", line " + std::to_string(line_) + ": expected " + std::string(expected) + ", found " +
          quoted_text(line)};
}

Status AsnRows::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const bool is_whole = end < bytes.size();
    if (cut_line_.size() + end > kLineBytesMax) {
      ++line_;
      return line_error("a line of at most 64 KiB", cut_line_.empty() ? bytes.substr(0, end) : cut_line_);
    }
    if (is_whole && cut_line_.empty()) {
      if (Status status = read_line(bytes.substr(0, end)); !status) return status;
    } else {
      cut_line_ += bytes.substr(0, end);
      if (is_whole) {
        Status status = read_line(cut_line_);
        cut_line_.clear();
        if (!status) return status;
      }
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return {};
}

Status AsnRows::finish() {
  if (!cut_line_.empty()) {
    if (Status status = read_line(cut_line_); !status) return status;
  }
  if (layout_) return {};
  return no_asn_file(name_, heading_.empty() ? std::string("no row") : quoted_text(heading_));
}

Status AsnRows::read_line(std::string_view line) {
  ++line_;
  if (line_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  line = trimmed(line);
  if (line.empty() || line.front() == '#') return {};
  if (!begun_) return begin(line);
  if (line == heading_) return {};  // files put one behind the other
  return read_row(line);
}

Status AsnRows::begin(std::string_view line) {
  begun_ = true;
  if (line.front() == '<') return no_asn_file(name_, "a web page or XML");
  if (line.front() == '{' || line.front() == '[') return no_asn_file(name_, "JSON");
  const std::size_t tab = line.find('\t');
  if (tab != std::string_view::npos && line.find(',') > tab) separator_ = '\t';
  if (!split(line)) return line_error("quotes that are closed, with \"\" for one within", line);
  return is_decimal(field(0)) || looks_like_address(field(0)) ? read_row(line) : read_heading(line);
}

std::optional<std::size_t> AsnRows::column_of(std::span<const std::string_view> names) const {
  for (const std::string_view wanted : names) {
    for (std::size_t at = 0; at < field_count_; ++at) {
      std::string name(field(at));
      for (char& c : name) c = c == ' ' || c == '-' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      if (name == wanted) return at;
    }
  }
  return std::nullopt;
}

Status AsnRows::read_heading(std::string_view line) {
  heading_ = line;
  const auto network = column_of(kNetworkNames);
  const auto first = column_of(kFirstNames);
  const auto last = column_of(kLastNames);
  const auto asn = column_of(kAsnNames);
  const bool has_range = first && last;
  if (!asn && !has_range && !network) return {};  // a heading in words of its own: the rows decide
  if (!asn) return no_asn_file(name_, "a heading without a column \"asn\", " + quoted_text(line));
  if (!has_range && !network) return no_asn_file(name_, "a heading without addresses, " + quoted_text(line));
  Layout layout;
  layout.first = has_range ? *first : *network;
  if (has_range) layout.last = *last;
  layout.asn = *asn;
  layout.name = column_of(kSystemNames);
  if (layout.name == layout.asn) layout.name.reset();
  layout.fields = field_count_;
  layout.columns = "the columns of the heading";
  layout_ = layout;
  return {};
}

bool AsnRows::choose_layout() {
  if (field_count_ < 2) return false;
  const bool is_range = is_decimal(field(0)) ? is_decimal(field(1)) : looks_like_address(field(1));
  const auto* columns = std::find_if(std::begin(kKnownColumns), std::end(kKnownColumns), [&](const Columns& known) {
    return known.is_range == is_range && known.fields_min <= field_count_ && field_count_ <= known.fields_max;
  });
  if (is_range && field_count_ >= 5 && (field(2) == "-" || field(2).find('/') != std::string_view::npos)) {
    columns = &kIp2Location;
  } else if (is_range && field_count_ == 5 && (separator_ == '\t' || looks_like_country(field(3)))) {
    columns = &kIptoasn;
  }
  if (columns == std::end(kKnownColumns)) return false;
  Layout layout;
  if (is_range) layout.last = 1;
  layout.asn = columns->asn;
  layout.name = columns->name;
  layout.fields = std::max(columns->fields_max, field_count_);
  layout.columns = columns->text;
  layout_ = layout;
  return true;
}

// Fills fields_; false if the quotes of a field are wrong. Tables with tabs quote seldom: there, a quote that is not
// closed at the field's end is a letter.
bool AsnRows::split(std::string_view line) {
  field_count_ = 0;
  for (;;) {
    if (field_count_ == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[field_count_++];
    field.clear();
    while (line.starts_with(' ')) line.remove_prefix(1);
    const std::string_view whole = trimmed(line.substr(0, line.find(separator_)));
    const bool is_quoted = line.starts_with('"') && (separator_ != '\t' || (whole.size() > 1 && whole.ends_with('"')));
    if (is_quoted) {
      line.remove_prefix(1);
      for (;;) {
        const std::size_t quote = line.find('"');
        if (quote == std::string_view::npos) return false;
        field += line.substr(0, quote);
        line.remove_prefix(quote + 1);
        if (!line.starts_with('"')) break;
        field += '"';
        line.remove_prefix(1);
      }
      while (line.starts_with(' ')) line.remove_prefix(1);
      if (!line.empty() && line.front() != separator_) return false;
    } else {
      field = whole;
      line.remove_prefix(std::min(line.find(separator_), line.size()));
    }
    if (line.empty()) return true;
    line.remove_prefix(1);
  }
}

// What is wrong with the addresses, as "expected ..."; empty if `range` is filled.
std::string_view AsnRows::read_range(AsnRange& range) const {
  if (!layout_->last) {
    const auto prefix = parse_prefix(field(layout_->first));
    if (!prefix) return "a network such as 192.0.2.0/24 or 2001:db8::/32 without host bits, or an address";
    range.first = prefix->first;
    range.last = prefix->last();
    return {};
  }
  const std::string_view last_text = field(*layout_->last);
  const bool is_v4 = !is_decimal(last_text) || parse_decimal_v4(last_text).has_value();
  const auto first = parse_bound(field(layout_->first), is_v4);
  const auto last = parse_bound(last_text, is_v4);
  if (!first || !last) return "an IPv4 or IPv6 address, or its decimal number, as start and as end";
  if (first->is_v4() != last->is_v4() || *last < *first) return "a start that is not above the end, both of one family";
  range.first = *first;
  range.last = *last;
  return {};
}

Status AsnRows::read_row(std::string_view line) {
  if (!split(line)) return line_error("quotes that are closed, with \"\" for one within", line);
  if (!layout_ && !is_decimal(field(0)) && !looks_like_address(field(0)))
    return no_asn_file(name_, quoted_text(heading_));
  if (!layout_ && !choose_layout())
    return line_error("a heading that names the columns, or rows such as start,end,asn,name or network,asn,name", line);
  const std::size_t last_needed = std::max({layout_->first, layout_->last.value_or(0), layout_->asn});
  if (field_count_ <= last_needed || field_count_ > layout_->fields) {
    std::string expected(layout_->columns);
    if (separator_ == ',') expected += " with a name in quotes if it holds a comma";
    return line_error(expected, line);
  }
  AsnRange range;
  if (const auto expected = read_range(range); !expected.empty()) return line_error(expected, line);
  const auto asn = parse_as_number(field(layout_->asn));
  if (!asn) return line_error("an AS number such as 64511 or AS64511 in " + std::string(layout_->columns), line);
  if (!asn->number) return {};
  range.asn = *asn->number;
  if (layout_->name && *layout_->name < field_count_) range.name = field(*layout_->name);
  if (range.name.empty() || range.name == "-") range.name = asn->name;
  if (range.name.size() > kAsNameBytesMax) return line_error("a name of at most 256 bytes", line);
  if (!simdjson::validate_utf8(range.name.data(), range.name.size())) return line_error("a name in UTF-8", line);
  if (!list_.add(std::move(range))) return line_error("at most 4,000,000 networks", line);
  return {};
}

}  // namespace straykey
