#pragma once
// Site: one running straykey without threads: the engine, its stores, its queues and its clocks, all in the hands of
// the simulation.
//
// Shape:  queues keep the order of each producer and nothing else; the caller chooses what happens next.
// Order:  after each end call start() again, with the same stores. The open requests of the ended process are lost.
// Errors: Crash comes out of any step; then call die().
// Thread: one.
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/engine/engine.h"
#include "tests/simulation/endpoints.h"
#include "tests/simulation/faulty_store.h"

namespace straykey {

class Site {
 public:
  static constexpr std::uint32_t kShardsMax = 4;
  static constexpr std::size_t kIntakes = 3;  // io threads
  struct Settings {
    HashKey hash_key;
    DetectionSettings detection;
    std::size_t queued_bytes_max = 256u << 20;
    std::size_t signatures_max = 1 << 12;
    std::size_t keys_max = 1 << 10;
    std::size_t candidates_at_once = 500;
  };
  Site(Settings settings, std::shared_ptr<const NetworkMap> networks, Faults& faults, Endpoints& endpoints);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Clocks. The wall clock may jump; uptime only runs forward, and starts anew with each process.
  Seconds wall = 0;
  double uptime = 0;

  // False: it could not start (a store failed).
  [[nodiscard]] bool start(std::uint32_t shards);
  // kill -9: only what was committed is left.
  void die();
  // SIGTERM: no new requests; the workers drain, and the merger does what is left in one transaction.
  void stop();
  [[nodiscard]] bool running() const noexcept { return engine_ != nullptr; }
  [[nodiscard]] bool broken() const noexcept { return fatal_; }
  [[nodiscard]] std::uint32_t shards() const noexcept { return shards_; }

  // Null if it was accepted, else the unchanged request.
  [[nodiscard]] std::unique_ptr<Request> submit(std::unique_ptr<Request> request, std::size_t intake);
  [[nodiscard]] std::size_t in_flight() const noexcept { return live_.size(); }
  [[nodiscard]] bool has_items(std::uint32_t shard) const;
  [[nodiscard]] bool has_batch(std::uint32_t shard) const { return engine_->applied(shard) > 0; }
  void apply_some(std::uint32_t shard, Random& random, std::size_t count);
  void commit(std::uint32_t shard);
  void flush_if_due(std::uint32_t shard);
  // Whether the merger has something to do.
  [[nodiscard]] bool has_messages() const;
  // Whether candidates that an earlier run left wait to be judged.
  [[nodiscard]] bool backlog_waits() const { return running() && engine_->backlog_waits(); }
  void merge_some(Random& random, std::size_t count);
  void age_rows();
  void refill();
  void report(DeliveryOutcome outcome);
  void reload_networks();

  [[nodiscard]] Moment moment() const { return {wall, static_cast<std::int64_t>(uptime * 1'000)}; }
  [[nodiscard]] std::vector<std::string> not_ready() const { return engine_->not_ready(); }
  [[nodiscard]] double queued_bytes() { return metrics_->gauge("straykey_queue_bytes", "").value(); }
  FaultyBaselineStore& partition(std::size_t index) { return *partitions_[index]; }
  [[nodiscard]] std::size_t partitions() const noexcept { return partitions_.size(); }
  FaultyAlertStore& alerts() { return alerts_; }

 private:
  struct ProducerQueue {  // what one producer has sent to one shard
    std::deque<Engine::Item> items;
  };
  [[nodiscard]] bool has_queued_messages() const;

  Settings settings_;
  std::shared_ptr<const NetworkMap> networks_;
  Faults& faults_;
  Endpoints& endpoints_;
  std::vector<std::unique_ptr<FaultyBaselineStore>> partitions_;
  FaultyAlertStore alerts_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<Engine> engine_;
  std::uint32_t shards_ = 0;
  bool fatal_ = false;
  std::set<Request*> live_;
  std::array<std::array<ProducerQueue, kIntakes + kShardsMax>, kShardsMax> queues_;  // of io threads and workers
  std::array<std::deque<Engine::Message>, kShardsMax + 1> to_merger_;  // a queue a worker, one for the sender
  std::size_t producer_ = 0;                                           // the queue of the thread whose step this is
  bool must_merge_again_ = false;
  std::vector<DeliveryOutcome> outcomes_;  // given to the merger, and not yet known to be stored
};

}  // namespace straykey
