#include "core/operate/kept_rejects.h"

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "core/operate/operations.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

class RejectsInMemory final : public RejectStore {
 public:
  explicit RejectsInMemory(std::size_t count) {
    for (std::uint64_t number = 1; number <= count; ++number)
      rejects.push_back({number, 1'780'000'000, number % 3 == 0 ? "truncated" : "bad_json",
                         number % 2 == 0 ? "syslog_tcp 192.0.2.1" : "forwarder", 2, "{}"});
  }
  Status scan(std::uint64_t after, const std::function<bool(const KeptReject&)>& visit) override {
    for (const KeptReject& reject : rejects)
      if (reject.number > after && !visit(reject)) break;
    return {};
  }
  Result<bool> drop(std::uint64_t number) override {
    return std::erase_if(rejects, [number](const KeptReject& one) { return one.number == number; }) > 0;
  }

  std::vector<KeptReject> rejects;
};

std::vector<std::uint64_t> all_numbers(RejectStore& store, const RejectFilter& filter, std::size_t rows_max) {
  std::vector<std::uint64_t> numbers;
  std::uint64_t after = 0;
  while (true) {
    const auto page = list_rejects(store, after, filter, {.rows_max = rows_max});
    REQUIRE(page.ok());
    CHECK_LE(page.value().rows.size(), rows_max);
    for (const KeptReject& reject : page.value().rows) numbers.push_back(reject.number);
    if (page.value().next.empty()) return numbers;
    after = std::stoull(page.value().next);
  }
}

TEST_CASE("kept rejects: pages hold each once, whatever their size, and filters leave out the others") {
  RejectsInMemory store(10);
  for (std::size_t rows_max = 1; rows_max <= 11; ++rows_max) {
    CHECK_EQ(all_numbers(store, {}, rows_max), std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    CHECK_EQ(all_numbers(store, {"truncated", ""}, rows_max), std::vector<std::uint64_t>{3, 6, 9});
    CHECK_EQ(all_numbers(store, {"bad_json", "192.0.2.1"}, rows_max), std::vector<std::uint64_t>{2, 4, 8, 10});
    CHECK(all_numbers(store, {"none", ""}, rows_max).empty());
  }
}

TEST_CASE("kept rejects: one is found by its number, and only by that") {
  RejectsInMemory store(3);
  CHECK(store.drop(2).value());
  CHECK_FALSE(find_reject(store, 0).value().has_value());
  CHECK_EQ(find_reject(store, 1).value()->number, 1);
  CHECK_FALSE(find_reject(store, 2).value().has_value());
  CHECK_EQ(find_reject(store, 3).value()->number, 3);
  CHECK_FALSE(find_reject(store, 4).value().has_value());
}

TEST_CASE("kept rejects: a record is shown as it came, be it text or not") {
  KeptReject reject{7, 1'780'000'000, "bad_json", "forwarder", 4, "{\"a\""};
  CHECK_EQ(reject_json(reject, false),
           R"({"number":7,"at":"2026-05-28T20:26:40Z","reason":"bad_json","source":"forwarder","bytes":4})");
  auto shown = boost::json::parse(reject_json(reject, true)).as_object();
  CHECK_EQ(std::string(shown.at("record").as_string()), reject.record);
  CHECK_FALSE(shown.contains("cut"));
  reject.record = "\xff\x01{";
  shown = boost::json::parse(reject_json(reject, true)).as_object();
  CHECK_EQ(std::string(shown.at("record_base64").as_string()), "/wF7");
  CHECK(shown.at("cut").as_bool());
}

TEST_CASE("kept rejects: operators list, show and drop them by their numbers") {
  RejectsInMemory store(2);
  OperatorStores stores;
  stores.rejects = &store;
  using Kind = OperatorAnswer::Kind;
  CHECK_EQ(find_operation("rejects/list")->read(stores, {}).items.size(), 2);
  CHECK_EQ(find_operation("rejects/list")->read(stores, {{"after", "1"}}).items.size(), 1);
  CHECK_EQ(find_operation("rejects/show")->read(stores, {{"number", "2"}}).items.size(), 1);
  CHECK(find_operation("rejects/show")->read(stores, {{"number", "3"}}).kind == Kind::not_found);
  CHECK(find_operation("rejects/drop")->read(stores, {{"number", "2"}}).kind == Kind::done);
  CHECK(find_operation("rejects/drop")->read(stores, {{"number", "2"}}).kind == Kind::not_found);
  CHECK(find_operation("rejects/drop")->posts());
  CHECK_FALSE(find_operation("rejects/list")->posts());
  CHECK_EQ(find_operation("rejects/list")->objection({{"reason", "bad_json"}}), "");
  CHECK_NE(find_operation("rejects/list")->objection({{"reason", "foo"}}).find("bad_json, truncated"),
           std::string::npos);
  for (const char* number : {"0", "-1", "1x", "99999999999999999999"})
    CHECK_EQ(objection_to({"rejects/show", {{"number", number}}}), "number: a reject has a number from 1 on");
  stores.rejects = nullptr;
  CHECK(find_operation("rejects/list")->read(stores, {}).items.empty());
  CHECK(find_operation("rejects/show")->read(stores, {{"number", "1"}}).kind == Kind::not_found);
}

}  // namespace
}  // namespace straykey
