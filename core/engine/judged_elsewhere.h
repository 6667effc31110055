#pragma once
// JudgedElsewhere: candidates that the judge judged before this node, which follows it, has proposed them.
//
// Shape:  a set of their combinations; the oldest leave first.
// Bounds: kMax, 16 MB. What is forgotten here waits on this node until it is two days old, or until this node judges
//         it: then the alert that stands takes it in.
// Thread: the merger's.
#include <cstddef>
#include <deque>
#include <unordered_set>

#include "core/base/hash.h"

namespace straykey {

class JudgedElsewhere {
 public:
  static constexpr std::size_t kMax = 200'000;

  void note(Hash128 combination) {
    if (!known_.insert(combination).second) return;
    order_.push_back(combination);
    if (order_.size() <= kMax) return;
    known_.erase(order_.front());
    order_.pop_front();
  }
  [[nodiscard]] bool contains(Hash128 combination) const { return known_.contains(combination); }
  [[nodiscard]] bool empty() const noexcept { return known_.empty(); }

 private:
  std::unordered_set<Hash128> known_;
  std::deque<Hash128> order_;
};

}  // namespace straykey
