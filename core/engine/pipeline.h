#pragma once
// Pipeline: the engine with threads. Queues carry requests to the shard workers, which are pinned to CPUs, and finished
// requests to the merger, which hands alerts to the sender.
//
// Shape:  submit() puts one item into the queue of each shard concerned. The shard's worker applies it and commits it
//         together with others. When the last shard has finished, on_done is called and the merger gets the candidates.
//         What each step does is written in Engine; here are threads, queues and waiting.
// Thread: submit(), report() and the like: any. Workers and merger are threads of the pipeline's own.
// Order:  what an earlier run left unjudged is judged after start(), before any request of this run. stop() takes no
//         more requests and drains the workers. Then the merger stores what it was told, and judges one transaction's
//         share of what waits; the rest is judged after the next start.
// Durable, Bounds, Errors: as engine.h says.
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/queue.h"
#include "core/engine/engine.h"

namespace straykey {

class Pipeline {
 public:
  struct Settings : Engine::Settings {
    bool pin_workers = true;
    std::int64_t commit_wait_us = 2'000;  // how long a worker waits for more to commit together
  };
  using Dependencies = Engine::Dependencies;
  using Callbacks = Engine::Callbacks;  // to_merger and to_shard are the pipeline's own

  Pipeline(Settings settings, const DetectionSettings& detection, Dependencies dependencies, Callbacks callbacks);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Finds what is on disk unjudged, and starts the threads. Fails if the stores cannot be read or written; with a
  // damaged one it starts, takes nothing and delivers.
  [[nodiscard]] CommitOutcome start();
  // Finishes what is in the queues, but for candidates that wait in large numbers, and ends the threads. Outcomes of
  // deliveries that were reported before it are stored.
  void stop();
  // not_ready() says "draining" from now on, though the queues take what the listeners still finish. Any thread.
  void announce_stop() noexcept { stop_announced_ = true; }

  void sign(Request& request) const { engine_.sign(request); }
  [[nodiscard]] SubmitResult submit(std::unique_ptr<Request>& request);
  // Takes an operator's change. If it is accepted, it is carried out and on_done is called, before stop() returns at
  // the latest.
  [[nodiscard]] SubmitResult submit(std::unique_ptr<OperatorChange>& change);
  void report(DeliveryOutcome outcome);
  // Only with a standby. After stop() it may stay without an answer.
  void claim(DeliveryClaim claim);
  // As of Engine.
  void use_networks(std::shared_ptr<const NetworkMap> networks) { engine_.use_networks(std::move(networks)); }
  void use_detection(const DetectionSettings& detection) { engine_.use_detection(detection); }
  void use_routes(std::vector<WebhookRoute> routes) { engine_.use_routes(std::move(routes)); }
  void queue_at_most(std::size_t bytes) noexcept { engine_.queue_at_most(bytes); }

  [[nodiscard]] bool damaged() const noexcept { return engine_.damaged(); }
  // Reasons not to be ready: "starting", "draining", "store", "damaged: shard-01", "queues".
  [[nodiscard]] std::vector<std::string> not_ready() const;
  // How often each worker, and last the merger, has come round. A thread that hangs comes round no more. Any thread.
  [[nodiscard]] std::vector<std::uint64_t> turns() const;
  // Candidates that are stored and not judged yet. Any thread.
  [[nodiscard]] std::uint64_t unjudged() const noexcept { return engine_.unjudged(); }
  // Why start() failed.
  [[nodiscard]] const std::string& failure() const noexcept { return engine_.failure(); }

 private:
  struct Shard {
    Shard() : queue(1024) {}
    Queue<Engine::Item> queue;
    std::atomic<std::uint64_t> turns{0};
    std::thread thread;
  };
  // A producer token serves one thread at a time. So there are a few sets of them, each behind a lock that two threads
  // hardly ever want at once.
  struct Intake {
    std::mutex mutex;
    std::vector<Queue<Engine::Item>::Producer> producers;
  };

  [[nodiscard]] Callbacks with_queues(Callbacks callbacks);
  template <class Admitted, class Enqueue>
  [[nodiscard]] SubmitResult submit(std::unique_ptr<Admitted>& admitted, const Enqueue& enqueue);
  void run_worker(std::uint32_t shard);
  void gather(std::uint32_t shard, std::vector<Engine::Item>& items, std::size_t count, bool stopping);
  void run_merger();
  void merge(std::vector<Engine::Message> messages);

  Settings settings_;
  Queue<Engine::Message> to_merger_{1024};
  Engine engine_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::array<Intake, 8> intakes_;
  std::atomic<std::uint64_t> merger_turns_{0};
  std::thread merger_thread_;
  std::atomic<bool> started_{false}, stop_announced_{false}, stopping_{false}, workers_done_{false};
  std::atomic<std::uint32_t> submitting_{0};
};

}  // namespace straykey
