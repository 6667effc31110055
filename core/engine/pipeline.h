#pragma once
// Pipeline: the engine's threads. Requests go to pinned shard workers through queues; finished ones to the merger;
// alerts to the sender.
//
// Shape:  submit() -> one queue item a shard -> worker: apply, group commit -> when the last shard has finished:
//         on_done, then the merger.
// Thread: submit(), report() and the like: any. Workers and merger are threads of the pipeline's own.
// Order:  start() judges what a crash left; stop() takes no more requests, drains the workers, then the merger.
// Durable: on_done(committed) comes after fsync returned in every shard concerned (GUARANTEES, P1).
// Bounds: queued_bytes_max for all shards together, taken before anything is queued, given back when the request has
//         finished.
// Errors: a commit that failed fails its requests; one whose outcome is unknown ends acknowledging for good: on_fatal,
//         once.
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "core/base/log.h"
#include "core/base/queue.h"
#include "core/engine/merger.h"
#include "core/engine/shard_worker.h"
#include "core/engine/submit.h"

namespace straykey {

class Pipeline {
 public:
  struct Settings {
    HashKey hash_key;
    std::uint32_t shards = 1;
    bool pin_workers = true;
    std::size_t queued_bytes_max = 256u << 20;
    std::size_t commit_events_max = 512;   // group commit: this many new things ...
    std::int64_t commit_wait_us = 2'000;   // ... or this long
    Seconds flush_seconds = 5;             // soft state
    std::size_t signatures_max = 1 << 18;  // a shard
    std::size_t keys_max = 1 << 16;        // a shard
  };
  struct Surroundings {
    std::vector<BaselineStore*> partitions;  // at least `shards`
    AlertStore* alerts = nullptr;
    std::vector<WebhookRoute> routes;
    std::function<void(Delivery)> deliver;      // merger thread; must not block
    std::function<Seconds()> now;               // any thread
    std::function<double()> uptime;             // seconds, monotonic; any thread
    std::function<void(std::string)> on_fatal;  // any thread, once: the process should exit with 75
    Metrics* metrics = nullptr;
    Log* log = nullptr;
  };

  Pipeline(Settings settings, const DetectionSettings& detection, Surroundings surroundings,
           std::shared_ptr<const NetworkMap> networks);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Judges what is on disk unjudged, then starts the threads. Fails if the stores cannot be read or written.
  [[nodiscard]] CommitOutcome start();
  // Drains and joins. Outcomes of deliveries reported before it are stored.
  void stop();

  [[nodiscard]] SubmitResult submit(std::unique_ptr<Request>& request);
  void report(DeliveryOutcome outcome);
  void use_networks(std::shared_ptr<const NetworkMap> networks);

  // Reasons not to be ready: "starting", "draining", "store", "queues".
  [[nodiscard]] std::vector<std::string> not_ready() const;
  // Why start() failed.
  [[nodiscard]] const std::string& failure() const noexcept { return merger_.failure(); }

 private:
  struct Item {
    Request* request = nullptr;
    std::uint32_t batch = 0;
  };
  // Numbered when it has finished: the queue keeps no order between workers, the merger does.
  struct Finished {
    std::uint64_t ticket = 0;
    std::vector<CandidateRange> candidates;
  };
  using Message = std::variant<Finished, std::vector<Repeat>, DeliveryOutcome>;
  struct Shard {
    Shard() : queue(1024) {}
    Queue<Item> queue;
    std::unique_ptr<ShardWorker> worker;
    std::thread thread;
    std::atomic<bool> failing{false};
  };
  // Producer tokens serve one thread at a time: a few sets of them, each behind a lock that is hardly ever contended.
  struct Intake {
    std::mutex mutex;
    std::vector<Queue<Item>::Producer> producers;
  };

  void run_worker(std::uint32_t shard);
  void run_merger();
  void commit_and_finish(std::uint32_t shard, std::vector<Item>& applied);
  void finish(Item item, bool committed);
  void flush(std::uint32_t shard);
  void put_in_order(std::vector<Message>& messages);
  void merge(std::vector<Message>& messages);
  void fatal(const std::string& message);
  [[nodiscard]] bool take_credits(std::size_t bytes);

  Settings settings_;
  const DetectionSettings& detection_;
  Surroundings surroundings_;
  std::atomic<std::shared_ptr<const NetworkMap>> networks_;
  std::atomic<std::uint64_t> networks_generation_{0};
  std::vector<std::unique_ptr<Shard>> shards_;
  std::array<Intake, 8> intakes_;
  Merger merger_;
  Queue<Message> to_merger_{1024};
  std::thread merger_thread_;
  std::atomic<std::uint64_t> tickets_{0};
  std::uint64_t next_ticket_ = 0;            // merger thread
  std::map<std::uint64_t, Finished> early_;  // merger thread: finished before one that has not come yet

  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> started_{false}, stopping_{false}, workers_done_{false}, broken_{false}, merger_failing_{false};
  std::atomic<std::uint32_t> submitting_{0};

  Gauge& queued_gauge_;
  Counter& refused_;
  Counter& commits_;
  Counter& commit_failures_;
  Histogram& commit_seconds_;
};

}  // namespace straykey
