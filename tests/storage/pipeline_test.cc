// The pipeline with its real threads, on the stores that it really has.
#include "core/engine/pipeline.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/operate/operator_changes.h"
#include "storage/lmdb_store.h"
#include "tests/support/calls.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// Passes everything on, and fails the commits that it is told to fail. Any thread.
class FailingStore final : public BaselineStore {
 public:
  explicit FailingStore(BaselineStore& store) : store_(store) {}
  std::atomic<int> commits_to_fail{0};

  std::unique_ptr<StoreReader> read() override { return store_.read(); }
  std::unique_ptr<StoreWriter> write() override { return std::make_unique<Writer>(*this, store_.write()); }
  void set_run_hour(RunHour hour) override { store_.set_run_hour(hour); }
  double fullness() const override { return store_.fullness(); }

 private:
  struct Writer final : StoreWriter {
    Writer(FailingStore& owner, std::unique_ptr<StoreWriter> inner) : store(owner), real(std::move(inner)) {}
    std::optional<AgedValue> get_aged(Table table, std::string_view key) override { return real->get_aged(table, key); }
    void scan(Table table, std::string_view prefix, std::string_view from,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
      real->scan(table, prefix, from, visit);
    }
    void scan_aged(Table table, std::string_view prefix, std::string_view from,
                   const std::function<bool(std::string_view, std::string_view, RunHour)>& visit) override {
      real->scan_aged(table, prefix, from, visit);
    }
    std::uint64_t rows(Table table) override { return real->rows(table); }
    std::string_view failure() const override { return refused ? "the commit failed, as asked for" : real->failure(); }
    void put(Table table, std::string_view key, std::string_view value) override { real->put(table, key, value); }
    void erase(Table table, std::string_view key) override { real->erase(table, key); }
    CommitOutcome commit() override {
      refused = store.commits_to_fail.load() > 0 && store.commits_to_fail.fetch_sub(1) > 0;
      return refused ? CommitOutcome::failed : real->commit();
    }
    FailingStore& store;
    std::unique_ptr<StoreWriter> real;
    bool refused = false;
  };
  BaselineStore& store_;
};

struct Bench {
  static constexpr std::uint32_t kShards = 3;
  TemporaryDirectory directory;
  std::vector<std::unique_ptr<LmdbBaselineStore>> stores;
  std::vector<std::unique_ptr<FailingStore>> partitions;
  std::unique_ptr<LmdbAlertStore> alerts;
  Metrics metrics;
  Log log{{.level = LogLevel::error, .json = false}};
  DetectionSettings detection;
  std::atomic<int> delivered{0}, fatal{0}, committed{0}, failed{0};
  std::unique_ptr<Pipeline> pipeline;

  explicit Bench(std::size_t queued_bytes_max = 256u << 20) {
    detection.activation_days = 0;
    Pipeline::Dependencies dependencies;
    Pipeline::Callbacks callbacks;
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      stores.push_back(opened<LmdbBaselineStore>("shard" + std::to_string(shard)));
      partitions.push_back(std::make_unique<FailingStore>(*stores.back()));
      dependencies.partitions.push_back(partitions.back().get());
    }
    alerts = opened<LmdbAlertStore>("alerts");
    dependencies.alerts = alerts.get();
    dependencies.routes = {{"siem", Severity::informational, {}, {}}};
    callbacks.deliver = [this](Delivery) { ++delivered; };
    callbacks.uptime = [] { return 0.0; };
    callbacks.on_fatal = [this](std::string) { ++fatal; };
    dependencies.metrics = &metrics;
    dependencies.log = &log;
    Pipeline::Settings settings;
    settings.hash_key = {1, 2};
    settings.shards = kShards;
    settings.pin_workers = false;
    settings.queued_bytes_max = queued_bytes_max;
    dependencies.networks = test_networks();
    pipeline = std::make_unique<Pipeline>(settings, detection, dependencies, callbacks);
  }
  template <class Kind>
  std::unique_ptr<Kind> opened(const std::string& name) {
    const std::string path = directory.path() + '/' + name;
    std::filesystem::create_directory(path);
    auto store = Kind::open({.directory = path, .map_bytes = std::uint64_t{64} << 20, .disk_free_bytes_min = 0});
    REQUIRE(store.ok());
    return std::move(store).value();
  }
  std::unique_ptr<Request> request(const std::vector<Call>& calls) {
    auto out = request_of(calls);
    out->on_done = [this](RequestOutcome outcome) { ++(outcome == RequestOutcome::committed ? committed : failed); };
    return out;
  }
  int alert_rows() {
    int rows = 0;
    alerts->read()->scan(Table::alerts, {}, {}, [&](std::string_view, std::string_view) { return ++rows > 0; });
    return rows;
  }
};

