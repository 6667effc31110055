#include "tools/commands/program_version.h"

#include <expat.h>
#include <fmt/core.h>
#include <libdeflate.h>
#include <maxminddb.h>
#include <simdjson.h>
#include <spdlog/version.h>
#include <toml++/toml.h>
#include <zlib.h>
#include <zstd.h>

#include <CLI/Version.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <boost/version.hpp>
#include <protozero/version.hpp>
#include <set>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/event/user_agent.h"
#include "core/location/aws_builtin_ranges.h"
#include "net/io/tls.h"
#include "net/kafka/kafka_client.h"
#include "storage/format_file.h"
#include "storage/lmdb.h"

// Whoever builds a package names it (STRAYKEY_COMMIT of CMake).
#ifndef STRAYKEY_COMMIT
#define STRAYKEY_COMMIT ""
#endif

namespace straykey {
namespace {

namespace json = boost::json;

std::string three_parts(unsigned number, unsigned major_unit, unsigned minor_unit) {
  return fmt::format("{}.{}.{}", number / major_unit, number / minor_unit % (major_unit / minor_unit),
                     number % minor_unit);
}

json::object libraries() {
  return {{"boost", three_parts(BOOST_VERSION, 100'000, 100)},
          {"cli11", CLI11_VERSION},
          {"expat", fmt::format("{}.{}.{}", XML_ExpatVersionInfo().major, XML_ExpatVersionInfo().minor,
                                XML_ExpatVersionInfo().micro)},
          {"fmt", three_parts(FMT_VERSION, 10'000, 100)},
          {"libdeflate", LIBDEFLATE_VERSION_STRING},
          {"librdkafka", kafka_library_version()},
          {"lmdb", lmdb_version()},
          {"maxminddb", MMDB_lib_version()},
          {"openssl", crypto_version()},
          {"protozero", PROTOZERO_VERSION_STRING},
          {"simdjson", fmt::format("{}.{}.{}", int{simdjson::SIMDJSON_VERSION_MAJOR},
                                   int{simdjson::SIMDJSON_VERSION_MINOR}, int{simdjson::SIMDJSON_VERSION_REVISION})},
          {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
          {"tomlplusplus", fmt::format("{}.{}.{}", TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)},
          {"zlib", zlibVersion()},
          {"zstd", ZSTD_versionString()}};
}

// Two programs whose tables have the same names say the same.
json::object tools() {
  const auto all = tool_names();
  const std::set<std::string_view> names(all.begin(), all.end());
  std::string text;
  for (const std::string_view name : names) text.append(name) += '\n';
  return {{"names", names.size()}, {"checksum", fmt::format("{:08x}", crc32c(text))}};
}

}  // namespace

std::string program_version_json() {
  constexpr std::string_view kCommit = STRAYKEY_COMMIT;
  const AwsBuiltinRanges ranges = aws_builtin_ranges();
  const json::object said{
      {"version", STRAYKEY_VERSION},
      {"commit", kCommit.empty() ? json::value() : json::value(kCommit)},
      {"store_format", kStoreFormat},
      {"ranges", {{"day", format_day(day_of(ranges.created))}, {"prefixes", ranges.prefixes.size()}}},
      {"tools", tools()},
      {"libraries", libraries()}};
  return json::serialize(said);
}

}  // namespace straykey
