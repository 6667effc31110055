#pragma once
// SendTally: everything that one connection saw. The tallies of several connections can be added up.
//
// Units:  requests, unless it says records.
// Thread: one owner.
#include <cstdint>
#include <map>
#include <string>

#include "tools/replay/latency_histogram.h"
#include "tools/replay/timeline.h"

namespace straykey {

struct SendTally {
  static constexpr std::size_t kSamplesMax = 10;

  std::uint64_t requests = 0, records = 0, bytes = 0;        // bytes of bodies, as sent the last time
  std::uint64_t broken_records = 0, opaque_records = 0;      // see OutgoingRequest
  std::uint64_t accepted_records = 0, rejected_records = 0;  // as the replies say
  std::uint64_t refused_records = 0;                         // of requests answered 4xx
  std::uint64_t given_up_records = 0;                        // never answered within the time
  std::uint64_t unsent_records = 0;                          // too large for a datagram
  std::uint64_t miscounted = 0;                              // accepted + rejected is not what was sent
  std::uint64_t retries_503 = 0, retries_429 = 0, retries_connection = 0, retries_other = 0;
  std::uint64_t connections = 0;
  std::uint64_t broken_off = 0, slow = 0, bad_tokens = 0,
                bad_tokens_let_in = 0;  // injected faults; the last counts wrong tokens that were answered 2xx
  std::uint64_t late_by_generator = 0;  // sent over 10 ms late although no connection or day held it back
  std::map<std::string, std::uint64_t> statuses;      // "503": how often, retries included
  std::map<std::string, std::uint64_t> reject_codes;  // of the rejects that replies list
  std::map<std::string, std::uint64_t> problems;      // sentence: how often; at most kSamplesMax
  LatencyHistogram latency;                           // from the time at which a request was due to its last reply
  LatencyHistogram service;                           // of each attempt, from the time at which it was sent

  Timeline timeline;  // of what was answered

  // Sent, and not refused. REQUIRES: the way in does not say what it took.
  [[nodiscard]] std::uint64_t delivered_records() const noexcept {
    return records - unsent_records - given_up_records - refused_records;
  }
  void add_problem(const std::string& sentence) {
    if (problems.size() < kSamplesMax || problems.contains(sentence)) ++problems[sentence];
  }
  void add(const SendTally& other);
};

}  // namespace straykey
