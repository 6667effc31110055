#pragma once
// Setting: one row of the table of settings. From it the program reads a value, checks it, shows it, documents it in
// the example, and says after a reload whether a change of it took effect.
//
// Shape:  a RowMaker joins a key, the member where the value lives, a kind (setting_kinds.h: how a value of its type is
//         read, limited and written) and notes. The row that it makes has functions on a whole Config, so that rows of
//         all types stand in one list.
// Thread: any (immutable).
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/config.h"

namespace straykey {

class TableReader;

// When a changed value takes effect. at_reload: on SIGHUP, by Serve::reload(); at_start: with the next process.
enum class Effect : std::uint8_t { at_start, at_reload };

// What a row says beside its key, its member and its kind. All texts are literals.
struct Notes {
  std::string_view words{};          // explains the setting in the example, in one line
  std::string_view default_words{};  // what the default means, where its value does not say it: "off"
  std::string_view example{};        // TOML, in the example instead of the default; with default_words it is a comment
  bool required = false;             // an entry of [[tables]] without it is an error
  bool short_form = false;           // the setting is a short form; another row shows the value
  bool way_in = false;               // while it is not empty, something can come in
  Effect effect = Effect::at_reload;
};

struct Setting {
  std::string_view key;
  Notes notes;
  std::string limits;                        // "1 to 64"; empty: none
  std::optional<std::uint64_t> least, most;  // of a number or a size

  // `entry`: of a repeated table; 0 in others.
  std::function<void(TableReader&, Config&, std::size_t entry)> read;
  // The value as TOML, without secrets and URLs. nullopt: TOML cannot say it (see default_words), or the row is a short
  // form.
  std::function<std::optional<std::string>(const Config&, std::size_t entry)> show;
  std::function<bool(const Config&, std::size_t, const Config&, std::size_t)> same;
};

struct SettingTable {
  std::string_view name;   // "ingest", "detection.families"; empty: the top of the file
  std::string_view about;  // a paragraph for the example
  std::vector<Setting> rows;
  bool repeated = false;   // [[name]]. Its entries are told apart by the row "name"
  bool way_in = false;     // while it has an entry, something can come in
  bool is_option = false;  // its being there turns something on, so the example holds it as a comment
  // The entries after the first that the example shows, by key.
  std::vector<std::map<std::string_view, std::string_view>> more_examples = {};

  // Of repeated tables.
  std::function<std::size_t(const Config&)> count = {};
  std::function<void(Config&)> append = {};
  // Reports errors that a row alone cannot see. May be empty.
  std::function<void(TableReader&)> check = {};
  // Reads the whole table. Empty: its rows read it.
  std::function<void(TableReader& parent, Config&)> read_whole = {};
};

// Names a member of a member: of(&Config::ingest, &IngestConfig::https). It works on const owners and others.
template <class Last>
constexpr auto of(Last last) {
  return [last](auto& owner) -> auto& {
    return owner.*last;
  };
}
template <class First, class... Rest>
constexpr auto of(First first, Rest... rest) {
  return [ first, inner = of(rest...) ](auto& owner) -> auto& {
    return inner(owner.*first);
  };
}

// Finds the owner of a row's member: the Config itself, or an entry of one of its lists.
struct WholeConfig {
  auto& operator()(auto& config, std::size_t) const { return config; }
};
struct KnownEntry {
  auto& operator()(auto& config, std::size_t entry) const { return config.detection.known[entry]; }
};
template <class Entry>
struct EntryOf {
  std::vector<Entry> Config::*list;
  auto& operator()(auto& config, std::size_t entry) const { return (config.*list)[entry]; }
};

// Makes the rows of one table. `member`: what of() gives.
template <class Place>
struct RowMaker {
  Place place;

  template <class Member, class Kind>
  Setting operator()(std::string_view key, Member member, Kind kind, Notes notes) const {
    const auto value = [ place = place, member ](auto& config, std::size_t entry) -> auto& {
      return member(place(config, entry));
    };
    Setting setting;
    setting.key = key;
    setting.notes = notes;
    if constexpr (requires { kind.limits(); }) setting.limits = kind.limits();
    if constexpr (requires { kind.least; }) {
      setting.least = static_cast<std::uint64_t>(kind.least);
      setting.most = static_cast<std::uint64_t>(kind.most);
    }
    setting.read = [=](TableReader& table, Config& config, std::size_t entry) {
      kind.read(table, key, value(config, entry));
    };
    setting.show = [=](const Config& config, std::size_t entry) -> std::optional<std::string> {
      if (notes.short_form) return std::nullopt;
      return kind.show(value(config, entry));
    };
    setting.same = [=](const Config& a, std::size_t i, const Config& b, std::size_t j) {
      return value(a, i) == value(b, j);
    };
    return setting;
  }
};

}  // namespace straykey
