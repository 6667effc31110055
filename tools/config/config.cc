#include "tools/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/cpu.h"
#include "tools/config/config_bounds.h"
#include "tools/config/config_reader.h"
#include "tools/config/known_platforms.h"
#include "tools/config/setting_table.h"

namespace straykey {
namespace {

// "families" of "detection.families"; the table itself at the top.
std::string_view key_of(const SettingTable& table) {
  return table.name.substr(table.name.rfind('.') + 1);
}

// Whether `table` stands inside `parent`: "detection.families" in "detection", "detection" in "" (the top).
bool is_inside(const SettingTable& table, std::string_view parent) {
  if (table.name.empty()) return false;
  const std::size_t dot = table.name.rfind('.');
  return parent == (dot == std::string_view::npos ? std::string_view() : table.name.substr(0, dot));
}

void read_inner_tables(ReadContext& context, TableReader& parent, std::string_view name);

void read_rows(ReadContext& context, TableReader& reader, const SettingTable& table, std::size_t entry) {
  for (const Setting& row : table.rows) {
    row.read(reader, context.config, entry);
    if (row.notes.required && !reader.has(row.key))
      reader.missing(fmt::format("a [[{}]] needs a {}", table.name, row.key));
  }
  if (table.check) table.check(reader);
  if (!table.repeated) read_inner_tables(context, reader, table.name);
}

void read_table(ReadContext& context, TableReader& parent, const SettingTable& table) {
  const std::string name(table.name);
  if (table.read_whole) return table.read_whole(parent, context.config);
  if (!table.repeated) {
    const toml::table* values = parent.table(key_of(table));
    if (values == nullptr) return;
    TableReader reader(context, *values, name, name);
    read_rows(context, reader, table, 0);
    return reader.finish();
  }
  for (const toml::table* values : parent.tables(key_of(table))) {
    const std::size_t entry = table.count(context.config);
    const std::string path = name + "." + std::to_string(entry);
    const auto& begin = values->source().begin;
    context.config.places[path] = {context.file, begin.line, begin.column};
    table.append(context.config);
    TableReader reader(context, *values, path, name);
    read_rows(context, reader, table, entry);
    reader.finish();
  }
}

void read_inner_tables(ReadContext& context, TableReader& parent, std::string_view name) {
  for (const SettingTable& table : setting_tables())
    if (is_inside(table, name)) read_table(context, parent, table);
}

void read_top(ReadContext& context, const toml::table& values) {
  TableReader top(context, values, "", "");
  read_rows(context, top, setting_tables().front(), 0);
  top.finish();
}

// The parser's sentence without longer pieces of the file, because they may be a part of a secret.
std::string without_values(std::string_view description) {
  constexpr std::size_t kPieceBytesMax = 10;  // one character, escaped
  if (description.find("cannot ") != std::string_view::npos) return escape_for_log(description);  // these hold keys
  std::string text;
  while (!description.empty()) {
    const std::size_t open = std::min(description.find('\''), description.size());
    text += description.substr(0, open);
    description.remove_prefix(open);
    if (description.empty()) break;
    const std::size_t close = description.find('\'', 1);
    const bool short_piece = close != std::string_view::npos && close <= kPieceBytesMax;
    text += short_piece ? std::string(description.substr(0, close + 1)) : "'...'";
    description.remove_prefix(close == std::string_view::npos ? description.size() : close + 1);
  }
  return escape_for_log(text);
}

void parse_into(ConfigResult& result, std::string_view text, const std::string& file, const std::string& directory) {
  ReadContext context{file, directory, result.config, result.errors};
  const std::size_t first_error = result.errors.size();
  result.config.files.push_back(file);
  if (const auto over = over_config_bounds(text)) {
    result.errors.push_back({{file, over->line, over->column}, "", over->why});
    return;
  }
  // The TOML parser is the one library that reports errors by an exception.
  try {
    read_top(context, toml::parse(text, std::string_view(file)));
    for (KnownThing& one : result.config.detection.known)
      if (const auto stored = platform_in_store(one.platform)) one.platform = *stored;
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    result.errors.push_back(
        {{file, begin.line, begin.column}, "", "no valid TOML: " + without_values(error.description())});
  }
  std::stable_sort(result.errors.begin() + static_cast<std::ptrdiff_t>(first_error), result.errors.end(),
                   [](const ConfigError& a, const ConfigError& b) {
                     return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
                   });
}

std::optional<std::string> read_text(const std::string& file, std::string& why) {
  std::error_code failed;
  const auto status = std::filesystem::status(file, failed);
  if (!std::filesystem::exists(status)) {
    why = "this file does not exist";
    return std::nullopt;
  }
  if (!std::filesystem::is_regular_file(status)) {
    why = "this is not a regular file";
    return std::nullopt;
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text(kConfigFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  why = text.size() > kConfigFileBytesMax ? "this file is larger than 1 MiB" : "this file cannot be read";
  if (text.size() > kConfigFileBytesMax || !stream.eof()) return std::nullopt;
  return text;
}

std::string directory_of(const std::string& path) {
  std::error_code failed;
  return std::filesystem::absolute(path, failed).lexically_normal().parent_path().string();
}

// conf.d/*.toml in name order; hidden files are left out.
std::vector<std::string> files_beside(const std::string& path, ConfigResult& result) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path() / "conf.d";
  std::vector<std::string> files;
  std::error_code failed;
  if (!std::filesystem::exists(directory, failed)) return files;
  std::filesystem::directory_iterator entries(directory, failed);
  if (failed) result.errors.push_back({{directory.string(), 1, 1}, "", "this directory cannot be read"});
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    const std::filesystem::path file = entries->path();
    if (file.extension() == ".toml" && !file.filename().string().starts_with('.')) files.push_back(file.string());
  }
  std::sort(files.begin(), files.end());
  if (files.size() >= kConfigFilesMax) {
    result.errors.push_back({{directory.string(), 1, 1}, "", "this directory holds more than 255 files"});
    files.clear();
  }
  return files;
}

}  // namespace

std::string ConfigError::text() const {
  return fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, message);
}

std::uint32_t default_shards() noexcept {
  return std::clamp<std::uint32_t>(cpu_count(), 1, 4);
}

DataDirectorySettings default_storage() {
  DataDirectorySettings settings;
  settings.shards = default_shards();
  return settings;
}

ConfigPlace Config::place_of(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = places.find(path); found != places.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    path = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  }
  return {files.empty() ? std::string(kConfigPath) : files.front(), 1, 1};
}

ConfigResult parse_config(std::string_view text, const std::string& path) {
  ConfigResult result;
  parse_into(result, text, path, directory_of(path));
  return result;
}

ConfigResult read_config(const std::string& path) {
  ConfigResult result;
  std::vector<std::string> files = files_beside(path, result);
  files.insert(files.begin(), path);
  for (const std::string& file : files) {
    std::string why;
    const auto text = read_text(file, why);
    if (text)
      parse_into(result, *text, file, directory_of(path));
    else
      result.errors.push_back({{file, 1, 1}, "", why});
  }
  return result;
}

}  // namespace straykey
