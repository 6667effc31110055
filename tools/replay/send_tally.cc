#include "tools/replay/send_tally.h"

namespace straykey {

void SendTally::add(const SendTally& other) {
  for (const auto field : {&SendTally::requests,
                           &SendTally::records,
                           &SendTally::bytes,
                           &SendTally::broken_records,
                           &SendTally::opaque_records,
                           &SendTally::accepted_records,
                           &SendTally::rejected_records,
                           &SendTally::refused_records,
                           &SendTally::given_up_records,
                           &SendTally::unsent_records,
                           &SendTally::miscounted,
                           &SendTally::retries_503,
                           &SendTally::retries_429,
                           &SendTally::retries_connection,
                           &SendTally::retries_other,
                           &SendTally::connections,
                           &SendTally::broken_off,
                           &SendTally::slow,
                           &SendTally::bad_tokens,
                           &SendTally::bad_tokens_let_in,
                           &SendTally::late_by_generator})
    this->*field += other.*field;
  for (const auto& [status, count] : other.statuses) statuses[status] += count;
  for (const auto& [code, count] : other.reject_codes) reject_codes[code] += count;
  for (const auto& [sentence, count] : other.problems)
    if (problems.size() < kSamplesMax || problems.contains(sentence)) problems[sentence] += count;
  latency.merge(other.latency);
  service.merge(other.service);
  timeline.merge(other.timeline);
}

}  // namespace straykey
