#include "core/engine/waiting_candidates.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/invariant.h"
#include "core/detect/candidate.h"
#include "core/engine/judged_marks.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

std::uint64_t count_of(const WaitingCandidates::Ranges& ranges) {
  std::uint64_t count = 0;
  for (const CandidateRange& range : ranges) count += range.last - range.first + 1;
  return count;
}

}  // namespace

WaitingCandidates::WaitingCandidates(std::uint32_t shards)
    : shards_(shards), marks_(std::make_unique<JudgedMarks[]>(shards)) {}

WaitingCandidates::~WaitingCandidates() = default;

void WaitingCandidates::read_marks(StoreReader& alerts) {
  for (std::uint32_t shard = 0; shard < shards_; ++shard) marks_[shard].read(alerts, shard);
}

void WaitingCandidates::find_backlog(const Readers& partitions) {
  INVARIANT(partitions.size() == shards_, partitions.size(), shards_);
  requests_.clear();
  order_.clear();
  count_ = position_ = staged_requests_ = staged_places_ = 0;
  backlog_waits_ = false;
  Waiting backlog;
  for (std::uint32_t shard = 0; shard < shards_; ++shard) {
    const auto next = partitions[shard]->get(Table::shard_meta, kNextSequenceKey);
    const std::uint64_t first = marks_[shard].up_to() + 1, end = next ? decode_sequence(*next) : 0;
    marks_[shard].forget_from(end);
    if (first >= end) continue;
    backlog.ranges.push_back({shard, first, end - 1});
    backlog.count += end - first - marks_[shard].past_the_mark();
  }
  if (backlog.ranges.empty()) return;
  put(std::move(backlog.ranges), backlog.count);
  backlog_waits_ = true;
}

bool WaitingCandidates::is_judged(std::uint32_t shard, std::uint64_t sequence) const {
  return marks_[shard].contains(sequence);
}

void WaitingCandidates::note_judged(const CandidateRange& range) {
  marks_[range.shard].note(range.first, range.last);
}

void WaitingCandidates::write_marks(StoreWriter& alerts) {
  for (std::uint32_t shard = 0; shard < shards_; ++shard) marks_[shard].write(alerts, shard);
}

std::uint64_t WaitingCandidates::judged_up_to(std::uint32_t shard) const noexcept {
  return marks_[shard].up_to();
}

void WaitingCandidates::add(Ranges request) {
  const std::uint64_t count = count_of(request);
  if (count > 0) put(std::move(request), count);
}

void WaitingCandidates::put(Ranges request, std::uint64_t count) {
  count_ += count;
  requests_.push_back({std::move(request), count});
}

std::vector<WaitingCandidates::Ranges> WaitingCandidates::next(const Readers& partitions) {
  staged_requests_ = staged_places_ = 0;
  if (requests_.empty()) return {};
  if (order_.empty() && requests_.front().count > candidates_max && !put_in_order(partitions)) return {};
  if (!order_.empty()) return {part()};
  std::vector<Ranges> whole;
  std::uint64_t count = 0;
  for (const Waiting& request : requests_) {
    count += request.count;
    if (count > candidates_max) break;
    whole.push_back(request.ranges);
  }
  staged_requests_ = whole.size();
  return whole;
}

// False: a reader failed.
bool WaitingCandidates::put_in_order(const Readers& partitions) {
  for (const CandidateRange& range : requests_.front().ranges) {
    read(range, *partitions[range.shard]);
    if (partitions[range.shard]->failure().empty()) continue;
    order_.clear();
    return false;
  }
  std::sort(order_.begin(), order_.end(), [](const Place& a, const Place& b) {
    return std::tie(a.day, a.is_call, a.identity, a.time, a.combination, a.shard, a.sequence) <
           std::tie(b.day, b.is_call, b.identity, b.time, b.combination, b.shard, b.sequence);
  });
  count_ += order_.size() - requests_.front().count;
  requests_.front().count = order_.size();
  return true;
}

// Numbers without a row are among the places, too: the mark must pass them.
void WaitingCandidates::read(const CandidateRange& range, StoreReader& partition) {
  const JudgedMarks& marks = marks_[range.shard];
  std::uint64_t next = range.first;
  const auto pass = [&](std::uint64_t until) {
    for (; next < until; ++next) {
      if (marks.contains(next)) continue;
      order_.emplace_back();
      order_.back().shard = range.shard;
      order_.back().sequence = next;
    }
  };
  partition.scan(Table::candidates, {}, encode_sequence(range.first), [&](std::string_view key, std::string_view row) {
    const std::uint64_t sequence = decode_sequence(key);
    if (sequence > range.last) return false;
    pass(sequence);
    if (marks.contains(sequence)) return true;
    pass(sequence + 1);
    const auto candidate = decode_candidate(row);
    if (!candidate) return true;
    Place& place = order_.back();
    place.day = candidate->day();
    place.is_call = candidate->is_call();
    place.identity = hash128(kFixedHashKey, candidate->token.account + '/' + candidate->token.identity);
    place.time = candidate->time;
    place.combination = candidate->combination;
    return true;
  });
  pass(range.last + 1);
}

WaitingCandidates::Ranges WaitingCandidates::part() {
  const std::size_t most = std::min(order_.size() - position_, candidates_max);
  std::size_t end = position_ + most;
  if (end < order_.size()) {
    while (end > position_ && order_[end - 1].same_identity_and_day(order_[end])) --end;
    if (end == position_) end = position_ + most;  // one identity fills it
  }
  staged_places_ = end - position_;
  Ranges out;
  for (std::size_t i = position_; i < end; ++i)
    out.push_back({order_[i].shard, order_[i].sequence, order_[i].sequence});
  return out;
}

void WaitingCandidates::settle(bool committed) {
  for (std::uint32_t shard = 0; shard < shards_; ++shard) marks_[shard].settle(committed);
  const std::size_t requests = std::exchange(staged_requests_, 0), places = std::exchange(staged_places_, 0);
  if (!committed) return;
  for (std::size_t i = 0; i < requests; ++i) pop();
  if (places == 0) return;
  position_ += places;
  requests_.front().count -= places;
  count_ -= places;
  if (position_ < order_.size()) return;
  order_ = {};
  position_ = 0;
  pop();
}

void WaitingCandidates::each(const std::function<void(std::uint32_t shard, std::uint64_t sequence)>& visit) const {
  for (const Waiting& request : requests_)
    for (const CandidateRange& range : request.ranges)
      for (std::uint64_t sequence = range.first; sequence <= range.last; ++sequence)
        if (!is_judged(range.shard, sequence)) visit(range.shard, sequence);
}

bool WaitingCandidates::all_judged(const Ranges& ranges) const {
  return std::ranges::all_of(ranges, [this](const CandidateRange& range) {
    for (std::uint64_t sequence = range.first; sequence <= range.last; ++sequence)
      if (!is_judged(range.shard, sequence)) return false;
    return true;
  });
}

// The first one may be judged in parts; its order is made anew if it is judged here after all.
void WaitingCandidates::drop_judged() {
  order_ = {};
  position_ = 0;
  bool first = true;
  std::erase_if(requests_, [&](const Waiting& request) {
    const bool is_backlog = std::exchange(first, false) && backlog_waits_;
    if (!all_judged(request.ranges)) return false;
    count_ -= request.count;
    if (is_backlog) backlog_waits_ = false;
    return true;
  });
}

void WaitingCandidates::pop() {
  count_ -= requests_.front().count;
  requests_.pop_front();
  backlog_waits_ = false;
}

}  // namespace straykey
