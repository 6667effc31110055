#include "net/http/request_guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace straykey {
namespace {

constexpr Refusal kTlsOnPlainPort{400, "tls_on_plain_port", "This port speaks plain HTTP; use the HTTPS port for TLS."};
constexpr Refusal kBadByte{400, "bad_byte", "The request head holds a control byte."};
constexpr Refusal kBareLineEnd{400, "bare_line_end", "Lines of the request head must end in CR LF."};
constexpr Refusal kFoldedLine{400, "folded_line", "A header line must not begin with white space."};
constexpr Refusal kBadRequestLine{400, "bad_request_line", "The request line cannot be read."};
constexpr Refusal kTargetTooLong{414, "target_too_long", "The request target is too long."};
constexpr Refusal kBadTarget{400, "bad_target", "The request target holds bytes that a URL may not hold."};
constexpr Refusal kHeadTooLarge{431, "head_too_large", "The header block is too large."};
constexpr Refusal kTooManyFields{431, "too_many_headers", "There are too many header fields."};
constexpr Refusal kBadVersion{505, "bad_http_version", "This server speaks HTTP/1.1 and HTTP/1.0 only."};
constexpr Refusal kBadMethod{405, "method_not_allowed", "This server is not a proxy and does not serve that method."};
constexpr Refusal kProxyForm{405, "proxy_request",
                             "This server is not a proxy: send the path alone as request target."};
constexpr Refusal kBadField{400, "bad_header", "A header line is malformed."};
constexpr Refusal kSpaceBeforeColon{400, "space_before_colon", "A header name must be followed by its colon at once."};
// Splunk Connect for Syslog names its headers `__splunk_app_name`, and gives a batch up after a 400.
constexpr std::string_view kUnderscoresTaken = "/services/collector";
constexpr Refusal kUnderscore{400, "underscore_in_header", "Header names with an underscore are not accepted."};
constexpr Refusal kBadHost{400, "bad_host", "Exactly one well-formed Host header is needed."};
constexpr Refusal kBadLength{400, "bad_content_length", "Content-Length must be one plain decimal number."};
constexpr Refusal kBadTransferEncoding{
    400, "bad_transfer_encoding",
    "The only accepted Transfer-Encoding is one `chunked`, in HTTP/1.1, without Content-Length."};
constexpr Refusal kLengthRequired{411, "length_required", "Send Content-Length or Transfer-Encoding: chunked."};
constexpr Refusal kBadExpect{417, "bad_expect", "The only accepted expectation is 100-continue."};

constexpr bool is_alpha(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_hex(unsigned char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
// Letters, digits and `more`.
consteval std::array<bool, 256> letters_digits_and(std::string_view more) {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c)
    table[c] = is_alpha(static_cast<unsigned char>(c)) || is_digit(static_cast<unsigned char>(c));
  for (const char c : more) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kTokenBytes = letters_digits_and("!#$%&'*+-.^_`|~");
constexpr std::array<bool, 256> kTargetBytes = letters_digits_and("-._~!$&'()*+,;=:@/?%");
constexpr std::array<bool, 256> kHostBytes = letters_digits_and("-._");
constexpr bool is_token_byte(char c) {
  return kTokenBytes[static_cast<unsigned char>(c)];
}
constexpr bool is_target_byte(char c) {
  return kTargetBytes[static_cast<unsigned char>(c)];
}
constexpr bool is_host_byte(char c) {
  return kHostBytes[static_cast<unsigned char>(c)];
}
constexpr bool is_plain_byte(unsigned char c) {
  return (c >= 0x20 && c != 0x7f) || c == '\t';
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the next line of `rest`, without its CR LF.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

HttpMethod method_of(std::string_view word) {
  if (word == "GET") return HttpMethod::get;
  if (word == "HEAD") return HttpMethod::head;
  if (word == "POST") return HttpMethod::post;
  if (word == "PUT") return HttpMethod::put;
  if (word == "OPTIONS") return HttpMethod::options;
  return HttpMethod::other;
}

// Only bytes that RFC 3986 allows in path and query, each % followed by two hex digits.
bool well_formed_target(std::string_view target) {
  if (!std::all_of(target.begin(), target.end(), is_target_byte)) return false;
  for (std::size_t at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 1)) {
    if (at + 2 >= target.size()) return false;
    if (!is_hex(static_cast<unsigned char>(target[at + 1])) || !is_hex(static_cast<unsigned char>(target[at + 2])))
      return false;
  }
  return true;
}

std::optional<Refusal> read_request_line(std::string_view line, HeadLimits limits, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == 0 || first == std::string_view::npos || first == last) return kBadRequestLine;
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!std::all_of(method.begin(), method.end(), is_token_byte) || target.empty()) return kBadRequestLine;
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return version.starts_with("HTTP/") ? kBadVersion : kBadRequestLine;
  if (target.size() > limits.target_bytes_max) return kTargetTooLong;
  head.method = method_of(method);
  // Of a path that is known, the router says what is allowed. TRACE asks for its credentials back.
  if (head.method == HttpMethod::other && (target.front() != '/' || method == "TRACE")) return kBadMethod;
  const bool whole_server = head.method == HttpMethod::options && target == "*";
  if (target.front() != '/' && !whole_server)
    return target.find("://") != std::string_view::npos ? kProxyForm : kBadTarget;
  if (!whole_server && !well_formed_target(target)) return kBadTarget;
  head.target = target;
  head.path = target.substr(0, target.find('?'));
  head.http_1_0 = version == "HTTP/1.0";
  return std::nullopt;
}

std::optional<Refusal> read_field(std::string_view line, RequestHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return kBadField;
  const std::string_view name = line.substr(0, colon);
  if (name.back() == ' ' || name.back() == '\t') return kSpaceBeforeColon;
  if (!std::all_of(name.begin(), name.end(), is_token_byte)) return kBadField;
  if (name.find('_') != std::string_view::npos && !head.path.starts_with(kUnderscoresTaken)) return kUnderscore;
  head.fields.push_back({name, trim(line.substr(colon + 1))});
  return std::nullopt;
}

// name, IPv4 or [IPv6], with an optional port. Returns the host without port, "" if malformed.
std::string_view host_part(std::string_view value) {
  std::string_view host;
  std::string_view rest;
  if (value.starts_with('[')) {
    const std::size_t close = value.find(']');
    if (close == std::string_view::npos) return {};
    host = value.substr(0, close + 1);
    rest = value.substr(close + 1);
    const std::string_view inner = host.substr(1, close - 1);
    const auto address_byte = [](char c) { return is_hex(static_cast<unsigned char>(c)) || c == ':' || c == '.'; };
    if (inner.empty() || !std::all_of(inner.begin(), inner.end(), address_byte)) return {};
  } else {
    const std::size_t colon = value.find(':');
    host = value.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : value.substr(colon);
    if (!std::all_of(host.begin(), host.end(), is_host_byte)) return {};
  }
  if (rest.empty()) return host;
  rest.remove_prefix(1);
  const auto digit = [](char c) { return is_digit(static_cast<unsigned char>(c)); };
  return rest.size() <= 5 && std::all_of(rest.begin(), rest.end(), digit) ? host : std::string_view{};
}

std::optional<Refusal> check_host(RequestHead& head) {
  const std::size_t count = head.field_count("Host");
  if (count == 0 && head.http_1_0) return std::nullopt;
  if (count != 1) return kBadHost;
  head.host = host_part(head.field("Host"));
  if (head.host.empty()) return kBadHost;
  return std::nullopt;
}

std::optional<Refusal> check_framing(RequestHead& head) {
  const std::size_t lengths = head.field_count("Content-Length");
  const std::size_t encodings = head.field_count("Transfer-Encoding");
  if (encodings > 0) {
    if (encodings > 1 || lengths > 0 || head.http_1_0) return kBadTransferEncoding;
    if (!equal_ignoring_case(head.field("Transfer-Encoding"), "chunked")) return kBadTransferEncoding;
    head.chunked = true;
    return std::nullopt;
  }
  if (lengths > 1) return kBadLength;
  if (lengths == 1) {
    const std::string_view text = head.field("Content-Length");
    const auto digit = [](char c) { return is_digit(static_cast<unsigned char>(c)); };
    std::uint64_t length = 0;
    if (text.empty() || !std::all_of(text.begin(), text.end(), digit)) return kBadLength;
    if (std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{}) return kBadLength;
    head.content_length = length;
    return std::nullopt;
  }
  if (head.method == HttpMethod::post || head.method == HttpMethod::put) return kLengthRequired;
  return std::nullopt;
}

std::optional<Refusal> read_connection_fields(RequestHead& head) {
  head.keep_alive = !head.http_1_0;
  for (const HeaderField& field : head.fields) {
    if (equal_ignoring_case(field.name, "Expect")) {
      if (!equal_ignoring_case(field.value, "100-continue")) return kBadExpect;
      head.expects_continue = !head.http_1_0;
    }
    if (!equal_ignoring_case(field.name, "Connection")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      if (equal_ignoring_case(trim(rest.substr(0, comma)), "close")) head.keep_alive = false;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return std::nullopt;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view RequestHead::field(std::string_view name) const noexcept {
  for (const HeaderField& one : fields)
    if (equal_ignoring_case(one.name, name)) return one.value;
  return {};
}

std::size_t RequestHead::field_count(std::string_view name) const noexcept {
  std::size_t count = 0;
  for (const HeaderField& one : fields) count += equal_ignoring_case(one.name, name) ? 1 : 0;
  return count;
}

void RequestHead::clear() noexcept {
  std::vector<HeaderField> memory = std::move(fields);
  memory.clear();
  *this = RequestHead{};
  fields = std::move(memory);
}

HeadScanner::Verdict HeadScanner::refuse(const Refusal& refusal) {
  refusal_ = refusal;
  return Verdict::refused;
}

// Passes the plain bytes inside a header line, which are most of a head.
void HeadScanner::pass_plain(std::string_view bytes) noexcept {
  if (lines_ == 0 || line_bytes_ == 0 || after_cr_) return;
  const std::size_t end = std::min(bytes.size(), begin_ + block_bytes_max_);
  const std::size_t from = at_;
  while (at_ < end && is_plain_byte(static_cast<unsigned char>(bytes[at_]))) ++at_;
  line_bytes_ += at_ - from;
}

HeadScanner::Verdict HeadScanner::scan(std::string_view bytes) {
  for (; at_ < bytes.size(); ++at_) {
    pass_plain(bytes);
    if (at_ == bytes.size()) break;
    if (at_ - begin_ >= block_bytes_max_) {
      if (block_bytes_max_ >= limits_.large_block_bytes_max || !may_be_large(bytes)) return refuse(kHeadTooLarge);
      block_bytes_max_ = limits_.large_block_bytes_max;
    }
    const Verdict verdict = take_byte(static_cast<unsigned char>(bytes[at_]));
    if (verdict != Verdict::incomplete) return verdict;
  }
  return Verdict::incomplete;
}

bool HeadScanner::may_be_large(std::string_view bytes) const noexcept {
  if (lines_ == 0 || limits_.large_path.empty()) return false;
  const std::string_view line = bytes.substr(begin_, bytes.find('\r', begin_) - begin_);
  std::string_view target = line.substr(std::min(line.size(), line.find(' ')));
  if (!target.empty()) target.remove_prefix(1);
  return target.substr(0, target.find_first_of(" ?")) == limits_.large_path;
}

HeadScanner::Verdict HeadScanner::take_byte(unsigned char byte) {
  if (after_cr_) return byte == '\n' ? end_line() : refuse(kBareLineEnd);
  if (byte == '\n') return refuse(kBareLineEnd);
  if (byte == '\r') {
    after_cr_ = true;
    return Verdict::incomplete;
  }
  if (byte == 0x16 && at_ == 0) return refuse(kTlsOnPlainPort);
  if (!is_plain_byte(byte)) return refuse(kBadByte);
  if (lines_ == 0) {
    if (byte == '\t' || byte >= 0x80 || (line_bytes_ == 0 && byte == ' ')) return refuse(kBadRequestLine);
    // Longest method and version that a request line is given: 32 bytes around the target.
    if (line_bytes_ >= limits_.target_bytes_max + 32) return refuse(kTargetTooLong);
  } else if (line_bytes_ == 0 && (byte == ' ' || byte == '\t')) {
    return refuse(kFoldedLine);
  }
  ++line_bytes_;
  return Verdict::incomplete;
}

HeadScanner::Verdict HeadScanner::end_line() {
  after_cr_ = false;
  if (line_bytes_ == 0 && lines_ > 0) {
    end_ = at_ + 1;
    return Verdict::complete;
  }
  if (line_bytes_ == 0) {
    // RFC 9112, 2.2: some senders put one empty line behind a body; more than one is no request.
    if (begin_ != 0) return refuse(kBadRequestLine);
    begin_ = at_ + 1;
    return Verdict::incomplete;
  }
  ++lines_;
  line_bytes_ = 0;
  return lines_ > limits_.fields_max + 1 ? refuse(kTooManyFields) : Verdict::incomplete;
}

std::optional<Refusal> read_begun_head(std::string_view begun, HeadLimits limits, RequestHead& head) {
  head.clear();
  if (begun.size() > std::max(limits.block_bytes_max, limits.large_block_bytes_max)) return kHeadTooLarge;
  std::string_view rest = begun.substr(0, begun.rfind("\r\n"));
  if (rest.size() < begun.size()) rest = begun.substr(0, rest.size() + 2);
  if (auto refusal = read_request_line(next_line(rest), limits, head)) return refusal;
  if (begun.size() > limits.block_bytes_max && (limits.large_path.empty() || head.path != limits.large_path))
    return kHeadTooLarge;
  for (std::string_view line = next_line(rest); !line.empty(); line = next_line(rest)) {
    if (head.fields.size() == limits.fields_max) return kTooManyFields;
    if (auto refusal = read_field(line, head)) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> read_head(std::string_view block, HeadLimits limits, RequestHead& head) {
  if (auto refusal = read_begun_head(block, limits, head)) return refusal;
  if (auto refusal = check_host(head)) return refusal;
  if (auto refusal = check_framing(head)) return refusal;
  return read_connection_fields(head);
}

bool is_of_foreign_page(const RequestHead& head) {
  if (const std::string_view site = head.field("Sec-Fetch-Site"); !site.empty())
    return site != "same-origin" && site != "none";
  std::string_view origin = head.field("Origin");
  if (origin.empty()) return false;
  const std::size_t start = origin.find("://");
  if (start == std::string_view::npos) return true;
  origin.remove_prefix(start + 3);
  return !equal_ignoring_case(origin.substr(0, origin.rfind(':')), head.host) &&
         !equal_ignoring_case(origin, head.host);
}

}  // namespace straykey
