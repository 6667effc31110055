// The same input gives the same alerts: whatever the shard count, the size of requests, the order inside a day,
// duplicates, restarts, and crashes between the two commits.
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"  // before doctest, whose CHECK is the one that counts here
#include "core/event/cloudtrail.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <variant>

#include "core/detect/catalogue.h"
#include "core/detect/message.h"
#include "tests/core/invariance_organisation.h"
#include "tests/support/record_builder.h"

namespace straykey {
namespace {

// --- One run of the engine over the input ---

enum class Trouble { none, restarts, crashes_between_commits, merger_commits_fail, shard_commits_fail };

struct Plan {
  std::uint32_t shards = 1;
  std::size_t request_size = 0;  // 0: a whole day
  bool shuffled = false;
  bool duplicates = false;
  Trouble trouble = Trouble::none;
  std::uint64_t seed = 1;
};

// By (analytic, account, identity, network or tool, day): the strongest alert's id, variation and severity.
using Outcome = std::map<std::string, std::string>;

class Run {
 public:
  explicit Run(const Plan& plan) : plan_(plan), random_(plan.seed), networks_(inputs()) {
    settings_.accounts = {std::string(kAccounts[0]), std::string(kAccounts[1])};
    settings_.kubernetes = true;
    for (std::uint32_t shard = 0; shard < plan.shards; ++shard)
      partitions_.push_back(std::make_unique<MemoryBaselineStore>());
    start();
  }

  Outcome over(const std::vector<Line>& lines) {
    std::vector<std::vector<std::string>> days(kDays + 4);
    for (const Line& line : lines) {
      days[static_cast<std::size_t>(line.day)].push_back(line.json);
      // Sent again: at once, or days later.
      if (plan_.duplicates && random_() % 10 < 3)
        days[static_cast<std::size_t>(line.day) + random_() % 3].push_back(line.json);
    }
    for (std::vector<std::string>& day : days) {
      if (plan_.shuffled) std::shuffle(day.begin(), day.end(), random_);
      const std::size_t size = plan_.request_size == 0 ? std::max<std::size_t>(day.size(), 1) : plan_.request_size;
      for (std::size_t at = 0; at < day.size(); at += size)
        send({day.begin() + static_cast<std::ptrdiff_t>(at),
              day.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, day.size()))});
    }
    return outcome();
  }

 private:
  static NetworkInputs inputs() {
    NetworkInputs inputs;
    inputs.aws_ranges.push_back(*parse_prefix("192.0.2.0/24"));
    inputs.aws_ranges_created = static_cast<Seconds>(kFirstDay - 5) * kSecondsPerDay;  // too old from day 26 on
    const auto add = [&](std::string_view prefix, std::uint32_t asn) {
      inputs.asns.push_back({parse_prefix(prefix)->first, parse_prefix(prefix)->last(), asn, "Example"});
    };
    add("198.51.100.0/24", 64511);
    add("203.0.113.0/24", 64500);
    return inputs;
  }

  void start() {
    InlinePipeline::Stores stores;
    for (const auto& partition : partitions_) stores.partitions.push_back(partition.get());
    stores.alerts = &alerts_;
    const HashKey key{plan_.seed, 17};
    pipeline_ = std::make_unique<InlinePipeline>(
        key, plan_.shards, settings_, stores, std::vector<WebhookRoute>{}, [](Delivery) {}, metrics_);
    REQUIRE(pipeline_->judge_all() == CommitOutcome::committed);
  }

  void crash() {
    pipeline_.reset();
    alerts_.restart();
    for (const auto& partition : partitions_) partition->restart();
    start();
  }

  std::unique_ptr<Request> parse(const std::vector<std::string>& records) {
    auto request = std::make_unique<Request>();
    for (const std::string& record : records) {
      auto parsed = parser_.parse(request->arena.adopt(record), request->arena,
                                  static_cast<Seconds>(kFirstDay + 400) * kSecondsPerDay);
      REQUIRE(std::holds_alternative<Event>(parsed));
      request->events.push_back(std::get<Event>(parsed));
    }
    return request;
  }

  bool now_and_then() { return plan_.request_size == 1 ? random_() % 50 == 0 : random_() % 4 == 0; }

