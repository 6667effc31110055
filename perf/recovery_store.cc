// Makes a data directory as full as the promise of recovery speaks of, for perf/recovery.py.
//
// usage: recovery_store DIR FACTS OUTBOX_ROWS SHARDS
//
// Facts as in perf/sample_facts.h; 10 endpoints' outbox rows for a tenth as many alerts with bodies of 3 KB. Rows go
// in the order of their keys, a commit for 100,000 of them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/detect/alert.h"
#include "core/detect/alert_state.h"
#include "core/detect/formats/standard_webhooks.h"
#include "core/detect/message.h"
#include "core/engine/outbox.h"
#include "core/engine/sequence.h"
#include "perf/sample_facts.h"
#include "storage/data_directory.h"

namespace straykey {
namespace {

constexpr unsigned kEndpoints = 10;

std::string bytes_of(Hash128 hash) {
  const auto bytes = hash.bytes();
  return {bytes.data(), bytes.size()};
}

void load_outbox(Store& store, std::uint64_t alerts) {
  std::vector<Hash128> ids;
  for (std::uint64_t number = 0; number < alerts; ++number)
    ids.push_back(hash128(kFixedHashKey, "alert " + std::to_string(number)));
  Alert alert;
  alert.call.record = R"({"title":")" + std::string(2'000, 'x') + R"("})";
  alert.verdict = {Variation::remote_suspicious, {}, {}};
  const std::string stored = encode_message(alert), body = standard_webhooks_body(alert);
  RowLoader loader(store);
  for (const Hash128 id : ids) loader.put(Table::alerts, bytes_of(id), stored);
  for (const Hash128 id : ids) loader.put(Table::alert_state, bytes_of(id), encode_alert_state({}));
  for (unsigned endpoint = 0; endpoint < kEndpoints; ++endpoint) {
    const std::string name = "endpoint-" + std::to_string(endpoint);
    const std::string prefix = bytes_of(hash128(kFixedHashKey, name));
    for (const Hash128 id : ids)
      loader.put(Table::outbox, prefix + bytes_of(id),
                 encode_outbox_row({name, 1, 4'000'000'000, false, "no answer", body}));
  }
}

int run(const std::string& path, std::uint64_t facts, std::uint64_t outbox_rows, unsigned shards) {
  auto data = DataDirectory::open({.path = path, .shards = shards, .new_hash_key = kSampleHashKey});
  if (!data) {
    std::fprintf(stderr, "%s\n", data.error().message.c_str());
    return 1;
  }
  for (unsigned shard = 0; shard < shards; ++shard)
    load_sample_facts(*(*data)->partitions()[shard], facts * shard / shards, facts * (shard + 1) / shards);
  load_outbox((*data)->alerts(), outbox_rows / kEndpoints);
  return 0;
}

}  // namespace
}  // namespace straykey

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: recovery_store DIR FACTS OUTBOX_ROWS SHARDS\n");
    return 2;
  }
  return straykey::run(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10),
                       static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)));
}