Call call_of(int thread, int number) {
  Call call;
  call.id = std::to_string(thread) + "-" + std::to_string(number);
  call.key = "ASIA" + std::to_string(number % 40);
  call.role = "role-" + std::to_string(number % 10);
  return call;
}

TEST_CASE("pipeline: four threads submit; stop drains; each request is answered once and each identity has its alert") {
  Bench bench;
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  constexpr int kThreads = 4, kEach = 300;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&bench, t] {
      for (int i = 0; i < kEach; ++i) {
        auto request = bench.request({call_of(t, i), call_of(t, i + 7)});
        while (bench.pipeline->submit(request) != SubmitResult::accepted) std::this_thread::yield();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  bench.pipeline->stop();
  CHECK_EQ(bench.committed.load(), kThreads * kEach);
  CHECK_EQ(bench.failed.load(), 0);
  CHECK_EQ(bench.alert_rows(), 10);
  CHECK_EQ(bench.delivered.load(), 10);
  CHECK_EQ(bench.metrics.gauge("straykey_queue_bytes", "").value(), 0);
  CHECK_EQ(bench.fatal.load(), 0);
}

// Four roles assume each other in a row. The event that tells whose the first key is comes last.
TEST_CASE("pipeline: keys are handed on from shard to shard while it stops, and each request is answered once") {
  Bench bench;
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  constexpr int kChains = 100;
  for (int chain = 0; chain < kChains; ++chain) {
    const auto key = [&](int depth) { return "ASIA" + std::to_string(chain) + "X" + std::to_string(depth); };
    const auto role = [&](int depth) { return "role-" + std::to_string(chain) + "-" + std::to_string(depth); };
    std::vector<Call> calls;
    for (int depth = 0; depth < 4; ++depth) {
      Call& call = calls.emplace_back(Call{.key = key(depth), .role = role(depth), .session = "work"});
      call.issuer_type.clear();
      call.ip = depth == 3 ? "198.51.100.7" : "192.0.2.10";
      if (depth == 3) break;
      call.assumes = role(depth + 1);
      call.gives = key(depth + 1);
    }
    auto request = bench.request(calls);
    add(*request, Issue{.role = role(0), .session = "work", .issued_key = key(0)});
    REQUIRE(bench.pipeline->submit(request) == SubmitResult::accepted);
  }
  bench.pipeline->stop();
  CHECK_EQ(bench.committed.load(), kChains);
  CHECK_EQ(bench.alert_rows(), kChains);
}

TEST_CASE("pipeline: before start and after stop nothing is taken, and the request stays with the caller") {
  Bench bench;
  auto request = bench.request({Call{}});
  CHECK(bench.pipeline->submit(request) == SubmitResult::stopped);
  CHECK_EQ(bench.pipeline->not_ready(), std::vector<std::string>{"starting"});
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  CHECK(bench.pipeline->not_ready().empty());
  bench.pipeline->stop();
  CHECK(bench.pipeline->submit(request) == SubmitResult::stopped);
  REQUIRE(request != nullptr);
  CHECK(request->batches.empty());
  CHECK_EQ(bench.committed.load() + bench.failed.load(), 0);
}

TEST_CASE("pipeline: without credits a request is refused whole, and credits come back when requests have finished") {
  Bench bench(1);  // one request at a time passes, however large it is
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  std::atomic<bool> go{false};
  auto first = request_of({Call{}});
  first->on_done = [&](RequestOutcome) {
    while (!go) std::this_thread::yield();
  };
  REQUIRE(bench.pipeline->submit(first) == SubmitResult::accepted);
  auto second = bench.request({Call{.id = "2"}});
  CHECK(bench.pipeline->submit(second) == SubmitResult::overloaded);
  REQUIRE(second != nullptr);
  CHECK(second->batches.empty());
  const auto reasons = bench.pipeline->not_ready();
  CHECK_EQ(reasons, std::vector<std::string>{"queues"});
  go = true;
  while (bench.pipeline->submit(second) != SubmitResult::accepted) std::this_thread::yield();
  bench.pipeline->stop();
  CHECK_EQ(bench.committed.load(), 1);
  CHECK(bench.metrics.counter("straykey_requests_refused_total", "").value() >= 1);
}

TEST_CASE("pipeline: a commit that fails fails its request; sent again it is committed and its alert is not lost") {
  Bench bench;
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  for (const auto& partition : bench.partitions) partition->commits_to_fail = 1;
  auto request = bench.request({Call{.id = "1"}});
  REQUIRE(bench.pipeline->submit(request) == SubmitResult::accepted);
  while (bench.failed.load() == 0) std::this_thread::yield();
  CHECK_EQ(bench.committed.load(), 0);
  const auto reasons = bench.pipeline->not_ready();
  CHECK_NE(std::find(reasons.begin(), reasons.end(), "store"), reasons.end());
  for (const auto& partition : bench.partitions) partition->commits_to_fail = 0;
  request = bench.request({Call{.id = "1"}});
  REQUIRE(bench.pipeline->submit(request) == SubmitResult::accepted);
  bench.pipeline->stop();
  CHECK_EQ(bench.committed.load(), 1);
  CHECK_EQ(bench.failed.load(), 1);
  CHECK_EQ(bench.alert_rows(), 1);
  CHECK_EQ(bench.fatal.load(), 0);
}

TEST_CASE("pipeline: the answer to a delivery is stored before stop returns") {
  Bench bench;
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  auto request = bench.request({Call{.id = "1"}});
  REQUIRE(bench.pipeline->submit(request) == SubmitResult::accepted);
  while (bench.delivered.load() == 0) std::this_thread::yield();
  std::string id;
  bench.alerts->read()->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view) {
    id = key;
    return false;
  });
  bench.pipeline->report({"siem", Hash128::from_bytes(id.data()), DeliveryOutcome::Kind::delivered, 1, 0, 200, {}});
  bench.pipeline->stop();
  int rows = 0;
  bench.alerts->read()->scan(Table::outbox, {}, {}, [&](std::string_view, std::string_view) { return ++rows > 0; });
  CHECK_EQ(rows, 0);
}

