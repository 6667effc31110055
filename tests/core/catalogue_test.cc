// The table in the program, and CATALOGUE.md, which says the same to people.
#include "core/detect/catalogue.h"

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::string trimmed(std::string text) {
  const auto mark = [](char c) { return c == ' ' || c == '`'; };
  while (!text.empty() && mark(text.back())) text.pop_back();
  while (!text.empty() && mark(text.front())) text.erase(text.begin());
  return text;
}

// The rows of the table of CATALOGUE.md whose first line is `head`, without it and its rule.
std::vector<std::vector<std::string>> table_of(const std::string& head) {
  std::ifstream in(STRAYKEY_SOURCE_DIR "/core/detect/CATALOGUE.md");
  REQUIRE(in.good());
  std::vector<std::vector<std::string>> rows;
  std::string line;
  while (std::getline(in, line) && line != head) {
  }
  std::getline(in, line);
  while (std::getline(in, line) && line.starts_with('|')) {
    std::istringstream cells(line.substr(1));
    std::vector<std::string>& row = rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '|');) row.push_back(trimmed(cell));
  }
  REQUIRE_FALSE(rows.empty());
  return rows;
}

TEST_CASE(
    "catalogue: CATALOGUE.md lists the alerts of the program, in their order, with names, severities and evidence") {
  const auto rows = table_of("| id | name | severity | evidence |");
  REQUIRE_EQ(rows.size(), kVariationCount);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CatalogueEntry& entry = catalogue()[i];
    CHECK_EQ(rows[i], std::vector<std::string>{std::string(entry.id), std::string(entry.name),
                                               std::string(name_of(entry.severity)), std::string(name_of(entry.tier))});
  }
}

TEST_CASE("catalogue: CATALOGUE.md maps each analytic to the program's techniques") {
  std::map<std::string, std::vector<std::string>, std::less<>> listed;
  for (const auto& row : table_of("| analytic | technique | why |")) listed[row.at(0)].push_back(row.at(1));
  CHECK_EQ(listed.size(), 3);
  for (const CatalogueEntry& entry : catalogue()) {
    const std::vector<std::string> techniques(entry.techniques.begin(), entry.techniques.end());
    CHECK_EQ(listed[std::string(name_of(entry.analytic))], techniques);
  }
}

TEST_CASE("catalogue: each variation is found by its number and by its id, which begins with its analytic") {
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < kVariationCount; ++i) {
    const auto variation = static_cast<Variation>(i);
    const CatalogueEntry& entry = catalogue_entry(variation);
    CHECK_EQ(entry.variation, variation);
    CHECK_EQ(catalogue_entry_by_id(entry.id), &entry);
    CHECK(entry.id.starts_with(name_of(entry.analytic)));
    CHECK(ids.insert(entry.id).second);
    CHECK_FALSE(entry.description.empty());
    CHECK_FALSE(entry.goal.empty());
    CHECK_GE(entry.actions.size(), 3);
    CHECK_EQ(entry.tag.empty(), entry.analytic != Analytic::serverless_cli);
    CHECK_EQ(entry.catalogue == "straykey", entry.analytic == Analytic::misused_service_token);
    CHECK_EQ(entry.tactic.empty(), entry.analytic == Analytic::serverless_cli);
  }
  CHECK(catalogue_entry_by_id("serverless_cli.other") == nullptr);
  CHECK(catalogue_entry_by_id("") == nullptr);
}

TEST_CASE("catalogue: high severity means strong evidence") {
  for (const CatalogueEntry& entry : catalogue())
    if (entry.severity == Severity::high) CHECK_EQ(entry.tier, Tier::strong);
}

TEST_CASE("catalogue: severities are read by the names that they are written with, and by no other") {
  for (const Severity severity : {Severity::informational, Severity::low, Severity::medium, Severity::high})
    CHECK(severity_from(name_of(severity)) == severity);
  CHECK_FALSE(severity_from("critical").has_value());
  CHECK_FALSE(severity_from("High").has_value());
}

}  // namespace
}  // namespace straykey
