#pragma once
// Activity: what was done with one access key, or by one service identity. The answer to the first questions of
// every investigation.
//
// Shape:  calls by API, with counts, times and errors; source addresses; user agents, one for each tool on each
//         platform, since a tool's versions and commands would fill the list and push others out. It is soft state: a
//         crash loses what was not flushed yet, and an event that is sent again may count twice. No verdict depends on
//         it.
// Bounds: kApisMax, kSourcesMax, kAgentsMax; what does not fit is counted as other.
#include <boost/unordered/unordered_flat_map.hpp>
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
    std::string_view tool = {};  // of an agent, and its platform, which are not stored; empty: not looked at yet
    Platform platform = Platform::unknown;
  };

  std::uint64_t calls = 0, errors = 0;
  std::uint64_t other_api_calls = 0;  // calls beyond kApisMax different APIs
  Seconds first = 0, last = 0;
  std::vector<Api> apis;
  std::vector<Counted> sources, agents;  // an agent's text is the first that was seen of its like

  // At which index of each list an event was counted. kOther: it is in no list.
  static constexpr std::uint8_t kOther = 0xff;
  struct Places {
    std::uint8_t api = kOther, source = kOther, agent = kOther;
  };
  Places count(const Event& event);
  // Counts more events that are like an earlier one.
  void count(Places places, std::uint64_t calls_more, std::uint64_t errors_more, Seconds first_time, Seconds last_time);
  // Adds what was counted of another part of the same history. The lists stay within their bounds.
  void merge(const Activity& other);
};

// Counts the activity of one key. Calls with the same EventSignature::call are alike, so their texts are compared only
// once. A key that makes only one call between two flushes, as in a flood of keys, needs no hash table.
class ActivityCounter {
 public:
  static constexpr std::size_t kLikesMax = 1024;

  // `failed`: the event has an error code.
  void count(std::uint64_t call, Seconds time, bool failed, const Event& event);
  [[nodiscard]] bool empty() const noexcept { return activity_.calls == 0; }
  // Brings what count() will look at into the cache.
  void warm(std::uint64_t call) const noexcept {
    const auto like = like_.find(call);
    if (like != like_.end()) __builtin_prefetch(&like->second, 1);
  }
  // Returns what was counted since the last release(), and begins anew.
  [[nodiscard]] Activity release();

 private:
  struct Like {
    Activity::Places places;
    std::uint32_t calls = 0, errors = 0;
    Seconds first = 0, last = 0;
  };

  Activity activity_;
  boost::unordered_flat_map<std::uint64_t, Like> like_;
};

// Rows of Table::activity: of an access key, and of a service identity (whose keys live in many shards: readers merge).
[[nodiscard]] std::string activity_row(HashKey key, std::string_view access_key);
[[nodiscard]] std::string identity_activity_row(HashKey key, std::string_view identity);

[[nodiscard]] std::string encode_activity(const Activity& activity);
[[nodiscard]] std::optional<Activity> decode_activity(std::string_view bytes);

}  // namespace straykey
