#pragma once
// Facts to fill a store with: as a partition learns them, by number, always the same.
//
// Shape:  8 kinds, as many of each, 64 in a row of one scope.
// Thread: any (functions of their arguments); RowLoader one owner.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/baseline/fact.h"
#include "core/engine/store.h"

namespace straykey {

inline constexpr HashKey kSampleHashKey{0x0123456789abcdef, 0xfedcba9876543210};

struct SampleFact {
  FactKind kind;
  std::string scope, value;
  [[nodiscard]] FactRef ref() const { return {kind, scope, value}; }
};

[[nodiscard]] SampleFact sample_fact(std::uint64_t number);

// Puts rows, and commits now and then and at its end. A commit that fails ends the program.
class RowLoader {
 public:
  explicit RowLoader(Store& store) : store_(store) {}
  RowLoader(const RowLoader&) = delete;
  RowLoader& operator=(const RowLoader&) = delete;
  ~RowLoader() { commit(); }

  void put(Table table, std::string_view key, std::string_view value);

 private:
  void commit();

  Store& store_;
  std::unique_ptr<StoreWriter> writer_;
  std::size_t rows_ = 0;
};

// Facts begin to end - 1, in the order of their keys.
void load_sample_facts(Store& store, std::uint64_t begin, std::uint64_t end);

}  // namespace straykey
