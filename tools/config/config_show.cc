#include "tools/config/config_show.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "tools/config/setting_table.h"

namespace straykey {
namespace {

constexpr std::size_t kColumns = 120;
constexpr std::size_t kCommentColumn = 44;  // where the comment of an example's line begins

constexpr std::string_view kHead =
    R"toml(# straykey: a complete configuration with every setting. What is set here to its default says so.
# This file is the output of `straykey config example`.
#
# Copy it to /etc/straykey/straykey.toml. Files in conf.d/*.toml beside it are read after it, in name order: their
# values replace these, key by key; [[token]], [[webhook]] and [[known]] are added. `straykey check-config` names
# everything that is wrong. A relative path counts from the directory of this file. Nothing is interpolated.
#
# A secret is never written here. Say where it is:
#   { file = "/path" }        a file that not everyone on the machine can read (chmod 600)
#   { env = "NAME" }          an environment variable
#   { credential = "name" }   a systemd credential (LoadCredential=, SetCredentialEncrypted=)
# One that webhooks are signed with: (umask 077; echo "whsec_$(openssl rand -base64 32)" > soc)
# Sizes are bytes, or texts with a unit: "64 KiB", "32 MiB", "1 GB".
#
# A changed setting takes effect when a running server gets SIGHUP (`systemctl reload`), which also reads certificates,
# keys, secrets and address files anew. One that says "at the next start" waits for that. The server logs which settings
# it applied and which wait; a file with an error changes nothing.

)toml";

std::string header_of(const SettingTable& table) {
  if (table.name.empty()) return {};
  return table.repeated ? fmt::format("[[{}]]\n", table.name) : fmt::format("[{}]\n", table.name);
}

// A variation's id may hold a point and is quoted.
std::string key_text(const SettingTable& table, const Setting& row) {
  return table.read_whole ? toml_string(row.key) : std::string(row.key);
}

void show_rows(std::string& out, const SettingTable& table, const Config& config, std::size_t entry) {
  for (const Setting& row : table.rows) {
    const auto value = row.show(config, entry);
    if (value)
      out += fmt::format("{} = {}\n", key_text(table, row), *value);
    else if (!row.notes.default_words.empty())
      out += fmt::format("# {}: {}\n", row.key, row.notes.default_words);
  }
}

// `paragraph` as comments of at most kColumns.
std::string wrapped(std::string_view paragraph) {
  std::string out, line = "#";
  while (!paragraph.empty()) {
    const std::size_t end = std::min(paragraph.find(' '), paragraph.size());
    if (line.size() + 1 + end > kColumns) {
      out += line + "\n";
      line = "#";
    }
    line += " " + std::string(paragraph.substr(0, end));
    paragraph.remove_prefix(std::min(end + 1, paragraph.size()));
  }
  return line == "#" ? out : out + line + "\n";
}

// "default: off; 1 to 64; what it is; at the next start"
std::string comment_of(const Setting& row, bool has_default) {
  std::string comment;
  const auto add = [&comment](std::string_view part) {
    if (!part.empty()) comment += (comment.empty() ? "" : "; ") + std::string(part);
  };
  if (has_default)
    add(row.notes.default_words.empty() ? "default" : fmt::format("default: {}", row.notes.default_words));
  add(row.limits);
  add(row.notes.words);
  if (row.notes.effect == Effect::at_start) add("at the next start");
  return comment;
}

void write_line(std::string& out, const std::string& setting, const std::string& comment) {
  if (comment.empty()) {
    out += setting + "\n";
    return;
  }
  const std::size_t column = std::max(setting.size() + 2, kCommentColumn);
  if (column + 2 + comment.size() > kColumns)
    out += wrapped(comment) + setting + "\n";
  else
    out += fmt::format("{:<{}}# {}\n", setting, column, comment);
}

// `defaults`: has one entry in each repeated table.
void write_example_row(std::string& out, const SettingTable& table, const Setting& row, const Config& defaults) {
  const Notes& notes = row.notes;
  const auto value = row.show(defaults, 0);
  if (notes.example.empty() && !value) return;
  const std::string line =
      fmt::format("{} = {}", key_text(table, row), notes.example.empty() ? *value : std::string(notes.example));
  const bool has_default = notes.example.empty() || !notes.default_words.empty();
  const bool as_comment = has_default && !notes.example.empty();
  write_line(out, (as_comment ? "# " : "") + line, comment_of(row, has_default));
}

// Each line of `text` as a comment, but for those that are one.
std::string commented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    out += (line.starts_with('#') || line == "\n" ? "" : "# ") + std::string(line);
    text.remove_prefix(line.size());
  }
  return out;
}

std::string example_table(const SettingTable& table, const Config& defaults) {
  std::string out;
  if (!table.name.empty()) out += "\n";
  out += wrapped(table.about) + header_of(table);
  for (const Setting& row : table.rows) write_example_row(out, table, row, defaults);
  for (const auto& entry : table.more_examples) {
    out += "\n" + header_of(table);
    for (const Setting& row : table.rows)
      if (const auto found = entry.find(row.key); found != entry.end())
        out += fmt::format("{} = {}\n", row.key, found->second);
  }
  return table.is_option ? commented(out) : out;
}

}  // namespace

std::string show_config(const Config& config) {
  std::string out;
  for (const std::string& file : config.files) out += fmt::format("# from {}\n", escape_for_log(file));
  for (const SettingTable& table : setting_tables()) {
    const std::size_t entries = table.repeated ? table.count(config) : 1;
    for (std::size_t entry = 0; entry < entries; ++entry) {
      if (!table.name.empty()) out += "\n" + header_of(table);
      show_rows(out, table, config, entry);
    }
  }
  return out;
}

// What show_config() writes is TOML, so the parser gives the values back, with their types.
std::string show_config_as_json(const Config& config) {
  std::ostringstream out;
  out << toml::json_formatter{toml::parse(show_config(config)), toml::format_flags::none};
  return out.str();
}

std::string example_config() {
  Config defaults;
  for (const SettingTable& table : setting_tables())
    if (table.repeated) table.append(defaults);
  std::string out(kHead);
  for (const SettingTable& table : setting_tables()) out += example_table(table, defaults);
  return out;
}

}  // namespace straykey
