#pragma once
// Bench: the engine on one thread, for tests that bring items and messages where they belong, when they like.
//
// Shape:  two shards, and a partition of a larger shard count that no worker has any more.
// Thread: one.
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/engine.h"
#include "core/engine/memory_store.h"
#include "tests/support/calls.h"

#include <doctest/doctest.h>  // last: its CHECK takes the place of ours

namespace straykey {

struct Bench {
  static constexpr std::uint32_t kShards = 2;
  MemoryBaselineStore partitions[kShards];
  MemoryBaselineStore retired;  // of a larger shard count, once
  MemoryAlertStore alerts;
  Metrics metrics;
  DetectionSettings detection;
  std::vector<Delivery> delivered;
  std::vector<Engine::Message> messages;
  std::vector<RequestOutcome> replies;
  std::vector<ChangeOutcome> outcomes;
  int fatal = 0;
  std::deque<std::pair<std::uint32_t, Engine::Item>> items;
  std::unique_ptr<Engine> engine;
  std::function<void()> make_engine;
  std::function<void(Engine::Dependencies&)> adjust;  // may be empty; for the next engine that is made
  int superseded = 0;

  double uptime = 0;

  explicit Bench(std::size_t queued_bytes_max = 256u << 20, std::size_t candidates_at_once = 500) {
    detection.activation_days = 0;
    Engine::Dependencies dependencies;
    Engine::Callbacks callbacks;
    for (MemoryBaselineStore& partition : partitions) dependencies.partitions.push_back(&partition);
    dependencies.partitions.push_back(&retired);
    dependencies.alerts = &alerts;
    dependencies.routes = {{"siem", Severity::informational, {}, {}}};
    callbacks.deliver = [this](Delivery delivery) { delivered.push_back(std::move(delivery)); };
    callbacks.to_merger = [this](Engine::Message message) { messages.push_back(std::move(message)); };
    callbacks.to_shard = [this](std::uint32_t shard, Engine::Item item) { items.push_back({shard, item}); };
    callbacks.uptime = [this] { return uptime; };
    callbacks.on_fatal = [this](const std::string&) { ++fatal; };
    callbacks.on_superseded = [this] { ++superseded; };
    dependencies.metrics = &metrics;
    Engine::Settings settings;
    settings.hash_key = {1, 2};
    settings.shards = kShards;
    settings.queued_bytes_max = queued_bytes_max;
    settings.keys_a_flush = 1;
    settings.candidates_at_once = candidates_at_once;
    dependencies.networks = test_networks();
    make_engine = [this, settings, dependencies, callbacks] {
      engine.reset();
      Engine::Dependencies given = dependencies;
      if (adjust) adjust(given);
      engine = std::make_unique<Engine>(settings, detection, given, callbacks);
      REQUIRE(engine->find_unjudged() == CommitOutcome::committed);
    };
    make_engine();
  }
  // As after a crash: the items and messages under way are gone.
  void restart() {
    drop_items();
    messages.clear();
    make_engine();
  }
  // What was never brought to its shard belongs to nobody.
  ~Bench() { drop_items(); }
  void drop_items() {
    std::set<Request*> left;
    for (const auto& [shard, item] : items) left.insert(item.request);
    for (Request* request : left) delete request;
    items.clear();
  }
  SubmitResult submit(const std::vector<Call>& calls, bool is_reserved = false) {
    return submit(request_of(calls), is_reserved);
  }
  SubmitResult submit(const Issue& issue) { return submit(request_of(issue), false); }
  SubmitResult submit(std::unique_ptr<Request> request, bool is_reserved) {
    request->is_reserved = is_reserved;
    request->on_done = [this](RequestOutcome outcome) { replies.push_back(outcome); };
    const SubmitResult result = engine->admit(*request);
    if (result != SubmitResult::accepted) return result;
    Request* raw = request.release();
    for (std::uint32_t i = 0; i < raw->batches.size(); ++i) items.push_back({raw->batches[i].shard, {raw, i}});
    return result;
  }
  void apply_all() {
    for (; !items.empty(); items.pop_front()) engine->apply(items.front().first, items.front().second);
  }
  SubmitResult change(std::unique_ptr<OperatorChange> change) {
    change->on_done = [this](const ChangeOutcome& outcome) { outcomes.push_back(outcome); };
    const SubmitResult result = engine->admit(*change);
    if (result != SubmitResult::accepted) return result;
    OperatorChange* raw = change.release();
    if (!raw->in_partition) messages.emplace_back(raw);
    for (std::uint32_t shard = 0; raw->in_partition && shard < kShards; ++shard)
      items.push_back({shard, Engine::Item::of(raw)});
    return result;
  }
  void merge_all() { REQUIRE(engine->merge(std::exchange(messages, {})) == CommitOutcome::committed); }
  void commit_all() {
    for (std::uint32_t shard = 0; shard < kShards; ++shard) engine->commit(shard);
  }
  // Until nothing is under way between the shards.
  void settle() {
    do {
      apply_all();
      commit_all();
    } while (!items.empty());
  }
  int alerts_raised() { return rows(Table::alert_pairs); }
  int rows(Table table) {
    int count = 0;
    alerts.read()->scan(table, {}, {}, [&](std::string_view, std::string_view) { return ++count > 0; });
    return count;
  }
};

inline Call call_of(const std::string& role) {
  return {.id = "event of " + role, .key = "ASIA" + role, .role = role, .session = role};
}

}  // namespace straykey
