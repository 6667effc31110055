#pragma once
// Scenario: one .scenario file as steps. What the words mean is in README.md beside this file.
//
// Shape:  the lines of a file in their order; `also` lines belong to the events step before them.
// Units:  days count from 1; times of day in seconds.
// Errors: one sentence with the line's number; an unknown word or attribute is an error, never ignored.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace straykey {

// The `name=value` words of a line.
class Attributes {
 public:
  void add(std::string name, std::string value) { pairs_.emplace_back(std::move(name), std::move(value)); }
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] std::string get(std::string_view name, std::string_view otherwise = {}) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Calls of one kind: one request with the step's other lines, on each of its days.
struct EventLine {
  int line = 0;
  int second_of_day = 0;
  Attributes attributes;
};

struct Step {
  enum class Kind { networks, ranges, accounts, settings, background, events, expect, acknowledge, known, restart };
  Kind kind = Kind::events;
  int line = 0;
  std::vector<int> days;  // background, events
  std::vector<EventLine> events;
  std::vector<std::string> words;  // those without `=`, after the first
  Attributes attributes;
};

struct Scenario {
  std::string path;
  std::string claim;  // the first comment line
  std::vector<Step> steps;
};

[[nodiscard]] Result<Scenario> parse_scenario(std::string path, std::string_view text);

}  // namespace straykey
