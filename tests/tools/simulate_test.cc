// The simulated organisation: what it writes, and that it writes the same again.
#include "tools/simulate/simulate.h"

#include <doctest/doctest.h>
#include <libdeflate.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "core/detect/catalogue.h"
#include "tests/support/temporary_directory.h"
#include "tools/simulate/address_plan.h"
#include "tools/simulate/organisation.h"

using namespace straykey;
namespace fs = std::filesystem;

namespace {

constexpr Day kEnd = 20'770;  // 2026-11-13

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string inflate(const std::string& packed) {
  std::string out(kFileBytesMax * 2, '\0');
  std::size_t size = 0;
  libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
  const auto result =
      libdeflate_gzip_decompress(decompressor, packed.data(), packed.size(), out.data(), out.size(), &size);
  libdeflate_free_decompressor(decompressor);
  REQUIRE(result == LIBDEFLATE_SUCCESS);
  out.resize(size);
  return out;
}

SimulateSummary write_trail(const fs::path& out, SimulateSettings settings = {}) {
  settings.end = kEnd;
  settings.out = out;
  auto summary = simulate(settings, {});
  REQUIRE_MESSAGE(summary.ok(), (summary.ok() ? "" : summary.error().message));
  return std::move(summary).value();
}

// Every file under `root`, in the order of the paths.
std::map<std::string, std::string> files_under(const fs::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), root).string()] = read(entry.path());
  }
  return files;
}

// The small form, written once for all the tests that only read it.
struct SmallTrail {
  TemporaryDirectory folder;
  SimulateSummary summary = write_trail(folder.path());
  struct Delivered {
    std::string file;
    boost::json::object record;
  };
  std::vector<Delivered> records = {};

  SmallTrail() {
    for (const auto& [name, bytes] : files_under(fs::path(folder.path()) / "trail")) {
      auto body = boost::json::parse(inflate(bytes));
      for (auto& record : body.as_object().at("Records").as_array())
        records.push_back({name, std::move(record.as_object())});
    }
  }
};
const SmallTrail& small_trail() {
  static const SmallTrail kTrail;
  return kTrail;
}

std::string text(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string key_of(const boost::json::object& record) {
  return text(record.at("userIdentity").as_object(), "accessKeyId");
}

std::vector<boost::json::object> lines_of(const fs::path& path) {
  std::vector<boost::json::object> lines;
  std::istringstream in(read(path));
  for (std::string line; std::getline(in, line);) lines.push_back(boost::json::parse(line).as_object());
  return lines;
}

std::uint32_t v4(const std::string& dotted) {
  std::uint32_t value = 0;
  std::istringstream in(dotted);
  for (std::string part; std::getline(in, part, '.');)
    value = value << 8 | static_cast<std::uint32_t>(std::stoul(part));
  return value;
}

}  // namespace

TEST_CASE("the same seed gives the same bytes, another seed others") {
  TemporaryDirectory first, second, other;
  const SimulateSummary one = write_trail(first.path(), {.seed = 7});
  const SimulateSummary two = write_trail(second.path(), {.seed = 7});
  write_trail(other.path(), {.seed = 8});
  const auto files = files_under(first.path());
  CHECK(files == files_under(second.path()));
  CHECK(files != files_under(other.path()));
  CHECK(one.events == two.events);
}

TEST_CASE("every record has the fields that decide, and the time of its folder") {
  const SmallTrail& trail = small_trail();
  CHECK(trail.records.size() == trail.summary.events);
  std::size_t with_key = 0;
  for (const auto& [file, record] : trail.records) {
    for (const char* field :
         {"eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent",
          "eventID", "requestID", "eventType", "eventCategory", "recipientAccountId"}) {
      REQUIRE_MESSAGE(!text(record, field).empty(), field << " in " << boost::json::serialize(record));
    }
    REQUIRE(record.at("userIdentity").is_object());
    CHECK(text(record, "recipientAccountId").size() == 12);
    CHECK(text(record, "eventID").size() == 36);
    const auto time = parse_time(text(record, "eventTime"));
    REQUIRE(time);
    const std::string day = format_day(day_of(*time));
    CHECK(file.starts_with(day.substr(0, 4) + "/" + day.substr(5, 2) + "/" + day.substr(8, 2) + "/"));
    with_key += key_of(record).empty() ? 0 : 1;
  }
  CHECK(with_key > trail.records.size() / 2);
}

