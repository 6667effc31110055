#include "tools/config/setting_kinds.h"

#include <fmt/format.h>

#include <array>

namespace straykey {
namespace {

std::string list_of(const auto& values, auto text_of) {
  std::string list;
  for (const auto& value : values) list += (list.empty() ? "" : ", ") + text_of(value);
  return "[" + list + "]";
}

std::string source_text(const SecretSource& source) {
  constexpr std::array<std::string_view, 4> kKeys{"", "file", "env", "credential"};
  const std::string_view key = kKeys[static_cast<std::size_t>(source.kind)];
  return fmt::format("{{ {} = {} }}", key, toml_string(source.name));
}

std::string prefix_text(const Prefix& prefix) {
  return toml_string(prefix.text());
}

}  // namespace

std::string NumberKind::limits() const {
  return fmt::format("{} to {}", least, most);
}

ShownValue DayKind::show(Day value) const {
  if (value == 0) return std::nullopt;
  return format_day(value);
}

ShownValue SizeKind::show(std::uint64_t bytes) const {
  if (bytes == UINT64_MAX) return std::nullopt;
  return toml_string(size_text(bytes));
}

std::string SizeKind::limits() const {
  return size_text(least) + " to " + size_text(most);
}

ShownValue RealKind::show(double value) const {
  return fmt::format("{}", value);
}

std::string RealKind::limits() const {
  return fmt::format("{} to {}", lowest, most);
}

void PathOrWordKind::read(TableReader& table, std::string_view key, std::string& value) const {
  if (table.has_path(key)) return table.path(key, value);
  if (const auto word = table.word(key, words)) value = *word;
}

ShownValue TextsKind::show(const std::vector<std::string>& values) const {
  return list_of(values, toml_string);
}

ShownValue NetworksKind::show(const std::vector<Prefix>& values) const {
  return list_of(values, prefix_text);
}

ShownValue NetworksOrFilesKind::show(const NetworkList& value) const {
  std::vector<std::string> texts;
  for (const Prefix& prefix : value.prefixes) texts.push_back(prefix.text());
  texts.insert(texts.end(), value.files.begin(), value.files.end());
  return list_of(texts, toml_string);
}

ShownValue AccountsKind::show(const TextSet& values) const {
  return list_of(values, toml_string);
}

ShownValue AsNumbersKind::show(const std::set<std::uint32_t>& values) const {
  return list_of(values, [](std::uint32_t number) { return toml_string(fmt::format("AS{}", number)); });
}

ShownValue SecretKind::show(const SecretSource& value) const {
  if (!value.given()) return std::nullopt;
  return source_text(value);
}

ShownValue SecretsKind::show(const std::vector<SecretSource>& values) const {
  return list_of(values, source_text);
}

void OneSecretKind::read(TableReader& table, std::string_view key, std::vector<SecretSource>& value) const {
  SecretSource secret;
  table.secret(key, secret);
  if (secret.given()) value.push_back(std::move(secret));
}

ShownValue PropertiesKind::show(const KafkaPropertyList& value) const {
  std::string list;
  const auto add = [&list](std::string_view name, const std::string& shown) {
    list += (list.empty() ? "" : ", ") + toml_string(name) + " = " + shown;
  };
  for (const auto& [name, text] : value.values) add(name, toml_string(text));
  for (const auto& [name, source] : value.secrets) add(name, source_text(source));
  if (list.empty()) return std::nullopt;
  return "{ " + list + " }";
}

ShownValue UrlKind::show(const UrlSource& value) const {
  return value.source.given() ? source_text(value.source) : toml_string("<redacted>");
}

}  // namespace straykey
