#include "storage/format_file.h"

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <optional>

namespace straykey {
namespace {

constexpr std::string_view kTitle = "straykey store";

// Removes the next line from `text`, which must be "name value", and returns the value.
std::optional<std::string_view> read_line(std::string_view& text, std::string_view name) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ' ') return std::nullopt;
  text.remove_prefix(end + 1);
  return line.substr(name.size() + 1);
}

template <std::unsigned_integral Number>
std::optional<Number> number(std::optional<std::string_view> digits, int base = 10) {
  Number value = 0;
  if (!digits || digits->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(digits->data(), digits->data() + digits->size(), value, base);
  if (error != std::errc{} || end != digits->data() + digits->size()) return std::nullopt;
  return value;
}

std::string body(const FormatFile& file) {
  return fmt::format("{}\nformat {}\nhash_key {:016x}{:016x}\nshards {}\npartitions {}\n", kTitle, file.format,
                     file.hash_key.k0, file.hash_key.k1, file.shards, file.partitions);
}

}  // namespace

std::string format_file_text(const FormatFile& file) {
  const std::string text = body(file);
  return text + fmt::format("crc32c {:08x}\n", crc32c(text));
}

Result<FormatFile> parse_format_file(std::string_view text) {
  const Error damaged{"is damaged: restore it from the backup"};
  std::string_view rest = text;
  if (!rest.starts_with(kTitle) || !rest.substr(kTitle.size()).starts_with('\n')) return damaged;
  rest.remove_prefix(kTitle.size() + 1);
  const auto format = number<unsigned>(read_line(rest, "format"));
  if (!format || *format == 0) return damaged;
  if (*format > kStoreFormat) {
    return Error{fmt::format("has store format {} and this straykey knows {}: use the newer straykey that wrote it",
                             *format, kStoreFormat)};
  }
  const auto key = read_line(rest, "hash_key");
  const auto shards = number<unsigned>(read_line(rest, "shards"));
  const auto partitions = number<unsigned>(read_line(rest, "partitions"));
  if (!key || key->size() != 32 || !shards || !partitions) return damaged;
  const auto k0 = number<std::uint64_t>(key->substr(0, 16), 16);
  const auto k1 = number<std::uint64_t>(key->substr(16), 16);
  if (!k0 || !k1 || *shards > kPartitionsMax || *partitions > kPartitionsMax) return damaged;
  const FormatFile file{{*k0, *k1}, *shards, *partitions, *format};
  // Compares everything, the checksum included, with the one way in which we write it
  if (format_file_text(file) != text) return damaged;
  return file;
}

}  // namespace straykey