TEST_CASE("the small form has 20,000 to 40,000 events in small files, each account on each day") {
  const SmallTrail& trail = small_trail();
  CHECK(trail.summary.events > 20'000);
  CHECK(trail.summary.events < 40'000);
  CHECK(trail.summary.json_bytes / trail.summary.files < kFileBytesMax);
  std::map<std::string, std::set<std::string>> days;
  for (const auto& [file, record] : trail.records)
    days[text(record, "recipientAccountId")].insert(text(record, "eventTime").substr(0, 10));
  for (const std::string_view account : {kProduction, kShared, kDevelopment})
    CHECK(days[std::string(account)].size() == 45);
  CHECK(days["222233334444"].size() == 13);
}

TEST_CASE("all variations are labelled, none before activation, each with a key of that day") {
  const SmallTrail& trail = small_trail();
  std::set<std::string> variations, stories_told;
  for (const auto& story : lines_of(fs::path(trail.folder.path()) / "stories.jsonl")) {
    CHECK(!text(story, "text").empty());
    stories_told.insert(text(story, "story"));
  }
  const auto labels = lines_of(fs::path(trail.folder.path()) / "labels.jsonl");
  CHECK(labels.size() == trail.summary.labels.size());
  for (const auto& label : labels) {
    variations.insert(text(label, "variation"));
    CHECK(stories_told.contains(text(label, "story")));
    CHECK(text(label, "network").empty() != text(label, "variation").starts_with("remote_service_token"));
    CHECK(text(label, "tool").empty() != text(label, "variation").starts_with("serverless_cli"));
    const auto day = parse_day(text(label, "day"));
    REQUIRE(day);
    CHECK(*day >= trail.summary.first_day + 16);
    CHECK(std::any_of(trail.records.begin(), trail.records.end(), [&](const auto& delivered) {
      return key_of(delivered.record) == text(label, "key") &&
             text(delivered.record, "eventTime").starts_with(text(label, "day"));
    }));
  }
  CHECK(variations.size() == kVariationCount);
}

TEST_CASE("every labelled alert comes from a story that expects it") {
  std::size_t expected = 0;
  for (const Story& story : stories()) {
    expected += story.alerts.size();
    for (const ExpectedAlert& alert : story.alerts) {
      CHECK(std::any_of(story.calls.begin(), story.calls.end(),
                        [&](const StoryCall& call) { return call.day == alert.day && call.who == alert.who; }));
    }
  }
  CHECK(small_trail().summary.labels.size() == expected);
}

TEST_CASE("an external address is in the ASN file, and what is learned is used every day") {
  const SmallTrail& trail = small_trail();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
  std::istringstream csv(read(fs::path(trail.folder.path()) / "asn.csv"));
  for (std::string line; std::getline(csv, line);) {
    const std::size_t comma = line.find(','), second = line.find(',', comma + 1);
    if (line.find(':') == std::string::npos)
      ranges.emplace_back(v4(line.substr(0, comma)), v4(line.substr(comma + 1, second - comma - 1)));
  }
  std::set<std::string> partner_days;
  for (const auto& [file, record] : trail.records) {
    const std::string source = text(record, "sourceIPAddress");
    if (source.find_first_not_of("0123456789.") != std::string::npos) continue;
    if (source.starts_with("10.") || source.starts_with("198.18.")) continue;
    CHECK(std::any_of(ranges.begin(), ranges.end(),
                      [&](auto range) { return range.first <= v4(source) && v4(source) <= range.second; }));
    const std::string arn = text(record.at("userIdentity").as_object(), "arn");
    if (arn.find("/partner-sync-role/") != std::string::npos)
      partner_days.insert(text(record, "eventTime").substr(0, 10));
  }
  CHECK(partner_days.size() == 45);
  const auto aws = boost::json::parse(read(fs::path(trail.folder.path()) / "ip-ranges.json")).as_object();
  CHECK(text(aws, "createDate") == "2026-11-13-12-00-00");
  CHECK(aws.at("prefixes").as_array().size() == 12);
  CHECK(aws.at("ipv6_prefixes").as_array().size() == 8);
}

TEST_CASE("a late issuing event lies in a file behind the first use of its key") {
  const SmallTrail& trail = small_trail();
  std::map<std::string, std::string> first_use, issued_in;
  for (const auto& [file, record] : trail.records) {
    const auto* response = record.at("responseElements").if_object();
    if (response != nullptr && response->contains("credentials")) {
      issued_in[text(response->at("credentials").as_object(), "accessKeyId")] = file;
    }
    if (text(record.at("userIdentity").as_object(), "arn").find("/invoice-render-role/") != std::string::npos) {
      first_use.try_emplace(key_of(record), file);
    }
  }
  CHECK(!first_use.empty());
  std::size_t behind = 0;
  for (const auto& [key, file] : first_use) behind += issued_in.at(key) > file ? 1 : 0;
  CHECK(behind * 10 > first_use.size() * 9);  // but for calls to another region, which lie in that region's files
}

TEST_CASE("some records and some files are delivered twice, and counted") {
  std::map<std::string, int> copies;
  for (const auto& [file, record] : small_trail().records) ++copies[text(record, "eventID")];
  std::uint64_t again = 0;
  for (const auto& [id, count] : copies) again += static_cast<std::uint64_t>(count - 1);
  CHECK(again == small_trail().summary.duplicates);
  CHECK(again > 100);
}

TEST_CASE("JSON lines carry one record a line, and the target scales the organisation") {
  TemporaryDirectory folder;
  const SimulateSummary summary =
      write_trail(folder.path(), {.events_target = 120'000, .gzip = false, .json_lines = true});
  CHECK(summary.events > 96'000);
  CHECK(summary.events < 144'000);
  CHECK(summary.workloads > small_trail().summary.workloads);
  CHECK(summary.labels.size() == small_trail().summary.labels.size());
  std::uint64_t lines = 0;
  for (const auto& [name, bytes] : files_under(fs::path(folder.path()) / "trail")) {
    CHECK(name.ends_with(".jsonl"));
    CHECK(bytes.size() < kFileBytesMax + 10'000);
    std::istringstream in(bytes);
    for (std::string line; std::getline(in, line); ++lines) REQUIRE((line.front() == '{' && line.back() == '}'));
  }
  CHECK(lines == summary.events);
}

TEST_CASE("the summary prints the tables of a server that is to take the trail, with paths that hold from anywhere") {
  SimulateSettings settings;
  settings.out = "a \"b\"/../sample";
  const std::string here = fs::current_path().string();
  SimulateSummary summary;
  summary.trusted_prefix = kTrustedPrefix;
  const std::string text = summary_text(settings, summary);
  CHECK(text.find("[networks]\naws_ranges = \"" + here + "/sample/ip-ranges.json\"\nasn = [\"" + here +
                  "/sample/asn.csv\"]\ntrusted = [\"203.0.113.192/27\"]\n" +
                  R"(hosting_asn = ["AS64496", "AS64497", "AS64506", "AS64507", "AS65536", )") != std::string::npos);
  CHECK(text.ends_with("\"AS65551\"]\n"));
  settings.out = "/srv/a \"b\"";
  CHECK(summary_text(settings, summary).find(R"(aws_ranges = "/srv/a \"b\"/ip-ranges.json")") != std::string::npos);
}

TEST_CASE("settings that make no sense are refused in a sentence, and nothing is mixed with an older trail") {
  TemporaryDirectory folder;
  SimulateSettings settings{.end = kEnd, .days = 44, .out = folder.path()};
  CHECK(!simulate(settings, {}).ok());
  settings.days = 401;
  CHECK(!simulate(settings, {}).ok());
  settings.days = 45;
  settings.end = 0;
  CHECK(!simulate(settings, {}).ok());
  settings.end = kEnd;
  settings.events_target = 2'000'000'000;
  CHECK(!simulate(settings, {}).ok());
  settings.events_target = 1;
  unsigned days = 0;
  CHECK(simulate(settings, [&](const SimulateProgress& progress) { days = progress.days_done; }).ok());
  CHECK(days == 45);
  const auto again = simulate(settings, {});
  REQUIRE(!again.ok());
  CHECK(again.error().message.find("holds something already") != std::string::npos);
}

TEST_CASE("a longer trail tells the same stories in its last 45 days") {
  TemporaryDirectory folder;
  const SimulateSummary summary = write_trail(folder.path(), {.days = 60, .gzip = false});
  CHECK(summary.first_day == kEnd - 59);
  REQUIRE(summary.labels.size() == small_trail().summary.labels.size());
  for (std::size_t i = 0; i < summary.labels.size(); ++i)
    CHECK(summary.labels[i].day == small_trail().summary.labels[i].day);
}
