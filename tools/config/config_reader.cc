#include "tools/config/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "core/identity/principal.h"
#include "tools/config/did_you_mean.h"

namespace straykey {
namespace {

constexpr std::size_t kWordShownBytesMax = 64;

const char* kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return node.is_array_of_tables() ? "a list of tables" : "a list";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string list_of(const std::vector<std::string_view>& words) {
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  return list;
}

}  // namespace

std::string in_quotes(std::string_view word) {
  return '"' + escape_for_log(word, kWordShownBytesMax) + '"';
}

TableReader::TableReader(ReadContext& context, const toml::table& table, std::string path, std::string name)
    : context_(context), table_(table), path_(std::move(path)), name_(std::move(name)) {}

std::string TableReader::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

std::string TableReader::completed(std::string_view path) const {
  if (path.empty() || path.starts_with('/')) return std::string(path);
  return (std::filesystem::path(context_.directory) / path).lexically_normal().string();
}

void TableReader::report(const toml::source_region& source, std::string message) {
  const std::string_view table = name_.empty() ? current_ : std::string_view(name_).substr(0, name_.find('.'));
  context_.errors.push_back(
      {{context_.file, source.begin.line, source.begin.column}, std::string(table), std::move(message)});
}

void TableReader::expected(const toml::node& node, std::string_view key, const char* what) {
  report(node, full(key) + " must be " + what + ", not " + kind_of(node));
}

const toml::node* TableReader::find(std::string_view key) {
  known_.push_back(key);
  current_ = key;
  const toml::node* node = table_.get(key);
  if (node == nullptr) return nullptr;
  const auto& begin = node->source().begin;
  const std::string place = path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  context_.config.places[place] = {context_.file, begin.line, begin.column};
  return node;
}

void TableReader::string(std::string_view key, std::string& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return expected(*node, key, "a string");
  target = **node->as_string();
}

void TableReader::path(std::string_view key, std::string& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return expected(*node, key, "a path in quotes");
  target = completed(**node->as_string());
}

void TableReader::boolean(std::string_view key, bool& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) return expected(*node, key, "true or false");
  target = **node->as_boolean();
}

std::optional<std::int64_t> TableReader::number(std::string_view key, std::int64_t least, std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer()) {
    expected(*node, key, "an integer");
    return std::nullopt;
  }
  const std::int64_t value = **node->as_integer();
  if (value >= least && value <= most) return value;
  report(*node, full(key) + " must be between " + std::to_string(least) + " and " + std::to_string(most));
  return std::nullopt;
}

void TableReader::real(std::string_view key, double& target, double lowest, double most) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_number()) return expected(*node, key, "a number");
  const double value = *node->value<double>();
  if (value >= lowest && value <= most)  // and no NaN
    target = value;
  else
    report(*node, full(key) + fmt::format(" must be between {} and {}", lowest, most));
}

void TableReader::day(std::string_view key, Day& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  std::string text;
  if (node->is_string()) text = **node->as_string();
  if (const auto date = node->value<toml::date>(); node->is_date() && date)
    text = fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
  const auto day = parse_day(text);
  if (!day) return expected(*node, key, "a day such as 2026-11-30");
  target = *day;
}

void TableReader::size(std::string_view key, std::uint64_t& target, std::uint64_t least, std::uint64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  std::optional<std::uint64_t> size;
  if (node->is_integer() && **node->as_integer() >= 0) size = static_cast<std::uint64_t>(**node->as_integer());
  if (node->is_string()) size = parse_size(**node->as_string());
  if (!size) return report(*node, full(key) + " must be a size: bytes as an integer, or a text such as \"64 GiB\"");
  if (*size >= least && *size <= most)
    target = *size;
  else
    report(*node, full(key) + " must be between " + size_text(least) + " and " + size_text(most));
}

void TableReader::listen(std::string_view key, ListenAddress& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  constexpr const char* kForm = "an IP address with a port, such as \"0.0.0.0:8443\" or \"[::]:8443\", or \"\" for off";
  if (!node->is_string()) return expected(*node, key, kForm);
  if (auto listen = parse_listen_address(**node->as_string()))
    target = std::move(*listen);
  else
    report(*node, full(key) + " must be " + kForm);
}

template <class OnString>
void TableReader::each_string(std::string_view key, const char* what, OnString on_string) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return expected(*node, key, what);
  if (array->size() > kConfigEntriesMax) return report(*node, full(key) + " has more than 10,000 entries");
  for (const toml::node& element : *array) {
    if (element.is_string())
      on_string(element, **element.as_string());
    else
      report(element, "an entry of " + full(key) + " must be a string in quotes, not " + kind_of(element));
  }
}

void TableReader::strings(std::string_view key, std::vector<std::string>& target) {
  std::vector<std::string> read;
  each_string(key, "a list of strings", [&](const toml::node&, const std::string& text) { read.push_back(text); });
  if (has(key)) target = std::move(read);
}

bool TableReader::has_path(std::string_view key) const {
  const auto text = table_[key].value<std::string_view>();
  return text && text->find_first_of("/.") != std::string_view::npos;
}

