#pragma once
// Planted bugs: the mistakes that the harnesses must catch (tests/simulation, tests/crash), at the places where a
// hurried change would make them.
//
// Shape:  `if (planted(Bug::dirty_ack)) ...` Only libraries built with STRAYKEY_PLANTED_BUGS (the targets named
//         *_planted) have them; everywhere else planted() is constantly false and nothing of them is in the program.
// Thread: planted_bug is set once, before any thread exists.
#include <cstdint>
#include <string_view>

namespace straykey {

enum class Bug : std::uint8_t {
  none,
  ack_before_commit,              // the reply goes out before the shard's commit
  candidate_outside_transaction,  // facts and the mark "proposed" are committed first, then the candidate
  dirty_ack,                      // "nothing new" because of another request's uncommitted write is answered at once
  progress_outside_transaction,   // the merger's progress mark is committed before the alerts it stands for
  alert_id_with_wall_clock,       // a restart or a second judging gives the alert another id
  dedup_by_arrival_time,          // the five days count from when a hit arrived, not from its event's day
  outbox_erased_before_2xx,       // a delivery is forgotten when it is handed to the sender
  nosync,                         // LMDB with MDB_NOSYNC
  nometasync,                     // LMDB with MDB_NOMETASYNC
  expiry_by_event_time,           // rows expire by the day of the newest event
  last_element_stuck,             // the last item of a queue waits until the next arrives
  known_before_commit,            // what a failed commit should have made true counts as known
  progress_past_gap,              // the progress mark passes candidates whose request has not finished
  candidates_erased_unjudged,     // a commit deletes candidates that nobody has judged yet
  failed_merge_dropped,           // what a failed transaction of the merger held is not tried again
  credits_kept_on_failure,        // a failed request does not give its byte credits back
  merged_as_they_come,            // finished requests are judged in the order of the queue
  own_day_counts,                 // novelty counts the event's own day
  other_partitions_forgotten,     // after a changed shard count a key is only looked for at home
  document_sent_after_restart,    // a delivery from the outbox carries another body than the first one
  readiness_lost,                 // a store that failed once is not ready until a request comes
  day_of_one_partition,           // room is made of facts whose other days lie in another partition
  inflate_limit_on_compressed_bytes,
  memcmp_token_check,  // a token's first bytes decide
  crashing_record,     // three event names end the process: what the flight recorder is for
  octet_count_32_bit,  // a syslog octet count wraps at 2^32
  count,               // how many there are; not a bug
};

[[nodiscard]] constexpr std::string_view name_of(Bug bug) noexcept {
  switch (bug) {
    case Bug::none:
      return "none";
    case Bug::ack_before_commit:
      return "ack_before_commit";
    case Bug::candidate_outside_transaction:
      return "candidate_outside_transaction";
    case Bug::dirty_ack:
      return "dirty_ack";
    case Bug::progress_outside_transaction:
      return "progress_outside_transaction";
    case Bug::alert_id_with_wall_clock:
      return "alert_id_with_wall_clock";
    case Bug::dedup_by_arrival_time:
      return "dedup_by_arrival_time";
    case Bug::outbox_erased_before_2xx:
      return "outbox_erased_before_2xx";
    case Bug::nosync:
      return "nosync";
    case Bug::nometasync:
      return "nometasync";
    case Bug::expiry_by_event_time:
      return "expiry_by_event_time";
    case Bug::last_element_stuck:
      return "last_element_stuck";
    case Bug::known_before_commit:
      return "known_before_commit";
    case Bug::progress_past_gap:
      return "progress_past_gap";
    case Bug::candidates_erased_unjudged:
      return "candidates_erased_unjudged";
    case Bug::failed_merge_dropped:
      return "failed_merge_dropped";
    case Bug::credits_kept_on_failure:
      return "credits_kept_on_failure";
    case Bug::merged_as_they_come:
      return "merged_as_they_come";
    case Bug::own_day_counts:
      return "own_day_counts";
    case Bug::other_partitions_forgotten:
      return "other_partitions_forgotten";
    case Bug::document_sent_after_restart:
      return "document_sent_after_restart";
    case Bug::readiness_lost:
      return "readiness_lost";
    case Bug::day_of_one_partition:
      return "day_of_one_partition";
    case Bug::inflate_limit_on_compressed_bytes:
      return "inflate_limit_on_compressed_bytes";
    case Bug::memcmp_token_check:
      return "memcmp_token_check";
    case Bug::crashing_record:
      return "crashing_record";
    case Bug::octet_count_32_bit:
      return "octet_count_32_bit";
    case Bug::count:
      break;
  }
  return {};
}

#ifdef STRAYKEY_PLANTED_BUGS
inline Bug planted_bug = Bug::none;
[[nodiscard]] inline bool planted(Bug bug) noexcept {
  return planted_bug == bug;
}
#else
[[nodiscard]] constexpr bool planted(Bug) noexcept {
  return false;
}
#endif

}  // namespace straykey
