// A durable commit of the store against the same rows written and synced by LMDB itself, on the same disk.
#include <benchmark/benchmark.h>
#include <lmdb.h>

#include <string>

#include "core/base/invariant.h"
#include "storage/lmdb_store.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

constexpr int kRows = 100;

std::string row_key(std::uint64_t number) {
  return "row " + std::to_string(number * 0x9e3779b97f4a7c15u);
}

void limit_lmdb_commit(benchmark::State& state) {
  const TemporaryDirectory folder;
  MDB_env* env = nullptr;
  INVARIANT(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, std::size_t{1} << 30) == 0);
  INVARIANT(mdb_env_open(env, folder.path().c_str(), MDB_NOTLS | MDB_NORDAHEAD, 0600) == 0);
  std::uint64_t number = 0;
  for (auto _ : state) {
    MDB_txn* txn = nullptr;
    MDB_dbi table = 0;
    INVARIANT(mdb_txn_begin(env, nullptr, 0, &txn) == 0 && mdb_dbi_open(txn, nullptr, 0, &table) == 0);
    for (int i = 0; i < kRows; ++i) {
      std::string key = row_key(++number), value(80, 'v');
      MDB_val k{key.size(), key.data()}, v{value.size(), value.data()};
      INVARIANT(mdb_put(txn, table, &k, &v, 0) == 0);
    }
    INVARIANT(mdb_txn_commit(txn) == 0);
  }
  mdb_env_close(env);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(limit_lmdb_commit)->UseRealTime()->Unit(benchmark::kMillisecond);

void store_commit(benchmark::State& state) {
  const TemporaryDirectory folder;
  auto store = LmdbStore<BaselineStore>::open(
      {.directory = folder.path(), .map_bytes = std::uint64_t{1} << 30, .disk_free_bytes_min = 0});
  INVARIANT(store.ok());
  std::uint64_t number = 0;
  for (auto _ : state) {
    const auto writer = store.value()->write();
    for (int i = 0; i < kRows; ++i) writer->put(Table::facts, row_key(++number), std::string(80, 'v'));
    INVARIANT(writer->commit() == CommitOutcome::committed);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(store_commit)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace straykey

BENCHMARK_MAIN();