void TableReader::paths(std::string_view key, std::vector<std::string>& target) {
  if (const toml::node* node = table_.get(key); node != nullptr && node->is_string()) {
    std::string one;
    path(key, one);
    target = one.empty() ? std::vector<std::string>() : std::vector{one};
    return;
  }
  std::vector<std::string> read;
  each_string(key, "a path or a list of paths",
              [&](const toml::node&, const std::string& text) { read.push_back(completed(text)); });
  if (has(key)) target = std::move(read);
}

void TableReader::prefixes(std::string_view key, std::vector<Prefix>& target, std::vector<std::string>* files) {
  std::vector<Prefix> read;
  std::vector<std::string> named;
  each_string(key, "a list of networks", [&](const toml::node& element, const std::string& text) {
    const bool is_path = files != nullptr && (text.starts_with('/') || text.starts_with("./"));
    if (is_path) return named.push_back(completed(text));
    if (const auto prefix = parse_prefix(text)) return read.push_back(*prefix);
    std::string message =
        in_quotes(text) + " in " + full(key) + " is no network: write address/length, such as 192.0.2.0/24";
    const auto address = parse_ip(std::string_view(text).substr(0, text.find('/')));
    if (address) message += "; the bits behind the length must be zero";
    report(element, std::move(message));
  });
  if (!has(key)) return;
  target = std::move(read);
  if (files != nullptr) *files = std::move(named);
}

void TableReader::accounts(std::string_view key, std::set<std::string, std::less<>>& target) {
  std::set<std::string, std::less<>> read;
  each_string(key, "a list of account ids in quotes", [&](const toml::node& element, const std::string& text) {
    if (is_account_id(text))
      read.insert(text);
    else
      report(element, in_quotes(text) + " in " + full(key) + " is no account id: it has 12 digits");
  });
  if (has(key)) target = std::move(read);
}

void TableReader::as_numbers(std::string_view key, std::set<std::uint32_t>& target) {
  std::set<std::uint32_t> read;
  each_string(key, "a list of AS numbers in quotes", [&](const toml::node& element, const std::string& text) {
    const std::string_view digits = text.starts_with("AS") ? std::string_view(text).substr(2) : std::string_view();
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (!digits.empty() && error == std::errc{} && end == digits.data() + digits.size() && number != 0)
      read.insert(number);
    else
      report(element, in_quotes(text) + " in " + full(key) + " is no AS number: write AS64511");
  });
  if (has(key)) target = std::move(read);
}

void TableReader::roles(std::string_view key, std::set<std::string, std::less<>>& target) {
  std::set<std::string, std::less<>> read;
  each_string(
      key, "a list of roles, as account/role, in quotes", [&](const toml::node& element, const std::string& text) {
        const std::size_t slash = text.find('/');
        // A role is told by its name, whatever path it has.
        if (is_account_id(std::string_view(text).substr(0, slash)) && slash + 1 < text.size() &&
            text.find('/', slash + 1) == std::string::npos)
          read.insert(text);
        else
          report(element,
                 in_quotes(text) + " in " + full(key) + " is no role: write account/role, without the role's path");
      });
  if (has(key)) target = std::move(read);
}

std::optional<std::string_view> TableReader::word(std::string_view key, const std::vector<std::string_view>& known) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) {
    expected(*node, key, "a string");
    return std::nullopt;
  }
  const std::string& text = **node->as_string();
  const auto found = std::find(known.begin(), known.end(), text);
  if (found != known.end()) return *found;
  report(*node,
         full(key) + " must be one of " + list_of(known) + ", not " + in_quotes(text) + did_you_mean(text, known));
  return std::nullopt;
}

void TableReader::words(std::string_view key, const std::vector<std::string_view>& known,
                        std::set<std::string, std::less<>>& target) {
  std::set<std::string, std::less<>> read;
  each_string(key, "a list of strings", [&](const toml::node& element, const std::string& text) {
    if (std::find(known.begin(), known.end(), text) != known.end())
      read.insert(text);
    else
      report(element,
             in_quotes(text) + " in " + full(key) + " is none of " + list_of(known) + did_you_mean(text, known));
  });
  if (has(key)) target = std::move(read);
}

bool TableReader::read_source(const toml::node& node, std::string_view key, SecretSource& target) {
  constexpr const char* kForm = "{ file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" }";
  if (node.is_string()) {
    report(node, full(key) + " is never written into the configuration: say where it is, with " + kForm);
    return false;
  }
  const toml::table* table = node.as_table();
  if (table == nullptr || table->size() != 1 || !table->begin()->second.is_string()) {
    report(node, full(key) + " must be one of " + kForm);
    return false;
  }
  const std::string_view kind = table->begin()->first.str();
  const std::string& name = **table->begin()->second.as_string();
  const std::vector<std::string_view> kinds{"file", "env", "credential"};
  const auto found = std::find(kinds.begin(), kinds.end(), kind);
  if (found == kinds.end()) {
    report(table->begin()->first.source(), full(key) + " has the unknown key " + in_quotes(kind) +
                                               did_you_mean(kind, kinds) + " It must be one of " + kForm);
    return false;
  }
  if (name.empty()) {
    report(node, full(key) + " names nothing");
    return false;
  }
  target.kind = static_cast<SecretSource::Kind>(found - kinds.begin() + 1);
  target.name = target.kind == SecretSource::Kind::file ? completed(name) : name;
  return true;
}

