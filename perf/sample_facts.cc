#include "perf/sample_facts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::size_t kRowsACommit = 100'000;
constexpr std::uint64_t kKinds = 8;  // identity_network to role_principal
constexpr Day kDay = 20'000;

}  // namespace

SampleFact sample_fact(std::uint64_t number) {
  return {FactKind(1 + number % kKinds),
          "111122223333/service-role-" + std::to_string(number / 64) + "/function-" + std::to_string(number / 64),
          "AS" + std::to_string(64'496 + number % 16) + "-" + std::to_string(number)};
}

void RowLoader::put(Table table, std::string_view key, std::string_view value) {
  if (!writer_) writer_ = store_.write();
  writer_->put(table, key, value);
  if (++rows_ % kRowsACommit == 0) commit();
}

void RowLoader::commit() {
  if (writer_) INVARIANT(writer_->commit() == CommitOutcome::committed);
  writer_.reset();
}

void load_sample_facts(Store& store, std::uint64_t begin, std::uint64_t end) {
  std::vector<std::pair<std::string, std::uint64_t>> keys;
  keys.reserve(end - begin);
  for (std::uint64_t number = begin; number < end; ++number)
    keys.emplace_back(fact_key(kSampleHashKey, sample_fact(number).ref()), number);
  std::sort(keys.begin(), keys.end());
  RowLoader loader(store);
  Fact fact;
  fact.seen(kDay);
  fact.seen(kDay - 3);
  for (const auto& [key, number] : keys) loader.put(Table::facts, key, encode_fact(fact, sample_fact(number).ref()));
}

}  // namespace straykey
