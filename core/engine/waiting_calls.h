#pragma once
// WaitingCalls: what keys did of which it is not known yet whose they are, until proof comes or two days have passed.
//
// Shape:  three kinds of rows in Table::pending: calls, one for each combination and day; keys that an unproven key was
//         given by AssumeRole, because their proof depends on its own; and whose sessions were told by calls that are
//         proven.
// Order:  a call goes when its key is proven. The others stay: if the process dies before the shard of the issued key,
//         or of the session, has committed, the sender brings the same proof again, and it must be told again.
// Bounds: Settings.
// Durable: how often a call was repeated is soft state: a crash loses what was not flushed.
// Errors: hand_over_failure() tells if a partition could not be read. Then the batch must not be trusted.
// Thread: the shard's worker.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/metrics.h"
#include "core/engine/batch_writer.h"
#include "core/engine/observation.h"
#include "core/engine/request.h"
#include "core/engine/told_session.h"

namespace straykey {

class IssuedTokens;

class WaitingCalls {
 public:
  static constexpr std::uint32_t kNowhere = ~0u;
  struct Settings {
    HashKey hash_key;
    // The other partitions, borrowed and only read. Calls wait there if the shard count changed since.
    std::vector<BaselineStore*> others;
    std::size_t per_key_max = 64;  // calls; and as many issued keys: those with the smallest hashes
    std::size_t max = 200'000;     // rows of all keys
  };

  WaitingCalls(Settings settings, BatchWriter& writer, Metrics& metrics);

  // Keeps the call, or counts it with those of its combination if it `counts`. Returns the place where its repeats are
  // counted, or kNowhere. REQUIRES: observation.may_wait_for_proof.
  std::uint32_t keep(const Observation& observation, const Event& event, bool counts);
  void count_repeat(std::uint32_t place, Seconds time);
  // Adds what was counted to at most so many rows.
  void flush(std::size_t rows);
  // Whether another flush() would write something.
  [[nodiscard]] bool has_more_to_flush() const noexcept { return !counted_.empty(); }
  // From now on all places are other ones.
  void forget_places();
  // Keeps that a session of `parent_role` was given a key, when it called with the key `caller`.
  void keep(Hash128 caller, const std::string& parent_role, const HandedKey& issued);

  using Told = ToldSession;
  struct Proven {
    std::vector<Candidate> calls;
    std::vector<std::string>
        principals;               // of each call: whose session it was (principalId); empty of a console session
    std::vector<Told> strangers;  // the sessions of calls whose key somebody who is no workload was given
    // One for each role whose sessions were judged as something else by a weaker proof
    std::vector<Candidate> denied;
  };
  // The calls of the key on the days that `issued` decides, with the tokens that it proves; none if it proves nothing.
  // They do not wait any more, unless it is a weak proof, after which a strong one may come. `role`: account/role of
  // the sessions that it proves; empty: any. `known`: all that is known of the key, `issued` among it.
  [[nodiscard]] Proven prove(Hash128 key, std::string_view role, const IssuedToken& issued, const IssuedTokens& known);
  // The keys that sessions of the role were given, as prove() says. `everywhere`: in other partitions, too.
  [[nodiscard]] std::vector<WaitingKey> issued_to(Hash128 key, std::string_view role, bool everywhere);

  // The sessions that calls of the key told, which waited until it was known whose the key is. `everywhere`: likewise.
  [[nodiscard]] std::vector<Told> told_by(Hash128 key, std::string_view role, bool everywhere);

  // As of KeyTable.
  void leave_others() noexcept { settings_.others.clear(); }

  // False: nothing waits for the key, or the session, in any partition.
  [[nodiscard]] bool may_have_rows(Hash128 key);
  // The same of this partition alone.
  [[nodiscard]] bool has_own_rows(Hash128 key);

  // Which partition could not be read since the last call, and why.
  [[nodiscard]] std::string hand_over_failure();

 private:
  void find_keys();
  using Rows = std::vector<std::pair<std::string, std::string>>;
  struct Repeats {  // of one row, that are not in the store yet
    std::string row;
    std::uint64_t count = 0;
    Seconds last_time = 0;

    void add_to(Candidate& call) const noexcept;
  };

  // Whether there is room for another row, whose key begins with `prefix`; counted if not. Of so many rows with one
  // prefix those stay whose keys come first, which are hashes: so it makes no difference which came first in time.
  [[nodiscard]] bool make_room(const std::string& prefix, const std::string& row);
  [[nodiscard]] Rows rows(const std::string& prefix, bool everywhere);
  void keep_told(Hash128 key, const Told& told);
  void move_here(Hash128 key, const std::string& row, const std::string& value);
  [[nodiscard]] std::uint32_t place_of(const std::string& row);
  void note_judged(const std::string& row, const std::string& session, Candidate call, const IssuedToken& issued);

  Settings settings_;
  BatchWriter& writer_;
  std::string failure_;
  std::vector<Repeats> repeats_;  // by place
  boost::unordered_flat_map<std::string, std::uint32_t> places_;
  std::vector<std::uint32_t> counted_;  // places with a count
  // The keys with rows in this partition, and perhaps some that have none any more. Most keys have none, and are asked
  // for at each event that issues one.
  boost::unordered_flat_set<Hash128, std::hash<Hash128>> keys_;
  bool keys_known_ = false;
  Counter& overflow_of_key_;
  Counter& overflow_of_all_;
};

}  // namespace straykey
