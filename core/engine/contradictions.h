#pragma once
// Contradictions: what must be undone when an event comes late and says that a key was somebody else's. Calls may be
// judged by a weaker proof (the name of a session, a Lambda user agent) before the event that issued their key comes.
//
// Shape:  rows of Table::hits. Of each judged call with such a proof that hit: which alerts it went into and which
//         pairs it put into quarantine, under its key. Of each pair and day that only one such key put into quarantine:
//         that key. Of each key that was contradicted, by the day of its issuing event: whose it is in truth.
// Order:  a call is not judged any more when its key was contradicted before, so it makes no difference in which order
//         requests finish.
// Bounds: the rows age as those of hits.
// Thread: the merger's.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/baseline/fact.h"
#include "core/engine/alert_pairs.h"
#include "core/engine/store.h"

namespace straykey {

struct AlertState;

// Whether it is a row that this file writes.
[[nodiscard]] bool is_contradiction_row(std::string_view key, std::string_view value);

class Contradictions {
 public:
  explicit Contradictions(HashKey hash_key) : hash_key_(hash_key) {}

  // Whether an event has come which says that the call's key is not what the call was judged for.
  [[nodiscard]] bool denies(StoreReader& alerts, const Candidate& call) const;
  // Notes what a call did that may be contradicted.
  void note_hit(StoreWriter& alerts, const Candidate& call, const std::vector<Hash128>& of_call,
                const std::vector<AlertPairs::Pair>& pairs) const;
  // Notes that the call put the pair, by its fact_key(), into quarantine on its day. `is_new`: nobody had on that day.
  void note_quarantined(StoreWriter& alerts, const Candidate& call, const std::string& pair, bool is_new) const;
  // Notes whose the key is, on the days for which its issuing event speaks. Takes out of quarantine what only its calls
  // put there, and returns the alerts that took calls of it in, unless that was done before. REQUIRES:
  // contradiction.contradiction.
  [[nodiscard]] std::vector<Hash128> take(StoreWriter& alerts, const Candidate& contradiction) const;
  // Whether no key of the alert is left whose calls it rests on. `raised_by`: the call that raised it.
  [[nodiscard]] bool rests_on_nothing(StoreReader& alerts, const AlertState& state, const Candidate& raised_by) const;

 private:
  [[nodiscard]] std::string key_row(std::string_view access_key, std::string_view role) const;
  [[nodiscard]] std::string pair_row(std::string_view pair, Day day) const;
  // Whose the key was on these days: as of the event that was nearest to the first.
  [[nodiscard]] std::optional<std::string> truth_of(StoreReader& alerts, const std::string& key, Day first,
                                                    Day last) const;
  void release(StoreWriter& alerts, const AlertPairs::Pair& pair, Day day, std::string_view key) const;

  HashKey hash_key_;
};

}  // namespace straykey
