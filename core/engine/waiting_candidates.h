#pragma once
// WaitingCandidates: what the merger has judged and what not, in which order it judges that, and how much of it in one
// transaction.
//
// Shape:  first the backlog, which an earlier run left, then finished requests in the order of add(). next() names what
//         the next transaction judges; what it judged is noted and written into it; settle() tells how it ended.
// Order:  whole requests share a transaction while they fit. A backlog or a request that does not fit into one is put
//         in order: by day, in a day the first events of accounts, then identity by identity, each by time.
//         Transactions end between two identities of a day. Verdicts rest on earlier days, and dedup joins hits of one
//         identity, so it changes no alert where a transaction ends. Only an identity with more candidates of one day
//         than a transaction holds is judged as if they had come in several requests: a weak alert may stand beside a
//         strong one then.
// Bounds: candidates_max in a transaction. Putting N candidates in order reads all of them once, at 5 us each, and
//         keeps 80 bytes of each.
// Thread: the merger's; judged_up_to() any.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/engine/request.h"
#include "core/engine/store.h"

namespace straykey {

class JudgedMarks;

class WaitingCandidates {
 public:
  static constexpr std::size_t kAllAtOnce = std::numeric_limits<std::size_t>::max();
  using Ranges = std::vector<CandidateRange>;
  using Readers = std::vector<std::unique_ptr<StoreReader>>;  // one for each partition

  explicit WaitingCandidates(std::uint32_t shards);
  ~WaitingCandidates();

  // At most so many candidates in one transaction.
  std::size_t candidates_max = kAllAtOnce;

  // What is judged, as of the last commit of an earlier run.
  void read_marks(StoreReader& alerts);
  // Everything that the partitions hold and that is not judged is the backlog from now on, what was added included.
  void find_backlog(const Readers& partitions);
  void add(Ranges request);

  // The requests, or the part of one, that the next transaction judges, each by itself. If a reader fails, nothing.
  [[nodiscard]] std::vector<Ranges> next(const Readers& partitions);
  [[nodiscard]] bool is_judged(std::uint32_t shard, std::uint64_t sequence) const;
  void note_judged(const CandidateRange& range);
  void write_marks(StoreWriter& alerts);
  void settle(bool committed);

  // On a node that follows a judge: calls visit for every number that waits and is not judged.
  void each(const std::function<void(std::uint32_t shard, std::uint64_t sequence)>& visit) const;
  // Forgets requests in which everything is judged. REQUIRES: no transaction is open.
  void drop_judged();

  // Every candidate of the shard up to this number is judged, and that is committed. Any thread.
  [[nodiscard]] std::uint64_t judged_up_to(std::uint32_t shard) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }
  [[nodiscard]] bool backlog_waits() const noexcept { return backlog_waits_; }
  // Whether the next transaction goes on with a request, or the backlog, of which a part is judged.
  [[nodiscard]] bool in_midst() const noexcept { return position_ > 0; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  struct Waiting {
    Ranges ranges;
    std::uint64_t count = 0;
  };
  // One candidate, and what its place in the order depends on.
  struct Place {
    Day day = 0;  // 0: there is no such row
    bool is_call = false;
    Hash128 identity, combination;
    Seconds time = 0;
    std::uint32_t shard = 0;
    std::uint64_t sequence = 0;

    [[nodiscard]] bool same_identity_and_day(const Place& other) const noexcept {
      return day == other.day && is_call == other.is_call && identity == other.identity;
    }
  };
  void put(Ranges request, std::uint64_t count);
  [[nodiscard]] bool all_judged(const Ranges& ranges) const;
  [[nodiscard]] bool put_in_order(const Readers& partitions);
  void read(const CandidateRange& range, StoreReader& partition);
  [[nodiscard]] Ranges part();
  void pop();

  std::uint32_t shards_;
  std::unique_ptr<JudgedMarks[]> marks_;  // by shard
  std::deque<Waiting> requests_;
  bool backlog_waits_ = false;  // it is the first of requests_
  std::uint64_t count_ = 0;

  // Of the first request, if it does not fit into one transaction.
  std::vector<Place> order_;
  std::size_t position_ = 0;  // in order_: what comes before is judged

  // Of the open transaction.
  std::size_t staged_requests_ = 0;  // whole ones
  std::size_t staged_places_ = 0;    // of order_
};

}  // namespace straykey
