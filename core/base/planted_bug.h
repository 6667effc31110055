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
