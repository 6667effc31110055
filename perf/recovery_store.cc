// Makes a data directory as full as GUARANTEES' recovery promise speaks of, for perf/recovery.py.
//
// usage: recovery_store DIR FACTS OUTBOX_ROWS SHARDS
//
// Facts as a partition learns them; 10 endpoints' outbox rows for a tenth as many alerts with bodies of 3 KB. Rows go
// in the order of their keys, a commit for 100,000 of them.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/baseline/fact.h"
#include "core/detect/alert.h"
#include "core/engine/outbox.h"
#include "core/engine/sequence.h"
#include "storage/data_directory.h"

namespace straykey {
namespace {

constexpr std::size_t kRowsACommit = 100'000;
constexpr unsigned kEndpoints = 10;
constexpr std::uint64_t kKinds = 8;  // as many of each: identity_network to role_principal
constexpr Day kDay = 20'000;
constexpr HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};

struct FactText {
  FactKind kind;
  std::string scope, value;
  [[nodiscard]] FactRef ref() const { return {kind, scope, value}; }
};

FactText fact_text(std::uint64_t number) {
  return {FactKind(1 + number % kKinds),
          "111122223333/service-role-" + std::to_string(number / 64) + "/function-" + std::to_string(number / 64),
          "AS" + std::to_string(64'496 + number % 16) + "-" + std::to_string(number)};
}

std::string bytes_of(Hash128 hash) {
  const auto bytes = hash.bytes();
  return {bytes.data(), bytes.size()};
}

// Puts rows, and commits now and then.
class Loader {
 public:
  explicit Loader(Store& store) : store_(store) {}
  ~Loader() { commit(); }

  void put(Table table, std::string_view key, std::string_view value) {
    if (!writer_) writer_ = store_.write();
    writer_->put(table, key, value);
    if (++rows_ % kRowsACommit == 0) commit();
  }

 private:
  void commit() {
    if (writer_ && writer_->commit() != CommitOutcome::committed) {
      std::fprintf(stderr, "%s\n", std::string(writer_->failure()).c_str());
      std::exit(1);
    }
    writer_.reset();
  }

  Store& store_;
  std::unique_ptr<StoreWriter> writer_;
  std::size_t rows_ = 0;
};

void load_facts(Store& store, std::uint64_t begin, std::uint64_t end) {
  std::vector<std::pair<std::string, std::uint64_t>> keys;
  keys.reserve(end - begin);
  for (std::uint64_t number = begin; number < end; ++number)
    keys.emplace_back(fact_key(kKey, fact_text(number).ref()), number);
  std::sort(keys.begin(), keys.end());
  Loader loader(store);
  Fact fact;
  fact.seen(kDay);
  fact.seen(kDay - 3);
  for (const auto& [key, number] : keys) loader.put(Table::facts, key, encode_fact(fact, fact_text(number).ref()));
}

void load_outbox(Store& store, std::uint64_t alerts) {
  std::vector<Hash128> ids;
  for (std::uint64_t number = 0; number < alerts; ++number)
    ids.push_back(hash128(kFixedHashKey, "alert " + std::to_string(number)));
  const std::string document = R"({"title":")" + std::string(3'000, 'x') + R"("})";
  const std::string stored = encode_stored_alert(webhook_body("alert.created", 1'728'000'000, document), document);
  Loader loader(store);
  for (const Hash128 id : ids) loader.put(Table::alerts, bytes_of(id), stored);
  for (const Hash128 id : ids) loader.put(Table::alert_state, bytes_of(id), encode_alert_state({}));
  for (unsigned endpoint = 0; endpoint < kEndpoints; ++endpoint) {
    const std::string name = "endpoint-" + std::to_string(endpoint);
    const std::string prefix = bytes_of(hash128(kFixedHashKey, name));
    for (const Hash128 id : ids)
      loader.put(Table::outbox, prefix + bytes_of(id), encode_outbox_row({name, 1, 4'000'000'000, false, "no answer"}));
  }
}

int run(const std::string& path, std::uint64_t facts, std::uint64_t outbox_rows, unsigned shards) {
  auto data = DataDirectory::open({.path = path, .shards = shards, .new_hash_key = kKey});
  if (!data) {
    std::fprintf(stderr, "%s\n", data.error().message.c_str());
    return 1;
  }
  for (unsigned shard = 0; shard < shards; ++shard)
    load_facts(*(*data)->partitions()[shard], facts * shard / shards, facts * (shard + 1) / shards);
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
