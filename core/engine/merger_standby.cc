// What the merger does on a node that follows a judge, and when it becomes the judge (core/engine/standby).
#include "core/detect/candidate.h"
#include "core/engine/alert_caps.h"
#include "core/engine/alert_log.h"
#include "core/engine/judged_elsewhere.h"
#include "core/engine/log_place.h"
#include "core/engine/merger.h"
#include "core/engine/sequence.h"
#include "core/engine/waiting_candidates.h"

namespace straykey {

void Merger::begin_to_follow() {
  following_ = true;
  if (!elsewhere_) elsewhere_ = std::make_unique<JudgedElsewhere>();
  outbox_.begin_anew();
}

// Each node numbers its candidates itself, so what the judge judged is found by its combination. Its row of `proposed`
// lies in the partition of its key, which need not be looked for.
void Merger::follow(const LogTransaction& transaction, std::string_view place) {
  open();
  for (const LogTransaction::Row& row : transaction.rows) {
    if (row.value) {
      writer_->put(row.table, row.key, *row.value);
    } else {
      writer_->erase(row.table, row.key);
    }
  }
  if (!place.empty()) writer_->put(Table::progress, kLogPlaceKey, place);
  for (const Hash128 combination : transaction.judged) {
    bool found = false;
    for (std::uint32_t shard = 0; shard < readers_.size(); ++shard) {
      const auto proposed = readers_[shard]->get(Table::proposed, combination.bytes());
      if (!proposed) continue;
      const std::uint64_t sequence = decode_sequence(*proposed);
      waiting_->note_judged({shard, sequence, sequence});
      found = true;
    }
    if (!found) elsewhere_->note(combination);
  }
}

void Merger::pass_those_judged_elsewhere(const std::vector<CandidateRange>& request) {
  if (elsewhere_->empty()) return;
  open();
  for (const CandidateRange& range : request)
    for (std::uint64_t sequence = range.first; sequence <= range.last && range.shard < readers_.size(); ++sequence) {
      const auto stored = readers_[range.shard]->get(Table::candidates, encode_sequence(sequence));
      const auto call = stored ? decode_candidate(*stored) : std::nullopt;
      if (call && elsewhere_->contains(call->combination)) waiting_->note_judged({range.shard, sequence, sequence});
    }
}

void Merger::pass_judged(Day oldest) {
  open();
  std::vector<CandidateRange> judged;
  waiting_->each([&](std::uint32_t shard, std::uint64_t sequence) {
    if (shard >= readers_.size()) return;
    const auto stored = readers_[shard]->get(Table::candidates, encode_sequence(sequence));
    const auto call = stored ? decode_candidate(*stored) : std::nullopt;
    if (!call || call->day() < oldest || elsewhere_->contains(call->combination) ||
        writer_->get(Table::hits, call->combination.bytes()))
      judged.push_back({shard, sequence, sequence});
  });
  for (const CandidateRange& range : judged) waiting_->note_judged(range);
}

bool Merger::has_to_deliver(std::string_view endpoint, Hash128 alert_id) {
  open();
  return writer_->get(Table::outbox, outbox_row_key(endpoint, alert_id)).has_value();
}

void Merger::drop_judged() {
  waiting_->drop_judged();
}

// Whatever was remembered of the rows may be another's by now.
void Merger::begin_to_judge() {
  following_ = false;
  answers_.forget();
  caps_->look_again();
  outbox_.begin_anew();
}

}  // namespace straykey
