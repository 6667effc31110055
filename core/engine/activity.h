#pragma once
// Activity: what was done with one access key, or by one service identity. The answer to the first questions of
// every investigation.
//
// Shape:  calls by API, with counts, times and errors; source addresses; user agents. Soft state: counts may miss the
//         last 5 s before a crash or count a resent event twice (GUARANTEES, P2). No verdict depends on it.
// Bounds: kApisMax, kSourcesMax, kAgentsMax; what does not fit is counted as other.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/event/event.h"

namespace straykey {

struct Activity {
  static constexpr std::size_t kApisMax = 64;
  static constexpr std::size_t kSourcesMax = 16;
  static constexpr std::size_t kAgentsMax = 8;

  struct Api {
    std::string source, name;  // "s3.amazonaws.com", "ListBuckets"
    std::uint64_t count = 0, errors = 0;
    Seconds first = 0, last = 0;
  };
  struct Counted {
    std::string text;
    std::uint64_t count = 0;
  };

  std::uint64_t calls = 0, errors = 0;
  std::uint64_t other_api_calls = 0;  // calls beyond kApisMax different APIs
  Seconds first = 0, last = 0;
  std::vector<Api> apis;
  std::vector<Counted> sources, agents;

  void count(const Event& event);
  // Adds what another piece of the same history counted. Lists stay within their bounds.
  void merge(const Activity& other);
};

// Rows of Table::activity: of an access key, and of a service identity (whose keys live in many shards: readers merge).
[[nodiscard]] std::string activity_row(HashKey key, std::string_view access_key);
[[nodiscard]] std::string identity_activity_row(HashKey key, std::string_view identity);

[[nodiscard]] std::string encode_activity(const Activity& activity);
[[nodiscard]] std::optional<Activity> decode_activity(std::string_view bytes);

}  // namespace straykey
