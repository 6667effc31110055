#pragma once
// What an S3Source counts, under its own name.
//
// Thread: any. Series of outcomes and classes exist from the start, so that none of them begins as a gap.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/metrics.h"

namespace straykey {

enum class MessageEnd : std::uint8_t {
  deleted,     // all its objects are stored, or hold nothing of ours
  test,        // S3's test of the notifications: deleted
  left,        // it stays for another attempt, and in the end for the queue's redrive rule
  unreadable,  // no notification that we know, or an object of it is not told: it stays for the redrive rule
};
enum class ObjectEnd : std::uint8_t {
  stored,
  skipped,     // by name or content; counted by class as well
  absent,      // it is not there any more
  denied,      // S3 or KMS refused it
  too_large,   // more than object_bytes_max
  unreadable,  // what it holds is no text of records, or its compression is damaged
  failed,      // the network, S3 or our own store: it comes again
};
[[nodiscard]] std::string_view name_of(MessageEnd end) noexcept;
[[nodiscard]] std::string_view name_of(ObjectEnd end) noexcept;

class S3Counters {
 public:
  S3Counters(Metrics& metrics, std::string source);

  void count(MessageEnd end) { message_counter(end).add(); }
  void count(ObjectEnd end) { object_counter(end).add(); }
  void count_skipped(std::string_view of_class);

  Counter& bytes;    // of objects, as they were fetched
  Counter& retries;  // of calls to AWS
  Counter& waits;
  Counter& queue_errors;
  Gauge& lag_s;  // of the object stored last: from its notification until now
  Gauge& waiting;
  Gauge& in_flight;

 private:
  [[nodiscard]] Counter& message_counter(MessageEnd end);
  [[nodiscard]] Counter& object_counter(ObjectEnd end);

  Metrics& metrics_;
  const std::string source_;
};

}  // namespace straykey
