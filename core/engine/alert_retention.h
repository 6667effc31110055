#pragma once
// AlertRetention: alerts and other messages leave the store, so that it never fills up for good.
//
// Shape:  sweep() erases what is older than keep_days, a few rows at a time: in one pass over the table what somebody
//         answered or closed, in the next all the rest. relieve() is for a store that is nearly full: it takes what is
//         answered or closed first, from Expiry's second mark on open alerts too, the oldest first.
// Units:  age in hours of running (engine/store.h), like that of other rows (engine/expiry.h).
// Order:  nothing leaves while a delivery of it waits, or while a hit may still join it: by age that is as long as a
//         late event may be judged, for want of room as long as the dedup window of the newest day. A hit that comes
//         later still finds the dedup row, is taken in by an alert that is gone, and tells nobody.
// Bounds: sweep() erases at most 1 % of the messages in an hour, nothing in the rest of the hour in which the process
//         started, and looks at kRowsASweep rows. relieve() looks at, and erases, as many rows as it is told: a
//         transaction that erases needs room itself, for the pages that it changes.
// Errors: the writer's; the caller commits.
// Thread: the merger's.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/metrics.h"
#include "core/base/time.h"
#include "core/engine/store.h"

namespace straykey {

struct Alert;
struct DetectionSettings;

class AlertRetention {
 public:
  // When this share of the store's budget is used, no more alerts should be raised: hits are only counted.
  static constexpr double kFullFrom = 0.97;

  static constexpr std::size_t kRowsASweep = 1'000;

  // `detection` is borrowed; what of it may change between two calls is taken as it is then: keep_days, dedup_days.
  AlertRetention(HashKey hash_key, const DetectionSettings& detection, Metrics& metrics);

  // The names of the webhooks. What waits for others is never delivered, and holds no alert back.
  void use_endpoints(const std::vector<std::string>& names);

  // `newest_day`: the newest on which any account was seen. It is asked for only if something may leave.
  using NewestDay = std::function<Day()>;
  // Both return how many messages left.
  std::size_t sweep(StoreWriter& writer, RunHour now, const NewestDay& newest_day);
  struct Relief {
    std::size_t look_at_max = 0, erase_max = 0;
    double fullness = 0;
  };
  std::size_t relieve(StoreWriter& writer, const Relief& relief, const NewestDay& newest_day);

 private:
  enum class Pass : std::uint8_t { answered, all };
  // What is asked of a message before it may leave.
  struct Terms {
    Pass pass = Pass::answered;
    Day newest_day = 0;
    Day days_open = 0;          // how long after its day a hit may still join it
    bool alerts_alone = false;  // other messages stay, and contradicted alerts
  };

  [[nodiscard]] bool waits(StoreReader& reader, Hash128 id) const;
  [[nodiscard]] bool may_leave(StoreReader& reader, std::string_view key, const Terms& terms) const;
  [[nodiscard]] bool alert_may_leave(StoreReader& reader, const Alert& alert, const Terms& terms) const;
  void erase(StoreWriter& writer, const std::string& key) const;
  void erase_alert(StoreWriter& writer, const Alert& alert) const;
  void erase_message(StoreWriter& writer, std::string_view key) const;

  const HashKey hash_key_;
  const DetectionSettings& detection_;
  std::set<std::string, std::less<>> endpoints_;  // the beginnings of their rows' keys
  std::vector<std::string> prefixes_;             // of all rows of the outbox, as of the present call
  Pass pass_ = Pass::answered;
  std::string from_;          // the next row for sweep() to look at
  std::string relieve_from_;  // the same for relieve(), in the order of time
  std::uint64_t left_ = 0;    // messages that may still leave in this hour
  RunHour hour_ = 0;
  bool started_ = false;
  Counter& aged_;
  Counter& for_room_;
};

}  // namespace straykey
