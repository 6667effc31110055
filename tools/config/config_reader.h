#pragma once
// TableReader: the values of one TOML table, each read by name with its type; finish() reports every key
// that was never read as unknown.
//
// Shape:  if a value is absent, the target stays as it is. A wrong value is an error, and the target stays as it is,
//         too.
// Order:  read every key, then finish().
// Thread: one. References are borrowed for the reader's life.
// Errors: appended to ReadContext::errors, with the place of the value; none holds a text that may be a secret.
#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/config.h"

namespace straykey {

struct ReadContext {
  std::string file;       // for errors
  std::string directory;  // that relative paths count from
  Config& config;
  std::vector<ConfigError>& errors;
};

class TableReader {
 public:
  // `path` is where the table's places are kept ("token.0"), `name` how errors call it ("token"); both empty at the
  // top.
  TableReader(ReadContext& context, const toml::table& table, std::string path, std::string name);
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  void string(std::string_view key, std::string& target);
  // The path of a file or directory. A relative one is completed; an empty one stays empty.
  void path(std::string_view key, std::string& target);
  void paths(std::string_view key, std::vector<std::string>& target);  // one, or a list
  void boolean(std::string_view key, bool& target);
  // nullopt if absent or wrong.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most);
  // More than 0.
  void real(std::string_view key, double& target, double lowest, double most);
  // A date, as such or in quotes: 2026-11-30.
  void day(std::string_view key, Day& target);
  // An integer, or a text as "64 GiB".
  void size(std::string_view key, std::uint64_t& target, std::uint64_t least, std::uint64_t most);
  void listen(std::string_view key, ListenAddress& target);
  void strings(std::string_view key, std::vector<std::string>& target);
  // Prefixes and addresses; with `files`, also the paths of files of them, which begin with / or ./
  void prefixes(std::string_view key, std::vector<Prefix>& target, std::vector<std::string>* files = nullptr);
  void accounts(std::string_view key, std::set<std::string, std::less<>>& target);
  void as_numbers(std::string_view key, std::set<std::uint32_t>& target);
  void roles(std::string_view key, std::set<std::string, std::less<>>& target);
  // One of `known`; nullopt if absent or wrong.
  [[nodiscard]] std::optional<std::string_view> word(std::string_view key, const std::vector<std::string_view>& known);
  void words(std::string_view key, const std::vector<std::string_view>& known,
             std::set<std::string, std::less<>>& target);
  void secret(std::string_view key, SecretSource& target);
  void secrets(std::string_view key, std::vector<SecretSource>& target);
  // The short form of { file = "..." }.
  void secret_file(std::string_view key, SecretSource& target);
  // Texts, numbers and switches by name, and where secrets are. Names with points come as quoted keys or as tables.
  void properties(std::string_view key, KafkaPropertyList& target);
  // A URL, or where it is.
  void url(std::string_view key, std::string& target, SecretSource& source);

  // [key]
  [[nodiscard]] const toml::table* table(std::string_view key);
  // [[key]], each time it comes.
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  // Whether the value looks like a path: a text with / or a point in it.
  [[nodiscard]] bool has_path(std::string_view key) const;
  // Reports that something is missing. The place of the error is the table's.
  void missing(const std::string& what) { report(table_, what); }

  // Severities by variation id; the ids hold a point, so they come as quoted keys or as tables.
  void severities(std::map<std::string, Severity, std::less<>>& target);

  // Reports the keys that were never read.
  void finish();

 private:
  [[nodiscard]] const toml::node* find(std::string_view key);
  void severities_below(const toml::table& table, const std::string& prefix,
                        std::map<std::string, Severity, std::less<>>& target);
  void properties_below(const toml::table& table, const std::string& prefix, std::string_view key,
                        KafkaPropertyList& target);
  template <class OnString>
  void each_string(std::string_view key, const char* expected, OnString on_string);
  [[nodiscard]] bool read_source(const toml::node& node, std::string_view key, SecretSource& target);
  [[nodiscard]] std::string completed(std::string_view path) const;
  [[nodiscard]] std::string full(std::string_view key) const;
  void expected(const toml::node& node, std::string_view key, const char* what);
  void report(const toml::node& node, std::string message) { report(node.source(), std::move(message)); }
  void report(const toml::source_region& source, std::string message);

  ReadContext& context_;
  const toml::table& table_;
  const std::string path_;
  const std::string name_;
  std::vector<std::string_view> known_;
  std::string_view current_;  // the key that is being read; at the top of the file, the table to which an error belongs
};

// A word from the file, for an error: quoted, escaped, cut.
[[nodiscard]] std::string in_quotes(std::string_view word);

}  // namespace straykey