void TableReader::secret(std::string_view key, SecretSource& target) {
  if (const toml::node* node = find(key)) static_cast<void>(read_source(*node, key, target));
}

void TableReader::secret_file(std::string_view key, SecretSource& target) {
  std::string file;
  path(key, file);
  const toml::node* node = table_.get(key);
  if (!file.empty())
    target = {SecretSource::Kind::file, file};
  else if (node != nullptr && node->is_string())
    report(*node, full(key) + " names nothing");
}

void TableReader::secrets(std::string_view key, std::vector<SecretSource>& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return expected(*node, key, "a list of places, such as [{ file = \"/path\" }]");
  for (const toml::node& element : *array) {
    SecretSource source;
    if (read_source(element, key, source)) target.push_back(std::move(source));
  }
}

void TableReader::properties(std::string_view key, KafkaPropertyList& target) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_table()) return expected(*node, key, "a table, such as { \"security.protocol\" = \"SSL\" }");
  properties_below(*node->as_table(), "", key, target);
}

void TableReader::properties_below(const toml::table& table, const std::string& prefix, std::string_view key,
                                   KafkaPropertyList& target) {
  for (const auto& [word, node] : table) {
    const std::string name = prefix + std::string(word.str());
    const toml::table* const inner = node.as_table();
    if (inner != nullptr && (inner->contains("file") || inner->contains("env") || inner->contains("credential"))) {
      SecretSource source;
      if (read_source(node, std::string(key) + "." + name, source)) target.secrets[name] = std::move(source);
    } else if (inner != nullptr) {
      properties_below(*inner, name + ".", key, target);
    } else if (node.is_string()) {
      target.values[name] = name.ends_with(".location") ? completed(**node.as_string()) : **node.as_string();
    } else if (node.is_integer()) {
      target.values[name] = std::to_string(**node.as_integer());
    } else if (node.is_boolean()) {
      target.values[name] = **node.as_boolean() ? "true" : "false";
    } else {
      report(node, full(key) + "." + name + " must be a text, a number, true or false, or { file = \"/path\" }");
    }
  }
}

void TableReader::url(std::string_view key, std::string& target, SecretSource& source) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (node->is_string())
    target = **node->as_string();
  else
    static_cast<void>(read_source(*node, key, source));
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr || node->is_table()) return node == nullptr ? nullptr : node->as_table();
  report(*node, full(key) + " must be a table: write [" + full(key) + "], once");
  return nullptr;
}

std::vector<const toml::table*> TableReader::tables(std::string_view key) {
  std::vector<const toml::table*> read;
  const toml::node* node = find(key);
  if (node == nullptr) return read;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    report(*node, full(key) + " comes once for each: write [[" + full(key) + "]]");
    return read;
  }
  if (array->size() > kConfigEntriesMax) {
    report(*node, full(key) + " comes more than 10,000 times");
    return read;
  }
  for (const toml::node& element : *array) read.push_back(element.as_table());
  return read;
}

void TableReader::severities(std::map<std::string, Severity, std::less<>>& target) {
  if (const toml::table* all = table("severities")) severities_below(*all, "", target);
}

void TableReader::severities_below(const toml::table& table, const std::string& prefix,
                                   std::map<std::string, Severity, std::less<>>& target) {
  std::vector<std::string_view> ids;
  for (const CatalogueEntry& entry : catalogue()) ids.push_back(entry.id);
  const std::vector<std::string_view> names{"informational", "low", "medium", "high"};
  for (const auto& [key, node] : table) {
    const std::string id = prefix + std::string(key.str());
    if (node.is_table()) {
      severities_below(*node.as_table(), id + ".", target);
    } else if (catalogue_entry_by_id(id) == nullptr) {
      report(key.source(), in_quotes(id) + " in detection.severities is no variation" + did_you_mean(id, ids));
    } else if (!node.is_string()) {
      report(node, "the severity of " + id + " must be one of " + list_of(names));
    } else if (const auto severity = severity_from(**node.as_string())) {
      target[id] = *severity;
    } else {
      const std::string& text = **node.as_string();
      report(node, "the severity of " + id + " must be one of " + list_of(names) + ", not " + in_quotes(text) +
                       did_you_mean(text, names));
    }
  }
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const bool is_table = name_.empty() && (node.is_table() || node.is_array_of_tables());
    std::string message = is_table ? "unknown table " : "unknown key ";
    message += in_quotes(name);
    if (!name_.empty()) message += " in [" + name_ + "]";
    const std::string_view meant = nearest_word(name, known_);
    current_ = meant.empty() ? name : meant;
    report(key.source(), message + did_you_mean(name, known_));
  }
}

}  // namespace straykey
