#include "core/event/json_text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <bit>

namespace straykey {
namespace {

constexpr std::size_t kMatchedDepth = 64;
constexpr std::string_view kSpace = " \t\r\n";

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr bool is_scalar_byte(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

constexpr bool stops_string(char c) noexcept {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

// The first byte at or after `at` that is a quote, a backslash or a control byte.
std::size_t string_stop(std::string_view text, std::size_t at) noexcept {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    if (const int mask = _mm_movemask_epi8(hit)) return at + static_cast<std::size_t>(std::countr_zero(unsigned(mask)));
  }
#endif
  while (at < text.size() && !stops_string(text[at])) ++at;
  return at;
}

// The string that opens at `at`: size is measured from the front of `text`, behind the closing quote.
JsonExtent scan_string(std::string_view text, std::size_t at) noexcept {
  for (++at;;) {
    at = string_stop(text, at);
    if (at >= text.size()) return {text.size(), JsonEnd::truncated};
    if (text[at] == '"') return {at + 1, JsonEnd::complete};
    if (text[at] != '\\') return {at, JsonEnd::broken};
    at += 2;
  }
}

JsonExtent scan_scalar(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && is_scalar_byte(text[at])) ++at;
  if (at == 0) return {0, JsonEnd::broken};
  return {at, JsonEnd::complete};
}

// The open brackets: kinds for the first 64, a count for the rest.
class Brackets {
 public:
  void open(bool object) noexcept {
    if (depth_ < kMatchedDepth) kinds_ = (kinds_ & ~(std::uint64_t{1} << depth_)) | (std::uint64_t{object} << depth_);
    ++depth_;
  }
  [[nodiscard]] bool close(bool object) noexcept {
    if (depth_ <= kMatchedDepth && in_object() != object) return false;
    --depth_;
    return true;
  }
  [[nodiscard]] bool in_object() const noexcept {
    return depth_ <= kMatchedDepth && ((kinds_ >> (depth_ - 1)) & 1) != 0;
  }
  [[nodiscard]] bool none() const noexcept { return depth_ == 0; }

 private:
  std::uint64_t kinds_ = 0;
  std::size_t depth_ = 0;
};

JsonExtent scan_container(std::string_view text) noexcept {
  Brackets brackets;
  char before = ',';  // the last token: one of "{[,:", or 'v' for a value or key
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (is_space(c)) {
      ++at;
    } else if (c == '"') {
      if (before == 'v') return {at, JsonEnd::broken};
      const JsonExtent string = scan_string(text, at);
      if (string.end != JsonEnd::complete) return string;
      at = string.size;
      before = 'v';
    } else if (c == '{' || c == '[') {
      const bool needs_key = !brackets.none() && brackets.in_object() && before != ':';
      if (before == 'v' || needs_key) return {at, JsonEnd::broken};
      brackets.open(c == '{');
      before = c;
      ++at;
    } else if (c == '}' || c == ']') {
      if (!brackets.close(c == '}')) return {at, JsonEnd::broken};
      before = 'v';
      ++at;
      if (brackets.none()) return {at, JsonEnd::complete};
    } else if (c == ',' || c == ':' || is_scalar_byte(c)) {
      before = is_scalar_byte(c) ? 'v' : c;
      ++at;
    } else {
      return {at, JsonEnd::broken};
    }
  }
  return {text.size(), JsonEnd::truncated};
}

// Four hex digits at `at`, or -1.
int hex4(std::string_view text, std::size_t at) noexcept {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

constexpr bool is_high_surrogate(int unit) noexcept {
  return unit >= 0xd800 && unit < 0xdc00;
}
constexpr bool is_low_surrogate(int unit) noexcept {
  return unit >= 0xdc00 && unit < 0xe000;
}

// The low surrogate of an escaped pair whose first `\uXXXX` starts at `at`, or -1.
int paired_low(std::string_view text, std::size_t at) noexcept {
  if (text.substr(at + 6, 2) != "\\u") return -1;
  const int low = hex4(text, at + 8);
  return is_low_surrogate(low) ? low : -1;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    tail(12), tail(6), tail(0);
  }
}

// Appends what `\uXXXX` at `at` means; returns the bytes it took, 0 if it is malformed.
std::size_t append_unicode_escape(std::string_view raw, std::size_t at, std::string& out) {
  const int unit = hex4(raw, at + 2);
  if (unit < 0) return 0;
  const int low = is_high_surrogate(unit) ? paired_low(raw, at) : -1;
  if (low >= 0) {
    append_utf8(0x10000u + (static_cast<std::uint32_t>(unit - 0xd800) << 10) + static_cast<std::uint32_t>(low - 0xdc00),
                out);
    return 12;
  }
  const bool lone = is_high_surrogate(unit) || is_low_surrogate(unit);
  append_utf8(lone ? 0xfffdu : static_cast<std::uint32_t>(unit), out);
  return 6;
}

// RFC 8259 `number`, all of the text.
bool is_number(std::string_view text) noexcept {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero_first = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero_first && whole > 1)) return false;
  if (at < text.size() && text[at] == '.' && (++at, digits() == 0)) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// Overwrites lone surrogate escapes of the string in json[from, to) by \ufffd.
bool mend_string(std::string& json, std::size_t from, std::size_t to) {
  bool mended = false;
  for (std::size_t at = from; at < to;) {
    if (json[at] != '\\') {
      ++at;
      continue;
    }
    const std::string_view inside(json.data(), to);
    const int unit = at + 1 < to && json[at + 1] == 'u' ? hex4(inside, at + 2) : -1;
    if (is_high_surrogate(unit) && paired_low(inside, at) >= 0) {
      at += 12;
    } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      json.replace(at, 6, "\\ufffd");
      mended = true;
      at += 6;
    } else {
      at += 2;
    }
  }
  return mended;
}

}  // namespace