TEST_CASE(
    "pipeline: changes by hand and requests at once: each is answered once, and what was forgotten is new again") {
  Bench bench;
  REQUIRE(bench.pipeline->start() == CommitOutcome::committed);
  constexpr int kThreads = 3, kEach = 200, kChanges = 20;
  std::atomic<int> done{0}, refused{0}, other{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&bench, t] {
      for (int i = 0; i < kEach; ++i) {
        auto request = bench.request({call_of(t, i)});
        while (bench.pipeline->submit(request) != SubmitResult::accepted) std::this_thread::yield();
      }
    });
  }
  const std::string identity = std::string(kTestAccount) + "/role-3/orders-fn";
  const auto change = [&] {
    auto forgetting = forget({1, 2}, {identity, "", ""}, 1'711'000'000);
    forgetting->on_done = [&](const ChangeOutcome& outcome) {
      ++(outcome.kind == ChangeOutcome::Kind::done      ? done
         : outcome.kind == ChangeOutcome::Kind::refused ? refused
                                                        : other);
    };
    REQUIRE(bench.pipeline->submit(forgetting) == SubmitResult::accepted);
  };
  for (int i = 0; i < kChanges; ++i) {
    change();
    while (done + refused + other == i) std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  while (bench.committed + bench.failed < kThreads * kEach) std::this_thread::yield();
  change();
  bench.pipeline->stop();  // answers what is under way
  CHECK_EQ(bench.committed.load(), kThreads * kEach);
  CHECK_EQ(done + refused, kChanges + 1);
  CHECK_EQ(other.load(), 0);
  const std::string prefix = fact_scope_prefix({1, 2}, FactKind::identity_network, identity);
  for (const auto& partition : bench.partitions)
    partition->read()->scan(Table::facts, prefix, prefix, [](std::string_view, std::string_view) {
      FAIL("a fact is left");
      return false;
    });
  auto late = forget({1, 2}, {identity, "", ""}, 1'711'000'000);
  CHECK(bench.pipeline->submit(late) == SubmitResult::stopped);
}

}  // namespace
}  // namespace straykey
