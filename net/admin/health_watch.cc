#include "net/admin/health_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace straykey {
namespace {

constexpr std::string_view kSilent = "source_silent", kBlind = "issuing_never_seen", kLate = "event_lag",
                           kOld = "ranges_old";
// A backfill or one slow file is late for a while, and nothing is wrong.
constexpr double kLateForS = 1'800;

// "45 s", "12 min", "3 h", "2 days", rounded down.
std::string duration(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds);
  if (s < 120) return fmt::format("{} s", s);
  if (s < 2 * 3'600) return fmt::format("{} min", s / 60);
  if (s < 2 * 86'400) return fmt::format("{} h", s / 3'600);
  return fmt::format("{} days", s / 86'400);
}

bool holds(const std::vector<HealthFinding>& list, const HealthFinding& one) {
  return std::any_of(list.begin(), list.end(),
                     [&one](const HealthFinding& other) { return other.is_of(one.kind, one.subject); });
}

}  // namespace

HealthWatch::Changes HealthWatch::look(const HealthSample& sample) {
  uptime_ = sample.uptime;
  if (!began_) began_ = sample.uptime;
  std::erase_if(sources_, [&sample](const auto& known) {
    return std::none_of(sample.sources.begin(), sample.sources.end(),
                        [&known](const SourceSample& source) { return source.name == known.first; });
  });
  std::vector<HealthFinding> found;
  for (const SourceSample& source : sample.sources) {
    note(source, sample.uptime);
    find_silence(source, sample, found);
    find_lag(source, sample, found);
  }
  find_blindness(sample, found);
  find_old_ranges(sample, found);

  Changes changes;
  for (HealthFinding& finding : found) {
    const auto before = std::find_if(findings_.begin(), findings_.end(), [&finding](const HealthFinding& other) {
      return other.is_of(finding.kind, finding.subject);
    });
    finding.since = before == findings_.end() ? sample.now : before->since;
    if (before == findings_.end()) changes.raised.push_back(finding);
  }
  for (const HealthFinding& finding : findings_)
    if (!holds(found, finding)) changes.cleared.push_back(finding);
  findings_ = std::move(found);
  return changes;
}

void HealthWatch::note(const SourceSample& source, double uptime) {
  const auto [at, is_new] = sources_.try_emplace(source.name);
  Known& known = at->second;
  known.configured_s = source.silent_s != 0 ? source.silent_s : settings_.source_silent_s;
  if (is_new) known.began = known.spoke = known.remembered_since = uptime;
  if (uptime - known.remembered_since >= kRememberedS) {
    known.longest_before = known.longest_pause;
    known.longest_pause = 0;
    known.remembered_since = uptime;
  }
  if (source.events == known.events) return;
  if (known.has_spoken)
    known.longest_pause = std::max(known.longest_pause, uptime - known.spoke);
  else
    known.began = uptime;
  known.has_spoken = true;
  known.events = source.events;
  known.spoke = uptime;
}

double HealthWatch::limit_of(const Known& known, double uptime) const {
  if (known.configured_s != 0) return known.configured_s;
  if (!known.has_spoken || uptime - known.began < kLearningS) return kLearnedMax;
  const double longest = std::max(known.longest_pause, known.longest_before);
  return std::clamp<double>(kPausesMin * longest, kLearnedMin, kLearnedMax);
}

HealthWatch::Silence HealthWatch::silence_of(const std::string& source) const {
  const Known& known = sources_.at(source);
  return {uptime_ - known.spoke, limit_of(known, uptime_)};
}

void HealthWatch::find_silence(const SourceSample& source, const HealthSample& sample,
                               std::vector<HealthFinding>& found) {
  const Known& known = sources_.at(source.name);
  const double silent_s = sample.uptime - known.spoke, limit_s = limit_of(known, sample.uptime);
  if (silent_s <= limit_s) return;
  const std::string since = known.has_spoken ? "" : " since the start";
  found.push_back({kSilent, source.name, 0,
                   fmt::format("Source {} has sent no event for {}{}; expected is one in {}.", source.name,
                               duration(silent_s), since, duration(limit_s)),
                   "Look at the sender and at the way to it. If it is gone for good, take its token or listener out of "
                   "the configuration; if it rests as long, set health.source_silent_s or the token's silent_s."});
}

// By the newest event of a request: old ones among them are redelivery.
void HealthWatch::find_lag(const SourceSample& source, const HealthSample& sample, std::vector<HealthFinding>& found) {
  Known& known = sources_.at(source.name);
  const bool late = settings_.event_lag_s != 0 && source.lag_s && *source.lag_s > settings_.event_lag_s;
  if (!late) {
    known.late_since.reset();
    return;
  }
  if (!known.late_since) known.late_since = sample.uptime;
  if (sample.uptime - *known.late_since < kLateForS) return;
  found.push_back(
      {kLate, source.name, 0,
       fmt::format("Source {} has brought only events older than {} for {}; the newest of the last request "
                   "was {} old.",
                   source.name, duration(settings_.event_lag_s), duration(sample.uptime - *known.late_since),
                   duration(static_cast<double>(*source.lag_s))),
       "Thefts are told as late as their events come. Look for a queue that grows before straykey. A "
       "backfill is late rightly: its finding goes with it."});
}

void HealthWatch::find_blindness(const HealthSample& sample, std::vector<HealthFinding>& found) {
  if (!roles_since_ && sample.of_roles >= kRoleEventsMin) roles_since_ = sample.uptime;
  if (settings_.issuing_silent_s == 0 || sample.issuing > 0 || !roles_since_) return;
  const double blind_s = sample.uptime - *roles_since_;
  if (blind_s < settings_.issuing_silent_s) return;
  found.push_back(
      {kBlind, "", 0,
       fmt::format("{} events came by keys of roles, and in {} not one that issued such a key (AssumeRole).",
                   sample.of_roles, duration(blind_s)),
       "Without them many keys cannot be proven to be a service's, and raise nothing. The trail must cover "
       "all Regions, and read as well as write events of management: AssumeRole counts as a read."});
}

void HealthWatch::find_old_ranges(const HealthSample& sample, std::vector<HealthFinding>& found) const {
  if (settings_.ranges_age_days == 0 || !sample.ranges_created) return;
  const Seconds age = sample.now - *sample.ranges_created;
  if (age <= static_cast<Seconds>(settings_.ranges_age_days) * kSecondsPerDay) return;
  found.push_back({kOld, "", 0,
                   fmt::format("AWS's address ranges are {} old; after 30 days verdicts that rest on them become weak.",
                               duration(static_cast<double>(age))),
                   "Let the server fetch them (networks.aws_ranges = \"auto\", which needs a way out to "
                   "ip-ranges.amazonaws.com), or run straykey ranges update and reload."});
}

}  // namespace straykey