std::string_view skip_json_space(std::string_view text) noexcept {
  const std::size_t at = text.find_first_not_of(kSpace);
  return at == std::string_view::npos ? std::string_view{} : text.substr(at);
}

std::string_view trim_json(std::string_view text) noexcept {
  text = skip_json_space(text);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

JsonExtent scan_json_value(std::string_view text) noexcept {
  if (text.empty()) return {0, JsonEnd::truncated};
  if (text.front() == '{' || text.front() == '[') return scan_container(text);
  return text.front() == '"' ? scan_string(text, 0) : scan_scalar(text);
}

bool JsonElements::stop(JsonEnd end) noexcept {
  stopped_ = true;
  end_ = end;
  return false;
}

void JsonElements::skip_separators() noexcept {
  while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == ',')) ++at_;
}

std::string_view JsonElements::rest() noexcept {
  if (stopped_) return {};
  skip_separators();
  return text_.substr(at_);
}

bool JsonElements::next(JsonSlice& element) noexcept {
  if (stopped_) return false;
  skip_separators();
  if (at_ >= text_.size()) return stop(JsonEnd::truncated);
  if (text_[at_] == ']') {
    ++at_;
    return stop(JsonEnd::complete);
  }
  const JsonExtent extent = scan_json_value(text_.substr(at_));
  if (extent.end == JsonEnd::complete) {
    element = {text_.substr(at_, extent.size), JsonEnd::complete};
    at_ += extent.size;
    return true;
  }
  element = {text_.substr(at_), extent.end};
  if (extent.end == JsonEnd::truncated) {
    at_ = text_.size();
    stop(JsonEnd::truncated);
  } else {
    const std::size_t from = at_;
    resume_after(extent.size);
    element.text = text_.substr(from, at_ - from);
  }
  return true;
}

// Moves to the '{' of the next `} , { "` behind the start of the element that broke after fault_bytes.
void JsonElements::resume_after(std::size_t fault_bytes) noexcept {
  const std::size_t cost = fault_bytes + 64;
  if (*effort_ >= cost) {
    *effort_ -= cost;
    for (std::size_t at = text_.find('}', at_ + 1); at != std::string_view::npos; at = text_.find('}', at + 1)) {
      std::size_t ahead = text_.find_first_not_of(kSpace, at + 1);
      if (ahead == std::string_view::npos || text_[ahead] != ',') continue;
      ahead = text_.find_first_not_of(kSpace, ahead + 1);
      if (ahead == std::string_view::npos || text_[ahead] != '{') continue;
      const std::size_t key = text_.find_first_not_of(kSpace, ahead + 1);
      if (key == std::string_view::npos || text_[key] != '"') continue;
      at_ = ahead;
      return;
    }
  }
  at_ = text_.size();
  stop(JsonEnd::broken);
}

bool JsonMembers::stop(JsonEnd end) noexcept {
  stopped_ = true;
  end_ = end;
  return false;
}

bool JsonMembers::next(std::string_view& key, JsonSlice& value) noexcept {
  const auto skip_space = [this] {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size();
  };
  if (stopped_) return false;
  if (!skip_space()) return stop(JsonEnd::truncated);
  if (text_[at_] == '}') {
    ++at_;
    return stop(JsonEnd::complete);
  }
  if (!first_) {
    if (text_[at_] != ',') return stop(JsonEnd::broken);
    ++at_;
    if (!skip_space()) return stop(JsonEnd::truncated);
  }
  first_ = false;
  if (text_[at_] != '"') return stop(JsonEnd::broken);
  const JsonExtent name = scan_string(text_, at_);
  if (name.end != JsonEnd::complete) {
    at_ = name.size;
    return stop(name.end);
  }
  key = text_.substr(at_ + 1, name.size - at_ - 2);
  at_ = name.size;
  if (!skip_space()) return stop(JsonEnd::truncated);
  if (text_[at_] != ':') return stop(JsonEnd::broken);
  ++at_;
  if (!skip_space()) return stop(JsonEnd::truncated);
  const JsonExtent extent = scan_json_value(text_.substr(at_));
  const bool complete = extent.end == JsonEnd::complete;
  value = {complete ? text_.substr(at_, extent.size) : text_.substr(at_), extent.end};
  at_ += extent.size;
  if (!complete) stop(extent.end);
  return true;
}

bool unescape_json(std::string_view raw, std::string& out) {
  out.clear();
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t escape = raw.find('\\', at);
    out.append(raw.substr(at, escape - at));
    if (escape == std::string_view::npos) return true;
    if (escape + 1 >= raw.size()) return false;
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t letter = kLetters.find(raw[escape + 1]);
    if (letter != std::string_view::npos) {
      out += kMeanings[letter];
      at = escape + 2;
      continue;
    }
    const std::size_t taken = raw[escape + 1] == 'u' ? append_unicode_escape(raw, escape, out) : 0;
    if (taken == 0) return false;
    at = escape + taken;
  }
  return true;
}

bool mend_json(std::string_view json, std::string& out) {
  out.assign(json);
  bool mended = false;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      const JsonExtent string = scan_string(json, at);
      if (string.end != JsonEnd::complete) return false;
      mended |= mend_string(out, at + 1, string.size - 1);
      at = string.size;
    } else if (is_scalar_byte(json[at])) {
      const std::size_t size = scan_scalar(json.substr(at)).size;
      if (is_number(json.substr(at, size))) {
        out.replace(at, size, size, ' ');
        out[at] = '0';
        mended = true;
      }
      at += size;
    } else {
      ++at;
    }
  }
  return mended;
}

}  // namespace straykey
