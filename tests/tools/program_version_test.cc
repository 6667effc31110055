#include "tools/commands/program_version.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <string>

#include "core/base/time.h"
#include "core/location/aws_builtin_ranges.h"
#include "storage/format_file.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

TEST_CASE("version --json: what decides whether two programs give the same verdicts and read the same store") {
  const json::object said = json::parse(program_version_json()).as_object();
  CHECK_EQ(said.at("version").as_string(), STRAYKEY_VERSION);
  CHECK_EQ(said.at("store_format").as_int64(), kStoreFormat);
  CHECK_EQ(said.at("ranges").at("day").as_string(), format_day(day_of(aws_builtin_ranges().created)));
  CHECK_GT(said.at("ranges").at("prefixes").as_int64(), 1'000);
  CHECK_GT(said.at("tools").at("names").as_int64(), 50);
  CHECK_EQ(said.at("tools").at("checksum").as_string().size(), 8);
}

TEST_CASE("version --json: a build that was not told its commit names none") {
  const json::object said = json::parse(program_version_json()).as_object();
  const json::value& commit = said.at("commit");
  if (commit.is_null()) return;
  const std::string text(commit.as_string());
  CHECK_EQ(text.size(), 40);
  CHECK(std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; }));
}

TEST_CASE("version --json: each library has a version in numbers") {
  const json::object said = json::parse(program_version_json()).as_object();
  CHECK_GE(said.at("libraries").as_object().size(), 15);
  for (const auto& [name, version] : said.at("libraries").as_object()) {
    CAPTURE(name);
    const std::string text(version.as_string());
    CHECK(std::isdigit(static_cast<unsigned char>(text.front())) != 0);
    CHECK_NE(text.find('.'), std::string::npos);
  }
}

}  // namespace
}  // namespace straykey
