#include "net/http/request_target.h"

namespace straykey {
namespace {

unsigned digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char byte = text[i];
    if (byte == '+' && plus_is_space) byte = ' ';
    if (byte == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      byte = static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
      i += 2;
    }
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f || out.size() == kParameterBytesMax)
      return std::nullopt;
    out += byte;
  }
  return out;
}

}  // namespace

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  std::string_view rest = target.substr(mark + 1);
  for (std::size_t i = 0; i < kParametersMax && !rest.empty(); ++i) {
    const std::size_t end = rest.find('&');
    const std::string_view parameter = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::size_t equals = parameter.find('=');
    const auto its_name = decoded(parameter.substr(0, equals), true);
    if (!its_name || *its_name != name) continue;
    return equals == std::string_view::npos ? std::string() : decoded(parameter.substr(equals + 1), true);
  }
  return std::nullopt;
}

std::optional<std::string> path_segment(std::string_view pattern, std::string_view path, std::size_t number) {
  while (!pattern.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view segment = next_segment(path);
    if (wanted == "{}" && number-- == 0) return decoded(segment, false);
  }
  return std::nullopt;
}

std::string_view next_segment(std::string_view& path) noexcept {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

}  // namespace straykey
