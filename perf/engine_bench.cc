// What an event costs behind the parser: its agent, its place, its signature, a shard worker's look at it, a queue.
#include <benchmark/benchmark.h>

#include <memory>

#include "core/base/invariant.h"
#include "core/base/queue.h"
#include "core/engine/memory_store.h"
#include "core/engine/route.h"
#include "core/engine/shard_worker.h"
#include "core/engine/signature.h"
#include "core/event/agent_cache.h"
#include "core/event/payload.h"
#include "perf/sample.h"

namespace straykey {
namespace {

constexpr Seconds kNow = 1'790'000'000;
constexpr HashKey kKey{1, 2};

std::unique_ptr<Request> request_of(const SampleBody& body) {
  auto request = std::make_unique<Request>();
  request->set_body(std::string(body.view()));
  PayloadReader reader(PayloadLimits{});
  const PayloadReader::Sink sink{[&](std::uint32_t, Event&& event) { request->events.push_back(std::move(event)); },
                                 [](std::uint32_t, RejectReason, std::string_view) { INVARIANT(false); }};
  INVARIANT(!reader.read(request->body, ContentEncoding::identity, kNow, request->arena, sink));
  return request;
}

const std::vector<std::unique_ptr<Request>>& requests() {
  static const auto made = [] {
    std::vector<std::unique_ptr<Request>> all;
    for (const SampleBody& body : sample().files) {
      all.push_back(request_of(body));
      route(*all.back(), kKey, 1);
    }
    return all;
  }();
  return made;
}

// Runs `each` over the events of all requests, a request an iteration.
template <class Each>
void over_events(benchmark::State& state, Each&& each) {
  std::size_t at = 0, events = 0;
  (void)requests();  // made outside of what is timed
  for (auto _ : state) {
    const Request& request = *requests()[at++ % requests().size()];
    for (const Event& event : request.events) each(event);
    events += request.events.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

void classify_agent(benchmark::State& state) {
  over_events(state, [](const Event& event) { benchmark::DoNotOptimize(classify_user_agent(event.user_agent_text)); });
}
BENCHMARK(classify_agent);

void classify_agent_cached(benchmark::State& state) {
  AgentCache cache;
  over_events(state, [&](const Event& event) { benchmark::DoNotOptimize(cache.classify(event.user_agent_text)); });
}
BENCHMARK(classify_agent_cached);

void locate_address(benchmark::State& state) {
  const NetworkMap networks(NetworkInputs{});
  over_events(state, [&](const Event& event) { benchmark::DoNotOptimize(networks.locate(event.source_ip)); });
}
BENCHMARK(locate_address);

void sign(benchmark::State& state) {
  over_events(state, [&](const Event& event) { benchmark::DoNotOptimize(signature_of(kKey, event)); });
}
BENCHMARK(sign);

// A shard worker that has seen the whole sample before: steady state.
void evaluate_known(benchmark::State& state) {
  MemoryBaselineStore store;
  Metrics metrics;
  const DetectionSettings detection;
  const NetworkMap networks(NetworkInputs{});
  ShardWorker::Settings settings;
  settings.hash_key = kKey;
  ShardWorker worker(settings, detection, store, metrics);
  const auto learn = [&](const Request& request) {
    Request::ShardBatch batch = request.batches.front();
    worker.apply(request, batch, networks);
    INVARIANT(worker.commit(0) == CommitOutcome::committed);
  };
  for (const auto& request : requests()) learn(*request);
  std::size_t at = 0, events = 0;
  for (auto _ : state) {
    const Request& request = *requests()[at++ % requests().size()];
    learn(request);
    events += request.events.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK(evaluate_known);

void queue_items(benchmark::State& state) {
  struct Item {
    void* request;
    std::uint32_t batch;
  };
  constexpr std::size_t kAtOnce = 64;
  Queue<Item> queue(1024);
  auto producer = queue.producer();
  std::vector<Item> out(kAtOnce);
  for (auto _ : state) {
    for (std::size_t i = 0; i < kAtOnce; ++i) queue.push(producer, {nullptr, 0});
    INVARIANT(queue.wait_pop_some(out.begin(), kAtOnce, 0) == kAtOnce);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kAtOnce));
}
BENCHMARK(queue_items);

}  // namespace
}  // namespace straykey

BENCHMARK_MAIN();
