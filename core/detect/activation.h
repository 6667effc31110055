#pragma once
// ActivationReport: what an account's service identities use outside AWS at the moment the account becomes active. A
// thief who was there before straykey would be among it, and nobody was warned of him.
//
// Thread: any (a value).
// Bounds: kPairsShown pairs on disk and in the document, there as far as they have 40 KB of JSON; all of them, up to
//         kPairsMax, in the report of an operator.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace straykey {

struct ActivationReport {
  static constexpr std::size_t kPairsShown = 100;
  static constexpr std::size_t kPairsMax = 10'000;

  struct Pair {
    std::string identity, network;
    int days = 0;  // in the window before `day`
    Day first_day = 0, last_day = 0;

    bool operator==(const Pair&) const = default;
  };
  Hash128 id;
  std::string account;
  Day day = 0;
  Seconds at = 0;           // time of the call with which the account became active
  std::vector<Pair> pairs;  // most days first
  std::uint64_t pairs_total = 0;

  bool operator==(const ActivationReport&) const = default;
};

// The JSON document.
[[nodiscard]] std::string activation_document(const ActivationReport& report);

}  // namespace straykey
