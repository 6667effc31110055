#pragma once
// TwoNodes: two engines that take the same events, with a log between them, on one thread.
//
// Shape:  each node is a Bench (engine_bench.h) with a sender of its own, which asks before it posts and reports what
//         became of it. What was posted is kept by both together, as a receiver would see it.
// Thread: one.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/standby.h"
#include "tests/core/engine_bench.h"
#include "tests/support/shared_alert_log.h"

namespace straykey {

struct Post {
  int node = 0;
  Hash128 id;
  std::string body;
};

inline std::set<Hash128> alert_ids_of(AlertStore& alerts) {
  std::set<Hash128> ids;
  alerts.read()->scan(Table::alert_pairs, {}, {}, [&](std::string_view key, std::string_view) {
    ids.insert(Hash128::from_bytes(key.data()));
    return true;
  });
  return ids;
}

struct Node {
  Node(SharedAlertLog& log, int number, std::vector<Post>& receiver)
      : log_(log), number_(number), receiver_(receiver), client(log, number) {
    agreement = {{"detection settings", "same"}};
    bench.adjust = [this](Engine::Dependencies& dependencies) {
      Standby::Settings settings{.node = "node-" + std::to_string(number_),
                                 .hash_key = {1, 2},
                                 .agreement = agreement,
                                 .fresh = static_cast<std::uint64_t>(number_ * 1'000 + ++runs_)};
      standby = std::make_unique<Standby>(settings, client, bench.alerts, bench.metrics, nullptr);
      dependencies.alerts = &standby->store();
      dependencies.standby = standby.get();
    };
    start();
  }
  ~Node() {
    bench.drop_items();
    bench.engine.reset();
  }

  void start() {
    bench.restart();
    client.death = SharedAlertLog::Client::Death::none;
    is_up = true;
  }
  // Kill -9: what is not on disk is gone.
  void die() {
    bench.engine.reset();
    standby.reset();
    bench.messages.clear();
    bench.delivered.clear();
    bench.alerts.restart();
    log_.standing.erase(number_);
    client.believes_elected = false;
    is_up = false;
  }
  void take(const std::vector<Call>& calls) {
    REQUIRE(bench.submit(calls) == SubmitResult::accepted);
    bench.settle();
  }
  // As the merger's thread does; what failed is tried again in a later turn.
  void merge() { last_outcome = bench.engine->merge(std::exchange(bench.messages, {})); }
  // One turn of the merger's thread and of the sender. False: the node died in it.
  bool turn(bool posts = true) {
    if (!is_up) return true;
    try {
      merge();
      bench.engine->refill_outbox();
      if (bench.superseded > 0) bench.delivered.clear();
      bench.superseded = 0;
      if (posts) post_all();
      return true;
    } catch (const NodeDied&) {
      die();
      return false;
    }
  }
  void post_all() {
    for (Delivery& delivery : std::exchange(bench.delivered, {})) {
      auto answer = ClaimAnswer::not_now;
      bench.messages.emplace_back(
          DeliveryClaim{delivery.endpoint, delivery.alert_id, [&answer](ClaimAnswer said) { answer = said; }});
      merge();
      if (answer != ClaimAnswer::granted) {
        if (answer == ClaimAnswer::not_now && bench.superseded == 0) bench.delivered.push_back(std::move(delivery));
        continue;
      }
      receiver_.push_back({number_, delivery.alert_id, delivery.body});
      DeliveryOutcome outcome;
      outcome.endpoint = delivery.endpoint;
      outcome.alert_id = delivery.alert_id;
      outcome.kind = DeliveryOutcome::Kind::delivered;
      bench.messages.emplace_back(std::move(outcome));
    }
  }
  [[nodiscard]] bool judges() const { return is_up && standby->status()->judges; }
  [[nodiscard]] std::set<Hash128> alert_ids() { return alert_ids_of(bench.alerts); }
  // Everything that the log carries.
  [[nodiscard]] std::map<std::pair<Table, std::string>, std::string> rows() {
    std::map<std::pair<Table, std::string>, std::string> all;
    const auto reader = bench.alerts.read();
    for (int number = 16; number <= 28; ++number) {
      const auto table = static_cast<Table>(number);
      if (table == Table::progress) continue;
      reader->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
        all[{table, std::string(key)}] = std::string(value);
        return true;
      });
    }
    return all;
  }

 private:
  SharedAlertLog& log_;
  const int number_;
  std::vector<Post>& receiver_;
  int runs_ = 0;

 public:
  SharedAlertLog::Client client;
  Agreement agreement;
  std::unique_ptr<Standby> standby;
  Bench bench;
  bool is_up = false;
  CommitOutcome last_outcome = CommitOutcome::committed;
};

struct TwoNodes {
  SharedAlertLog log;
  std::vector<Post> receiver;
  Node a{log, 0, receiver}, b{log, 1, receiver};

  void elect(Node& node) {
    Node& other = &node == &a ? b : a;
    other.client.believes_elected = false;
    node.client.believes_elected = true;
  }
  void take(const std::vector<Call>& calls) {
    for (Node* node : {&a, &b})
      if (node->is_up) node->take(calls);
  }
  void turns(int count = 6) {
    for (int i = 0; i < count; ++i) {
      a.turn();
      b.turn();
    }
  }
};

}  // namespace straykey