  void send(const std::vector<std::string>& records) {
    const auto request = parse(records);
    const bool trouble = plan_.trouble != Trouble::none && now_and_then();
    if (trouble && plan_.trouble == Trouble::shard_commits_fail) return send_with_failing_shard(*request, records);
    REQUIRE(pipeline_->learn(*request, networks_) == RequestOutcome::committed);
    if (trouble && plan_.trouble == Trouble::crashes_between_commits) return crash();
    if (trouble && plan_.trouble == Trouble::merger_commits_fail) return judge_with_failures(*request);
    REQUIRE(pipeline_->judge(*request) == CommitOutcome::committed);
    if (random_() % 8 == 0) REQUIRE(pipeline_->flush() == CommitOutcome::committed);
    if (trouble && plan_.trouble == Trouble::restarts) crash();
  }

  // The merger's commit fails and is tried again, or its outcome is unknown and the process starts anew.
  void judge_with_failures(const Request& request) {
    switch (random_() % 3) {
      case 0:
        alerts_.fail_next_commit(CommitOutcome::failed);
        if (pipeline_->judge(request) != CommitOutcome::committed)
          REQUIRE(pipeline_->judge(request) == CommitOutcome::committed);
        break;
      case 1:
      case 2:
        alerts_.fail_next_commit(CommitOutcome::unknown, random_() % 2 == 0);
        if (pipeline_->judge(request) != CommitOutcome::committed) crash();
        break;
    }
    alerts_.restart();
  }

  // One shard cannot commit: the sender hears of it and sends again; what the others proposed is judged meanwhile.
  void send_with_failing_shard(Request& request, const std::vector<std::string>& records) {
    MemoryBaselineStore& partition = *partitions_[random_() % partitions_.size()];
    const bool unknown = random_() % 2 == 0;
    partition.fail_next_commit(unknown ? CommitOutcome::unknown : CommitOutcome::failed, unknown && random_() % 2 == 0);
    const RequestOutcome outcome = pipeline_->learn(request, networks_);
    if (unknown && outcome == RequestOutcome::failed) {
      crash();
    } else {
      partition.restart();
      REQUIRE(pipeline_->judge(request) == CommitOutcome::committed);
    }
    if (outcome == RequestOutcome::committed) return;
    const auto again = parse(records);
    REQUIRE(pipeline_->learn(*again, networks_) == RequestOutcome::committed);
    REQUIRE(pipeline_->judge(*again) == CommitOutcome::committed);
  }

  Outcome outcome() {
    Outcome found;
    std::map<std::string, Tier> tiers;
    const auto reader = alerts_.read();
    reader->scan(Table::alerts, {}, {}, [&](std::string_view, std::string_view value) {
      const auto stored = decode_message(value);
      REQUIRE(stored.has_value());
      const auto alert = boost::json::parse(message_document(*stored)).as_object();
      const auto text = [&](std::string_view name) { return std::string(alert.at(name).as_string()); };
      if (alert.contains("pairs")) {
        found[fmt::format("activated {} {}", text("account"), text("day"))] = text("title");
        return true;
      }
      const CatalogueEntry* entry = catalogue_entry_by_id(text("variation"));
      REQUIRE(entry != nullptr);
      const bool remote = entry->analytic == Analytic::remote_service_token;
      const bool misuse = entry->analytic == Analytic::misused_service_token;
      // The links of an identity are one alert, whichever network shows them first.
      const bool link = alert.at("why").at(0).as_string().starts_with("The request was presigned");
      const std::string subject = link     ? "presigned"
                                  : remote ? text("network")
                                  : misuse ? text("variation")
                                           : std::string(alert.at("user_agent").at("tool").as_string());
      const std::string key =
          fmt::format("{} {} {} {}", text("analytic"), text("identity"), subject, text("first_seen").substr(0, 10));
      const auto known = tiers.find(key);
      if (known != tiers.end() && known->second >= entry->tier) return true;
      tiers[key] = entry->tier;
      found[key] = fmt::format("{} {} {}", text("variation"), text("severity"), text("id"));
      return true;
    });
    return found;
  }

