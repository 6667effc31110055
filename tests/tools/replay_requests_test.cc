// From files to the requests that are sent: cutting, rewriting, batches, faults.
#include "tools/replay/request_builder.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/temporary_directory.h"

using namespace straykey;

namespace {

std::string record(const std::string& time, const std::string& id, const std::string& account = "111122223333") {
  return fmt::format(
      R"({{"eventVersion":"1.11","userIdentity":{{"accountId":"{}","accessKeyId":"ASIAFQTXFRYN6EXAMPLE"}},)"
      R"("eventTime":"{}","eventID":"{}","recipientAccountId":"{}"}})",
      account, time, id, account);
}

void put(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> read_all(const std::string& path) {
  RecordReader reader;
  REQUIRE(reader.open({path}).ok());
  std::vector<std::string> texts;
  REQUIRE(reader
              .read([&](const ReadRecord& read) {
                texts.emplace_back(read.text);
                return true;
              })
              .ok());
  return texts;
}

struct Built {
  std::vector<OutgoingRequest> requests;
  FaultCounts faults;
  std::size_t lines = 0;
};

Built build(BuilderSettings settings, const std::vector<std::string>& records, RewriteSettings rewrite = {}) {
  Built built;
  RequestBuilder builder(settings, RecordRewriter(rewrite), [&](OutgoingRequest&& request) {
    built.lines += request.records;
    built.requests.push_back(std::move(request));
    return true;
  });
  for (const std::string& text : records) REQUIRE(builder.add({text, event_time_in(text)}));
  REQUIRE(builder.finish());
  built.faults = builder.faults();
  return built;
}

std::vector<std::string> hundred_records() {
  std::vector<std::string> records;
  for (int i = 0; i < 100; ++i)
    records.push_back(record(fmt::format("2026-11-{:02}T03:04:05Z", 1 + i / 50), fmt::format("id-{}", i)));
  return records;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("records come out of every form of file, each on a line") {
  TemporaryDirectory folder;
  const std::string one = record("2026-11-01T00:00:01Z", "a"), two = record("2026-11-01T00:00:02Z", "b");
  for (const std::string& text :
       {"{\"Records\":[" + one + "," + two + "]}", "{ \"Records\" : [" + one + " , " + two + "] }\n",
        "[" + one + ",\n" + two + "]", one + "\n" + two + "\n", one + two, "\xef\xbb\xbf" + one + "\n\n" + two}) {
    put(folder.path() + "/x.json", text);
    CHECK(read_all(folder.path() + "/x.json") == std::vector<std::string>{one, two});
  }
  put(folder.path() + "/x.json", "{\"Records\":[{\n  \"eventTime\": \"2026-11-01T00:00:01Z\"\n}]}");
  const auto pretty = read_all(folder.path() + "/x.json");
  REQUIRE(pretty.size() == 1);
  CHECK(pretty[0].find('\n') == std::string::npos);
  CHECK(event_time_in(pretty[0]).has_value());
}

TEST_CASE("what is cut or broken costs no neighbour") {
  TemporaryDirectory folder;
  const std::string one = record("2026-11-01T00:00:01Z", "a"), two = record("2026-11-01T00:00:02Z", "b");
  const std::string cut = one.substr(0, one.find(",\"eventTime")), unquoted = "{\"a\":\"x\",!}";
  const auto check = [&](const std::string& text, const std::vector<std::string>& expected) {
    CAPTURE(text);
    put(folder.path() + "/x.jsonl", text);
    CHECK(read_all(folder.path() + "/x.jsonl") == expected);
  };
  check(cut + "\n" + two + "\n", {cut, two});
  check(one + "\n" + unquoted + "\n" + two, {one, unquoted, two});
  check("{\"Records\":[" + one + "," + two.substr(0, 40), {one, two.substr(0, 40)});
  check("{\"Records\":[" + one + "],\"more\":{\"a\":[1]}}\n" + two, {one, two});
  check("{\"Records\":[]}" + one, {one});
  check(one + "\n[1]\n12\n" + two, {one, "1", "12", two});
  const std::string braces = R"({"eventTime":"2026-11-01T00:00:01Z","a":"}{][\"\\","b":[[{}]]})";
  check(braces + braces + "\n" + two, {braces, braces, two});
}

TEST_CASE("accounts' folders go side by side, by the day in the files' names") {
  TemporaryDirectory folder;
  put(folder.path() + "/1/a_CloudTrail_r_20261102T0000Z_x.json", record("2026-11-02T00:00:00Z", "second"));
  put(folder.path() + "/2/b_CloudTrail_r_20261101T0000Z_x.json", record("2026-11-01T00:00:00Z", "first"));
  const auto texts = read_all(folder.path());
  REQUIRE(texts.size() == 2);
  CHECK(texts[0].find("first") != std::string::npos);
  RecordReader reader;
  REQUIRE(reader.open({folder.path()}).ok());
  CHECK(format_day(reader.last_day().value()) == "2026-11-02");
}

TEST_CASE("a request holds one day and at most a batch, and every record once") {
  const Built built = build({.batch = 30}, hundred_records());
  REQUIRE(built.requests.size() == 4);  // 30, 20 of the first day; 30, 20 of the second
  CHECK(built.requests[0].records == 30);
  CHECK(built.requests[1].records == 20);
  CHECK(built.requests[1].day + 1 == built.requests[2].day);
  CHECK(built.lines == 100);
  for (const OutgoingRequest& request : built.requests) CHECK(count_of(request.body, "\n") == request.records);
}

TEST_CASE("a late record of an earlier day goes with the day that sends it") {
  const Built built = build({}, {record("2026-11-02T00:00:00Z", "a"), record("2026-11-01T23:00:00Z", "late"),
                                 record("2026-11-02T01:00:00Z", "b")});
  REQUIRE(built.requests.size() == 1);
  CHECK(built.requests[0].records == 3);
}

TEST_CASE("faults are drawn by seed and counted; no whole record is lost by them") {
  BuilderSettings settings{
      .batch = 10, .seed = 3, .faults = {.duplicates = 0.2, .disorder = 0.3, .truncate = 0.1, .bad_json = 0.1}};
  const Built built = build(settings, hundred_records());
  const FaultCounts& faults = built.faults;
  CHECK(faults.duplicates > 0);
  CHECK(faults.disordered > 0);
  CHECK(faults.truncated > 0);
  CHECK(faults.bad_json > 0);
  CHECK(built.lines == 100 + faults.duplicates + faults.truncated + faults.bad_json);
  std::uint64_t broken = 0;
  std::string all;
  for (const OutgoingRequest& request : built.requests) {
    broken += request.broken;
    all += request.body;
  }
  CHECK(broken == faults.truncated + faults.bad_json);
  for (const std::string& text : hundred_records()) CHECK(count_of(all, text + "\n") >= 1);
  const Built again = build(settings, hundred_records());
  REQUIRE(again.requests.size() == built.requests.size());
  for (std::size_t i = 0; i < built.requests.size(); ++i) CHECK(again.requests[i].body == built.requests[i].body);
}

TEST_CASE("disorder stays within the day") {
  const Built built = build({.batch = 7, .faults = {.disorder = 1.0}}, hundred_records());
  for (std::size_t i = 1; i < built.requests.size(); ++i) CHECK(built.requests[i - 1].day <= built.requests[i].day);
  for (const OutgoingRequest& request : built.requests)
    CHECK(count_of(request.body, format_day(request.day)) == request.records);
}

TEST_CASE("a plan at a rate gives each request its time by the events before it") {
  BuilderSettings settings{.batch = 25};
  settings.pacing = parse_rate("100").value();
  const Built built = build(settings, hundred_records());
  REQUIRE(built.requests.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(built.requests[i].due_s == doctest::Approx(0.25 * static_cast<double>(i)));
}

TEST_CASE("times move by whole days and everything else stays") {
  const RecordRewriter rewriter({.shift_days = 31});
  std::string text = record("2026-11-30T23:59:60Z", "a") +
                     R"({"creationDate":"2026-11-30T01:02:03Z","note":"2026-11-30","bad":"2026-99-99T00:00:00Z"})";
  const std::size_t size = text.size();
  rewriter.rewrite(text, 0);
  CHECK(text.size() == size);
  CHECK(text.find("\"2026-12-31T23:59:60Z\"") != std::string::npos);
  CHECK(text.find("\"2026-12-31T01:02:03Z\"") != std::string::npos);
  CHECK(text.find("\"note\":\"2026-11-30\"") != std::string::npos);
  CHECK(text.find("2026-99-99") != std::string::npos);
}

TEST_CASE("fresh ids keep their form, differ from the old ones, and are the same for duplicates") {
  const RecordRewriter rewriter({.fresh_ids = true, .seed = 5});
  const std::string id = "0709e6d2-e4b3-4eba-a7c7-f9cd3c5eb1ff";
  std::string first = record("2026-11-01T00:00:00Z", id), again = first;
  std::string other = record("2026-11-01T00:00:00Z", "1709e6d2-e4b3-4eba-a7c7-f9cd3c5eb1ff");
  for (std::string* text : {&first, &again, &other}) rewriter.rewrite(*text, 0);
  CHECK(first == again);
  CHECK(first != other);
  CHECK(first.find(id) == std::string::npos);
  CHECK(count_of(first, "-") == count_of(again, "-"));
}

TEST_CASE("each copy has accounts and keys of its own, everywhere the same, and copy 0 the old ones") {
  const RecordRewriter rewriter({.seed = 5});
  const std::string original =
      record("2026-11-01T00:00:00Z", "a") + R"( "arn:aws:iam::111122223333:role/x" "1.111122223333" "1111222233334")";
  std::set<std::string> seen;
  for (std::uint32_t copy = 0; copy < 20; ++copy) {
    std::string text = original;
    rewriter.rewrite(text, copy);
    CHECK(text.size() == original.size());
    const std::size_t at = text.find("\"accountId\":\"") + 13;
    const std::string account = text.substr(at, 12);
    CHECK(seen.insert(account).second);
    CHECK((account == "111122223333") == (copy == 0));
    CHECK(count_of(text, "\"" + account + "\"") == 2);
    CHECK(text.find("iam::" + account + ":role") != std::string::npos);
    CHECK((text.find("ASIAFQTXFRYN6EXAMPLE") == std::string::npos) == (copy > 0));
    CHECK(text.find("\"1.111122223333\" \"1111222233334\"") != std::string::npos);
    std::string label = "{\"account\":\"111122223333\"}";
    rewriter.rename(label, copy);
    CHECK(label == "{\"account\":\"" + account + "\"}");
  }
}
