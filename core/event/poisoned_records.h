#pragma once
// PoisonedRecords: records that ended the process twice while it worked on them. They are refused from then on, or
// their sender would bring them again for ever.
//
// Shape:  the hashes of the records' bytes as they came; hardly ever any.
// Thread: any (immutable once the process serves).
#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/hash.h"

namespace straykey {

class PoisonedRecords {
 public:
  [[nodiscard]] static Hash128 hash_of(std::string_view record) noexcept { return hash128(kFixedHashKey, record); }

  void add(Hash128 hash) { hashes_.push_back(hash); }
  [[nodiscard]] bool empty() const noexcept { return hashes_.empty(); }
  [[nodiscard]] bool contains(std::string_view record) const noexcept {
    return !hashes_.empty() && std::find(hashes_.begin(), hashes_.end(), hash_of(record)) != hashes_.end();
  }

 private:
  std::vector<Hash128> hashes_;
};

}  // namespace straykey
