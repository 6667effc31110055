// What it costs to look up a known fact in a partition of 1,000 and of a million of them: LMDB alone, the store (which
// checks the value's checksum), and the view that verdicts ask (which hashes the key and decodes the fact).
//
// All look up the same facts of the same file in the same random order, 512 in a transaction.
#include <benchmark/benchmark.h>
#include <lmdb.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "core/base/invariant.h"
#include "core/engine/baseline_view.h"
#include "core/engine/memory_store.h"
#include "perf/sample_facts.h"
#include "storage/lmdb_store.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

constexpr std::uint64_t kMapBytes = std::uint64_t{2} << 30;
constexpr std::size_t kProbes = 65'536;
constexpr std::size_t kProbesATransaction = 512;

// A partition's file, closed; and what is looked up in it.
struct Partition {
  TemporaryDirectory folder;
  std::vector<std::pair<SampleFact, std::string>> probes;  // with its key

  explicit Partition(std::uint64_t facts) {
    load_sample_facts(*open(), 0, facts);
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < kProbes; ++i) {
      SampleFact fact = sample_fact(random() % facts);
      std::string key = fact_key(kSampleHashKey, fact.ref());
      probes.emplace_back(std::move(fact), std::move(key));
    }
  }

  [[nodiscard]] std::unique_ptr<LmdbBaselineStore> open() const {
    auto store =
        LmdbBaselineStore::open({.directory = folder.path(), .map_bytes = kMapBytes, .disk_free_bytes_min = 0});
    INVARIANT(store.ok());
    return std::move(store).value();
  }
};

const Partition& partition_of(const benchmark::State& state) {
  static std::map<std::int64_t, Partition> made;
  return made.try_emplace(state.range(0), static_cast<std::uint64_t>(state.range(0))).first->second;
}

// begin() starts a transaction and ends the one before; look_up(probe) says whether it was there.
template <class Begin, class LookUp>
void probe_all(benchmark::State& state, const Partition& partition, Begin begin, LookUp look_up) {
  std::size_t at = 0;
  for (auto _ : state) {
    if (at % kProbesATransaction == 0) begin();
    INVARIANT(look_up(partition.probes[at++ % kProbes]));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void limit_lmdb_get(benchmark::State& state) {
  const Partition& partition = partition_of(state);
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi table = 0;
  INVARIANT(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, kMapBytes) == 0 && mdb_env_set_maxdbs(env, 16) == 0);
  INVARIANT(mdb_env_open(env, partition.folder.path().c_str(), MDB_NOTLS | MDB_NORDAHEAD | MDB_RDONLY, 0600) == 0);
  INVARIANT(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0);
  INVARIANT(mdb_dbi_open(txn, std::string(table_name(Table::facts)).c_str(), 0, &table) == 0);
  INVARIANT(mdb_txn_commit(txn) == 0);  // the handle is the transaction's own until then
  INVARIANT(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0);
  probe_all(
      state, partition,
      [&] {
        mdb_txn_reset(txn);
        INVARIANT(mdb_txn_renew(txn) == 0);
      },
      [&](const auto& probe) {
        MDB_val key{probe.second.size(), const_cast<char*>(probe.second.data())}, value{};
        return mdb_get(txn, table, &key, &value) == 0;
      });
  mdb_txn_abort(txn);
  mdb_env_close(env);
}

void store_get(benchmark::State& state) {
  const Partition& partition = partition_of(state);
  const auto store = partition.open();
  std::unique_ptr<StoreReader> reader;
  probe_all(
      state, partition, [&] { reader = store->read(); },
      [&](const auto& probe) { return reader->get(Table::facts, probe.second).has_value(); });
}

void fact_probe(benchmark::State& state) {
  const Partition& partition = partition_of(state);
  const auto store = partition.open();
  MemoryAlertStore alerts;
  const auto alert_reader = alerts.read();
  std::vector<std::unique_ptr<StoreReader>> readers(1);
  const BaselineView view(kSampleHashKey, readers, *alert_reader);
  probe_all(
      state, partition, [&] { readers[0] = store->read(); },
      [&](const auto& probe) {
        return view.fact(probe.first.kind, probe.first.scope, probe.first.value).presence.days != 0;
      });
}

BENCHMARK(limit_lmdb_get)->Name("limit_lmdb_get_1k")->Arg(1'000);
BENCHMARK(store_get)->Name("store_get_1k")->Arg(1'000);
BENCHMARK(fact_probe)->Name("fact_probe_1k")->Arg(1'000);
BENCHMARK(limit_lmdb_get)->Name("limit_lmdb_get_1m")->Arg(1'000'000);
BENCHMARK(store_get)->Name("store_get_1m")->Arg(1'000'000);
BENCHMARK(fact_probe)->Name("fact_probe_1m")->Arg(1'000'000);

}  // namespace
}  // namespace straykey

BENCHMARK_MAIN();
