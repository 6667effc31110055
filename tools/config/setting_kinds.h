#pragma once
// The kinds of setting: how a value of each type is read from TOML, which limits it has, and how it is written as TOML.
//
// Shape:  read() leaves the value as it is if the key is absent or wrong. show() gives nullopt for a value that TOML
//         cannot say. limits(), if there are any, is a phrase for the example. `least` and `most` are the limits that
//         read() enforces.
// Thread: any (immutable).
// Errors: those of TableReader, with the place of the value.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/config/config_reader.h"

namespace straykey {

using TextSet = std::set<std::string, std::less<>>;
using ShownValue = std::optional<std::string>;

struct NumberKind {
  std::int64_t least, most;
  template <class Number>
  void read(TableReader& table, std::string_view key, Number& value) const {
    if (const auto number = table.number(key, least, most)) value = static_cast<Number>(*number);
  }
  [[nodiscard]] ShownValue show(auto value) const { return std::to_string(value); }
  [[nodiscard]] std::string limits() const;
};

// A day; 0: none, which is not shown.
struct DayKind {
  void read(TableReader& table, std::string_view key, Day& value) const { table.day(key, value); }
  [[nodiscard]] ShownValue show(Day value) const;
};

// A size in bytes. UINT64_MAX means no limit, and is not shown.
struct SizeKind {
  std::uint64_t least, most;
  void read(TableReader& table, std::string_view key, std::uint64_t& value) const {
    table.size(key, value, least, most);
  }
  [[nodiscard]] ShownValue show(std::uint64_t bytes) const;
  [[nodiscard]] std::string limits() const;
};

struct RealKind {
  double lowest, most;
  void read(TableReader& table, std::string_view key, double& value) const { table.real(key, value, lowest, most); }
  [[nodiscard]] ShownValue show(double value) const;
  [[nodiscard]] std::string limits() const;
};

struct SwitchKind {
  void read(TableReader& table, std::string_view key, bool& value) const { table.boolean(key, value); }
  [[nodiscard]] ShownValue show(bool value) const { return value ? "true" : "false"; }
};

struct TextKind {
  void read(TableReader& table, std::string_view key, std::string& value) const { table.string(key, value); }
  [[nodiscard]] ShownValue show(const std::string& value) const { return toml_string(value); }
};

struct PathKind {
  void read(TableReader& table, std::string_view key, std::string& value) const { table.path(key, value); }
  [[nodiscard]] ShownValue show(const std::string& value) const { return toml_string(value); }
};

// A path, or one of `words`.
struct PathOrWordKind {
  std::vector<std::string_view> words;  // the last says for an error what a path looks like
  void read(TableReader& table, std::string_view key, std::string& value) const;
  [[nodiscard]] ShownValue show(const std::string& value) const { return toml_string(value); }
};

struct ListenKind {
  void read(TableReader& table, std::string_view key, ListenAddress& value) const { table.listen(key, value); }
  [[nodiscard]] ShownValue show(const ListenAddress& value) const { return toml_string(value.text()); }
};

struct TextsKind {
  void read(TableReader& table, std::string_view key, std::vector<std::string>& value) const {
    table.strings(key, value);
  }
  [[nodiscard]] ShownValue show(const std::vector<std::string>& values) const;
};

struct PathsKind : TextsKind {
  void read(TableReader& table, std::string_view key, std::vector<std::string>& value) const {
    table.paths(key, value);
  }
};

struct NetworksKind {
  void read(TableReader& table, std::string_view key, std::vector<Prefix>& value) const { table.prefixes(key, value); }
  [[nodiscard]] ShownValue show(const std::vector<Prefix>& values) const;
};

struct NetworksOrFilesKind {
  void read(TableReader& table, std::string_view key, NetworkList& value) const {
    table.prefixes(key, value.prefixes, &value.files);
  }
  [[nodiscard]] ShownValue show(const NetworkList& value) const;
};

struct AccountsKind {
  void read(TableReader& table, std::string_view key, TextSet& value) const { table.accounts(key, value); }
  [[nodiscard]] ShownValue show(const TextSet& values) const;
};

// A set of AS numbers, written as in alerts: "AS64511".
struct AsNumbersKind {
  void read(TableReader& table, std::string_view key, std::set<std::uint32_t>& value) const {
    table.as_numbers(key, value);
  }
  [[nodiscard]] ShownValue show(const std::set<std::uint32_t>& values) const;
};

struct RolesKind {
  void read(TableReader& table, std::string_view key, TextSet& value) const { table.roles(key, value); }
  [[nodiscard]] ShownValue show(const TextSet& values) const { return AccountsKind{}.show(values); }
};

// A set of known words.
struct WordsKind {
  std::vector<std::string_view> words;
  void read(TableReader& table, std::string_view key, TextSet& value) const { table.words(key, words, value); }
  [[nodiscard]] ShownValue show(const TextSet& values) const { return AccountsKind{}.show(values); }
};

// One of some words, each of which stands for a value.
template <class Value>
struct ChoiceKind {
  std::vector<std::pair<std::string_view, Value>> choices;
  void read(TableReader& table, std::string_view key, Value& value) const {
    std::vector<std::string_view> words;
    for (const auto& choice : choices) words.push_back(choice.first);
    const auto word = table.word(key, words);
    for (const auto& [name, meaning] : choices)
      if (word && name == *word) value = meaning;
  }
  [[nodiscard]] ShownValue show(const Value& value) const {
    for (const auto& [word, meaning] : choices)
      if (meaning == value) return toml_string(word);
    return std::nullopt;
  }
};

struct SecretKind {
  void read(TableReader& table, std::string_view key, SecretSource& value) const { table.secret(key, value); }
  [[nodiscard]] ShownValue show(const SecretSource& value) const;
};

// The short form of { file = "..." }.
struct SecretFileKind : SecretKind {
  void read(TableReader& table, std::string_view key, SecretSource& value) const { table.secret_file(key, value); }
};

struct SecretsKind {
  void read(TableReader& table, std::string_view key, std::vector<SecretSource>& value) const {
    table.secrets(key, value);
  }
  [[nodiscard]] ShownValue show(const std::vector<SecretSource>& values) const;
};

// The short form of a list of one.
struct OneSecretKind : SecretsKind {
  void read(TableReader& table, std::string_view key, std::vector<SecretSource>& value) const;
};

// Values, and where those are that are secrets.
struct PropertiesKind {
  void read(TableReader& table, std::string_view key, KafkaPropertyList& value) const { table.properties(key, value); }
  [[nodiscard]] ShownValue show(const KafkaPropertyList& value) const;
};

struct UrlKind {
  void read(TableReader& table, std::string_view key, UrlSource& value) const {
    table.url(key, value.url, value.source);
  }
  [[nodiscard]] ShownValue show(const UrlSource& value) const;
};

}  // namespace straykey
