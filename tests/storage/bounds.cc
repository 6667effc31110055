// Bounds: a flood of keys, addresses and user agents that nobody has ever seen meets a small store. Everything learned
// before it survives, memory and file stay within their limits, nothing is refused, and what makes room is counted.
//
// Usage: bounds [EVENTS [MAP_MIB]]. EVENTS different ones (200,000); each environment has MAP_MIB (32) of map.
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/invariant.h"
#include "core/engine/inline_pipeline.h"
#include "storage/lmdb_store.h"
#include "tests/support/calls.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

constexpr HashKey kKey{5, 6};
constexpr std::uint32_t kShards = 2;
constexpr int kRoles = 200;
constexpr std::size_t kEventsARequest = 500;
constexpr double kMemoryMibMax = 256;

template <class Kind>
std::unique_ptr<Kind> opened(const std::string& directory, std::uint64_t map_bytes) {
  std::filesystem::create_directory(directory);
  auto store = Kind::open({.directory = directory, .map_bytes = map_bytes, .disk_free_bytes_min = 0});
  INVARIANT(store.ok());
  return std::move(store).value();
}

// Memory of the process that is not a file's: what a budget can be about.
double anonymous_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib / 1'024;
  }
  return 0;
}

class Flood {
 public:
  explicit Flood(std::uint64_t map_bytes)
      : map_bytes_(map_bytes), alerts_(opened<LmdbAlertStore>(directory_.path() + "/merger", map_bytes)) {
    detection_.activation_days = 0;
    detection_.flood_max = 50;
    InlinePipeline::Stores stores{{}, alerts_.get()};
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      partitions_.push_back(
          opened<LmdbBaselineStore>(fmt::format("{}/shard-{:02}", directory_.path(), shard), map_bytes));
      stores.partitions.push_back(partitions_.back().get());
    }
    engine_ = std::make_unique<InlinePipeline>(
        kKey, kShards, detection_, stores, std::vector<WebhookRoute>{}, [](const Delivery&) {}, metrics_);
  }

  bool learn_and_judge(const std::vector<Call>& calls) {
    const auto request = request_of(calls);
    const bool learned = engine_->learn(*request, *networks_) == RequestOutcome::committed;
    INVARIANT(engine_->judge(*request) == CommitOutcome::committed);
    return learned;
  }
  void establish() {
    for (int day = 18; day <= 20; ++day) {
      std::vector<Call> calls;
      for (int role = 0; role < kRoles; ++role) calls.push_back(usual(role, day));
      INVARIANT(learn_and_judge(calls));
    }
  }
  // How many of `events` were refused.
  std::size_t flood(std::size_t events) {
    std::size_t refused = 0;
    for (std::size_t at = 0; at < events; at += kEventsARequest) {
      std::vector<Call> calls;
      for (std::size_t i = at; i < std::min(at + kEventsARequest, events); ++i) calls.push_back(strange(i));
      if (!learn_and_judge(calls)) refused += calls.size();
      if (at / kEventsARequest % 64 == 0) INVARIANT(engine_->flush() == CommitOutcome::committed);
      memory_mib_ = std::max(memory_mib_, anonymous_mib());
      for (const auto& partition : partitions_) fullness_ = std::max(fullness_, partition->fullness());
      fullness_ = std::max(fullness_, alerts_->fullness());
    }
    return refused;
  }
  // The keys of all facts that were seen on at least two days.
  std::set<std::string> established() {
    std::set<std::string> keys;
    for (const auto& partition : partitions_) {
      partition->read()->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view value) {
        const auto fact = decode_fact(value);
        if (fact && std::popcount(fact->fact.presence.days) >= 2) keys.emplace(key);
        return true;
      });
    }
    return keys;
  }
  std::uint64_t evicted() {
    std::uint64_t rows = 0;
    for (const char* table : {"activity", "proposed", "pending", "facts", "hits", "quarantine"})
      rows += metrics_.counter("straykey_rows_evicted_total", "", {{"table", table}}).value();
    return rows;
  }
  double memory_mib() const { return memory_mib_; }
  double fullness() const { return fullness_; }
  bool files_are_within_their_map() const {
    std::vector<std::string> names{"/merger"};
    for (std::uint32_t shard = 0; shard < kShards; ++shard) names.push_back(fmt::format("/shard-{:02}", shard));
    for (const std::string& name : names)
      if (std::filesystem::file_size(directory_.path() + name + "/data.mdb") > map_bytes_) return false;
    return true;
  }
  bool stores_are_sound() {
    for (const auto& partition : partitions_)
      if (!partition->verify().ok()) return false;
    return alerts_->verify().ok();
  }

 private:
  static Call usual(int role, int day) {
    Call call;
    call.at = march(day);
    call.key = fmt::format("ASIAUSUAL{:04}{}", role, day);
    call.role = call.session = fmt::format("role{}", role);
    call.ip = fmt::format("198.51.100.{}", role);
    return call;
  }
  // Half of them are not proven and wait for their issuing event.
  static Call strange(std::size_t number) {
    Call call;
    call.at = march(21);
    call.id = fmt::format("strange {}", number);
    call.key = fmt::format("ASIA{:016}", number);
    call.role = call.session = fmt::format("role{}", number % kRoles);
    if (number % 2 == 0) call.issuer_type.clear();
    call.ip = fmt::format("2001:db8:{:x}:{:x}::1", number & 0xffff, number >> 16);
    call.agent = fmt::format("tool{}/1.0 os/linux", number);
    return call;
  }

  std::uint64_t map_bytes_;
  TemporaryDirectory directory_;
  Metrics metrics_;
  DetectionSettings detection_;
  std::unique_ptr<NetworkMap> networks_ = test_networks();
  std::vector<std::unique_ptr<LmdbBaselineStore>> partitions_;
  std::unique_ptr<LmdbAlertStore> alerts_;
  std::unique_ptr<InlinePipeline> engine_;
  double memory_mib_ = 0, fullness_ = 0;
};

int run(std::size_t events, std::uint64_t map_mib) {
  Flood flood(map_mib << 20);
  flood.establish();
  const std::set<std::string> before = flood.established();
  const std::size_t refused = flood.flood(events);
  const std::set<std::string> after = flood.established();
  std::size_t survived = 0;
  for (const std::string& key : before) survived += after.count(key);
  std::printf(
      "%zu strange events, %zu refused; %zu of %zu established facts survived; %llu rows made room;\n"
      "at most %.0f %% of the budget and %.0f MiB of memory\n",
      events, refused, survived, before.size(), static_cast<unsigned long long>(flood.evicted()),
      flood.fullness() * 100, flood.memory_mib());
  const bool held = refused == 0 && survived == before.size() && !before.empty() && flood.evicted() > 0 &&
                    flood.fullness() <= 1 && flood.memory_mib() < kMemoryMibMax && flood.files_are_within_their_map() &&
                    flood.stores_are_sound();
  std::puts(held ? "the bounds held" : "A BOUND DID NOT HOLD");
  return held ? 0 : 1;
}

}  // namespace
}  // namespace straykey

int main(int argc, char** argv) {
  const unsigned long long events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
  const unsigned long long map_mib = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 32;
  return straykey::run(events, map_mib);
}
