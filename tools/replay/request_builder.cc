#include "tools/replay/request_builder.h"

#include <algorithm>
#include <utility>

namespace straykey {
namespace {

// At a speed, a request is also closed after this long, as a forwarder flushes.
constexpr double kFlushS = 1.0;

// A broken value that ends with its line: it leaves no bracket open that could swallow the next line.
std::string break_json(const std::string& record) {
  std::string broken = record;
  const std::size_t colon = broken.find("\":");
  if (colon != std::string::npos) broken[colon + 1] = '!';
  return broken;
}

}  // namespace

RequestBuilder::RequestBuilder(BuilderSettings settings, RecordRewriter rewriter, Give give)
    : settings_(settings),
      rewriter_(std::move(rewriter)),
      give_(std::move(give)),
      random_(mix(settings.seed, 0x7265706c6179)),
      plan_(settings.pacing) {}

bool RequestBuilder::add(const ReadRecord& record) {
  if (record.time) time_ = *record.time + rewriter_.shift_days() * kSecondsPerDay;
  if (const Day day = day_of(time_); day > day_)
    if (!begin_day(day)) return false;
  for (std::uint32_t copy = 0; copy < settings_.copies; ++copy)
    if (!add_copy(record, copy)) return false;
  return wanted_;
}

bool RequestBuilder::begin_day(Day day) {
  if (!release_held(0) || !close()) return false;
  day_ = day;
  return true;
}

bool RequestBuilder::add_copy(const ReadRecord& record, std::uint32_t copy) {
  Line& line = in_hand_;
  line.text.assign(record.text);
  line.time = time_;
  line.opaque = !record.time;
  if (copy > 0 || !rewriter_.is_identity()) rewriter_.rewrite(line.text, copy);
  const FaultSettings& faults = settings_.faults;
  if (faults.truncate > 0 && random_.unit() < faults.truncate) {
    ++faults_.truncated;
    const auto size = static_cast<std::size_t>(static_cast<double>(line.text.size()) * (0.25 + random_.unit() / 2));
    if (!put_text(std::string_view(line.text).substr(0, std::max<std::size_t>(size, 2)), line.time, true, false))
      return false;
  }
  if (faults.bad_json > 0 && random_.unit() < faults.bad_json) {
    ++faults_.bad_json;
    if (!put_text(break_json(line.text), line.time, true, false)) return false;
  }
  if (faults.duplicates > 0 && random_.unit() < faults.duplicates) {
    ++faults_.duplicates;
    held_.push_back(line);
  }
  if (faults.disorder > 0 && random_.unit() < faults.disorder) {
    ++faults_.disordered;
    held_.push_back(std::move(line));
  } else if (!put(line)) {
    return false;
  }
  return release_held(kHeldMax);
}

// Sends held lines in random order until only `leave` are left.
bool RequestBuilder::release_held(std::size_t leave) {
  while (held_.size() > leave) {
    std::swap(held_[random_.below(static_cast<std::uint32_t>(held_.size()))], held_.back());
    const Line line = std::move(held_.back());
    held_.pop_back();
    if (!put(line)) return false;
  }
  return true;
}

bool RequestBuilder::put(const Line& line) {
  return put_text(line.text, line.time, false, line.opaque);
}

bool RequestBuilder::put_text(std::string_view text, Seconds time, bool broken, bool opaque) {
  const Pacing& pacing = settings_.pacing;
  const bool flush = pacing.kind == Pacing::Kind::speed && open_.records > 0 &&
                     static_cast<double>(time - first_time_) > kFlushS * pacing.speed;
  if (open_.records > 0 && (flush || open_.body.size() + text.size() >= settings_.body_bytes_max))
    if (!close()) return false;
  if (open_.records == 0) {
    first_time_ = newest_time_ = time;
    open_.day = day_;
    // Only the events before this request count, so that the first request is due at once.
    if (pacing.open_loop() && pacing.kind != Pacing::Kind::speed) open_.due_s = plan_.due_s(records_, time);
  }
  newest_time_ = std::max(newest_time_, time);
  open_.body.append(text).push_back('\n');
  ++open_.records;
  ++records_;
  if (broken) ++open_.broken;
  if (opaque) ++open_.opaque;
  return open_.records < settings_.batch || close();
}

bool RequestBuilder::close() {
  if (open_.records == 0) return wanted_;
  if (settings_.pacing.kind == Pacing::Kind::speed) open_.due_s = plan_.due_s(records_, newest_time_);
  const FaultSettings& faults = settings_.faults;
  open_.break_off_first = faults.disconnect > 0 && random_.unit() < faults.disconnect;
  if (open_.break_off_first) open_.break_off_at = random_.unit();
  open_.bad_token_first = faults.bad_token > 0 && random_.unit() < faults.bad_token;
  open_.slow = faults.slow > 0 && random_.unit() < faults.slow;
  const std::size_t size = open_.body.size();
  wanted_ = give_(std::exchange(open_, {}));
  open_.body.reserve(size + size / 8);
  return wanted_;
}

bool RequestBuilder::finish() {
  return release_held(0) && close();
}

}  // namespace straykey
