// The table of settings: what each row reads, refuses, shows and documents.
#include "tools/config/setting_table.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "tools/config/config_show.h"

namespace straykey {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string key_of(const SettingTable& table, const Setting& row) {
  return table.read_whole ? "\"" + std::string(row.key) + "\"" : std::string(row.key);
}

// `key = value` in its table, on line 2; at the top on line 1.
std::string text_of(const SettingTable& table, const Setting& row, const std::string& value) {
  const std::string name(table.name);
  const std::string header = name.empty() ? "" : table.repeated ? "[[" + name + "]]\n" : "[" + name + "]\n";
  return header + key_of(table, row) + " = " + value + "\n";
}

// Errors at the line of the value, not those of what else an entry needs.
std::string errors_at(const SettingTable& table, const std::string& text) {
  std::string errors;
  for (const ConfigError& error : parse_config(text, "/etc/c.toml").errors)
    if (error.place.line == (table.name.empty() ? 1u : 2u)) errors += error.text() + "\n";
  return errors;
}

template <class Check>
void each_row(Check check) {
  for (const SettingTable& table : setting_tables()) {
    for (const Setting& row : table.rows) {
      CAPTURE(table.name);
      CAPTURE(row.key);
      check(table, row);
    }
  }
}

Config with_an_entry_of_each() {
  Config config;
  for (const SettingTable& table : setting_tables())
    if (table.repeated) table.append(config);
  return config;
}

TEST_CASE("a value of the wrong type is refused by every row, with its key and its line") {
  const Config defaults = with_an_entry_of_each();
  std::size_t rows = 0;
  each_row([&](const SettingTable& table, const Setting& row) {
    const auto shown = row.show(defaults, 0);
    const bool is_switch = shown == "true" || shown == "false";
    const std::string errors = errors_at(table, text_of(table, row, is_switch ? "5" : "true"));
    const std::string key = table.read_whole ? std::string(row.key) : full_key(table, row);
    CAPTURE(errors);
    CHECK(holds(errors, key + " "));
    CHECK(holds(errors, table.name.empty() ? "/etc/c.toml:1:" : "/etc/c.toml:2:"));
    ++rows;
  });
  CHECK(rows > 60);
}

TEST_CASE("a number or a size outside its limits is refused by every row, with its key, its limits and its line") {
  const Config defaults = with_an_entry_of_each();
  std::size_t rows = 0;
  each_row([&](const SettingTable& table, const Setting& row) {
    if (!row.least) return;
    const std::string to = " to ";
    const std::size_t middle = row.limits.find(to);
    REQUIRE(middle != std::string::npos);
    const std::string limits = full_key(table, row) + " must be between " + row.limits.substr(0, middle) + " and " +
                               row.limits.substr(middle + to.size()) + "\n";
    const auto errors_of = [&](std::uint64_t value) {
      return errors_at(table, text_of(table, row, std::to_string(value)));
    };
    CHECK(holds(errors_of(*row.most + 1), limits));
    if (*row.least > 0) CHECK(holds(errors_of(*row.least - 1), limits));
    CHECK_EQ(errors_of(*row.least), "");
    CHECK_EQ(errors_of(*row.most), "");
    CHECK_EQ(errors_at(table, text_of(table, row, "-1")).empty(), false);
    ++rows;
  });
  CHECK(rows > 15);
}

TEST_CASE("a value that a row reads is what it shows") {
  each_row([&](const SettingTable& table, const Setting& row) {
    if (table.repeated || !row.least) return;
    const auto read = [&](const std::string& value) {
      return parse_config(text_of(table, row, value), "/etc/c.toml").config;
    };
    const Config most = read(std::to_string(*row.most)), least = read(std::to_string(*row.least));
    CHECK(row.same(most, 0, read(row.show(most, 0).value()), 0));
    CHECK_FALSE(row.same(most, 0, least, 0));
  });
}

TEST_CASE("every default lies within its limits, and reads back from what is shown") {
  const Config defaults;
  each_row([&](const SettingTable& table, const Setting& row) {
    const auto shown = table.repeated ? std::nullopt : row.show(defaults, 0);
    if (!shown) return;
    const ConfigResult read = parse_config(text_of(table, row, *shown), "/etc/c.toml");
    CHECK(read.ok());
    CHECK(row.same(read.config, 0, defaults, 0));
  });
}

TEST_CASE("keys are given once, repeated tables have names, and their rows take effect together") {
  std::set<std::string> keys;
  each_row([&](const SettingTable& table, const Setting& row) {
    CHECK(keys.insert(full_key(table, row)).second);
    if (table.repeated) CHECK(row.notes.effect == table.rows.front().notes.effect);
  });
  for (const SettingTable& table : setting_tables())
    if (table.repeated) CHECK_EQ(table.rows.front().key, "name");
}

TEST_CASE("the shipped example is what the table writes: renew it with `straykey config example`") {
  std::ifstream stream(STRAYKEY_EXAMPLE_CONFIG);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  CHECK(text == example_config());
}

TEST_CASE("the example holds every setting, and calls a default only what is the default") {
  const std::string text = example_config();
  const ConfigResult read = parse_config(text, "/etc/straykey/straykey.toml");
  for (const ConfigError& error : read.errors) FAIL_CHECK(error.text());
  const Config defaults = with_an_entry_of_each();
  each_row([&](const SettingTable& table, const Setting& row) {
    const bool in_words = row.notes.short_form && row.notes.example.empty();  // of another row
    if (in_words) return;
    const std::string line = "\n" + key_of(table, row) + " = ";
    const bool as_comment = table.is_option || (!row.notes.default_words.empty() && !row.notes.example.empty());
    CHECK(holds(text, as_comment ? "\n# " + line.substr(1) : line));
    if (!table.is_option && row.notes.example.empty() && row.show(defaults, 0))
      CHECK(row.same(read.config, 0, defaults, 0));
  });
}

TEST_CASE("what events can come in through is told by the table") {
  Config config;
  std::string on, off;
  for (const WayIn& way : ways_in(config)) (way.on ? on : off) += way.name + " ";
  CHECK_EQ(on, "ingest.https ");
  CHECK(off.starts_with("ingest.http syslog.udp syslog.tcp syslog.tls "));
  config.ingest.https = {};
  config.syslog.tcp = {"127.0.0.1", 0};
  for (const WayIn& way : ways_in(config)) CHECK_EQ(way.on, way.name == "syslog.tcp");
}

}  // namespace
}  // namespace straykey