  Plan plan_;
  std::mt19937_64 random_;
  DetectionSettings settings_;
  NetworkMap networks_;
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions_;
  MemoryAlertStore alerts_;
  Metrics metrics_;
  RecordParser parser_;
  std::unique_ptr<InlinePipeline> pipeline_;
};

const std::vector<Line>& input() {
  static const std::vector<Line> lines = Organisation(20'260'101).lines();
  return lines;
}

const Outcome& reference() {
  static const Outcome outcome = Run(Plan{}).over(input());
  return outcome;
}

void check_same(const Plan& plan) {
  const Outcome came = Run(plan).over(input());
  std::string differences;
  for (const auto& [key, alert] : reference())
    if (const auto at = came.find(key); at == came.end() || at->second != alert)
      differences += fmt::format("\n  {}: {} became {}", key, alert, at == came.end() ? "nothing" : at->second);
  for (const auto& [key, alert] : came)
    if (!reference().contains(key)) differences += fmt::format("\n  {}: {} is new", key, alert);
  const std::string shown = differences.substr(0, 2'000);
  CAPTURE(plan.shards);
  CAPTURE(plan.request_size);
  CAPTURE(plan.seed);
  CAPTURE(shown);
  CHECK(differences.empty());
}

}  // namespace

TEST_CASE("the generated input raises all alerts of the catalogue") {
  std::set<std::string> variations;
  for (const auto& [key, alert] : reference()) variations.insert(alert.substr(0, alert.find(' ')));
  CHECK(std::ranges::any_of(reference(), [](const auto& row) { return row.first.find(" mcp ") != std::string::npos; }));
  for (const CatalogueEntry& entry : catalogue()) CHECK_MESSAGE(variations.contains(std::string(entry.id)), entry.id);
  CHECK(reference().size() > 100);
}

TEST_CASE("the shard count changes no alert") {
  for (const std::uint32_t shards : {2u, 4u, 8u}) check_same({.shards = shards, .seed = shards});
}

TEST_CASE("the size of requests changes no alert") {
  for (const std::size_t size : {1u, 7u, 100u}) check_same({.shards = 2, .request_size = size, .seed = size});
}

TEST_CASE("the order inside a day changes no alert") {
  check_same({.shards = 1, .request_size = 0, .shuffled = true, .seed = 11});
  check_same({.shards = 4, .request_size = 7, .shuffled = true, .seed = 12});
  check_same({.shards = 2, .request_size = 1, .shuffled = true, .seed = 13});
}

TEST_CASE("duplicates, at once or two days later, change no alert") {
  check_same({.shards = 1, .request_size = 100, .duplicates = true, .seed = 21});
  check_same({.shards = 4, .request_size = 7, .shuffled = true, .duplicates = true, .seed = 22});
}

TEST_CASE("restarts between requests change no alert") {
  check_same({.shards = 2, .request_size = 7, .shuffled = true, .trouble = Trouble::restarts, .seed = 31});
  check_same({.shards = 4, .request_size = 1, .trouble = Trouble::restarts, .seed = 32});
}

TEST_CASE("a crash between the shards' commits and the merger's changes no alert") {
  check_same({.shards = 1, .request_size = 100, .trouble = Trouble::crashes_between_commits, .seed = 41});
  check_same(
      {.shards = 4, .request_size = 7, .shuffled = true, .trouble = Trouble::crashes_between_commits, .seed = 42});
}

TEST_CASE("failed and unknown commits of the merger change no alert") {
  check_same({.shards = 2, .request_size = 100, .trouble = Trouble::merger_commits_fail, .seed = 51});
  check_same({.shards = 4, .request_size = 7, .shuffled = true, .trouble = Trouble::merger_commits_fail, .seed = 52});
}

TEST_CASE("failed and unknown commits of a shard, followed by a second try, change no alert") {
  check_same({.shards = 2, .request_size = 100, .trouble = Trouble::shard_commits_fail, .seed = 61});
  check_same({.shards = 4,
              .request_size = 7,
              .shuffled = true,
              .duplicates = true,
              .trouble = Trouble::shard_commits_fail,
              .seed = 62});
}

}  // namespace straykey
