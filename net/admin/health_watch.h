#pragma once
// HealthWatch: finds out what no alert would tell, because nothing comes that could raise one: a source that fell
// silent, a trail without the events that issue keys, events that come late, address ranges that grew old.
//
// Shape:  it is shown a HealthSample now and then, and keeps a list of findings. What begins and what ends is returned,
//         once each. Nothing is stored: after a start everything is learned anew.
// Units:  seconds. Silence is measured by a clock that only runs forward; lag and the age of ranges by the wall clock.
// Thread: one.
// Bounds: a finding for each configured source and each kind.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace straykey {

struct HealthSettings {
  std::uint32_t source_silent_s = 0;  // 0: learned of each source
  std::uint32_t event_lag_s = 3'600;
  std::uint32_t issuing_silent_s = 86'400;
  std::uint32_t ranges_age_days = 20;  // after 30 days, verdicts that rest on the ranges become weak

  bool operator==(const HealthSettings&) const = default;
};

struct SourceSample {
  std::string name;
  std::uint64_t events = 0;           // since the start
  std::uint32_t silent_s = 0;         // configured for this source; 0: as HealthSettings says
  std::optional<Seconds> lag_s = {};  // how old the newest event of its last request was when that came
};

struct HealthSample {
  double uptime = 0;
  Seconds now = 0;
  std::vector<SourceSample> sources;
  std::uint64_t issuing = 0, of_roles = 0;     // events that issued keys, and those by keys of roles, since the start
  std::optional<Seconds> ranges_created = {};  // of those in force
};

struct HealthFinding {
  std::string_view kind;  // "source_silent", "issuing_never_seen", "event_lag", "ranges_old"
  std::string subject;    // the source; empty: the whole server
  Seconds since = 0;      // when it was found
  std::string sentence;   // what is wrong, with its numbers
  std::string_view advice;

  [[nodiscard]] bool is_of(std::string_view of_kind, std::string_view of_subject) const {
    return kind == of_kind && subject == of_subject;
  }
};

class HealthWatch {
 public:
  static constexpr std::uint32_t kLearnedMin = 900, kLearnedMax = 86'400;
  static constexpr double kLearningS = 3'600;         // before that a learned limit is kLearnedMax
  static constexpr double kRememberedS = 7 * 86'400;  // a pause counts for one to two times as long
  static constexpr std::uint32_t kPausesMin = 4;      // so many times the longest pause is silence
  static constexpr std::uint64_t kRoleEventsMin = 1'000;

  explicit HealthWatch(HealthSettings settings) : settings_(settings) {}

  void use(const HealthSettings& settings) { settings_ = settings; }

  struct Changes {
    std::vector<HealthFinding> raised, cleared;
  };
  Changes look(const HealthSample& sample);

  [[nodiscard]] const std::vector<HealthFinding>& findings() const noexcept { return findings_; }
  // How long the source has said nothing, and how long it may. REQUIRES: it was in the last sample.
  struct Silence {
    double silent_s = 0, limit_s = 0;
  };
  [[nodiscard]] Silence silence_of(const std::string& source) const;

 private:
  struct Known {
    std::uint64_t events = 0;
    double began = 0, spoke = 0;  // uptime
    bool has_spoken = false;
    double longest_pause = 0, longest_before = 0, remembered_since = 0;
    std::uint32_t configured_s = 0;
    std::optional<double> late_since;
  };
  void note(const SourceSample& source, double uptime);
  [[nodiscard]] double limit_of(const Known& known, double uptime) const;
  void find_silence(const SourceSample& source, const HealthSample& sample, std::vector<HealthFinding>& found);
  void find_lag(const SourceSample& source, const HealthSample& sample, std::vector<HealthFinding>& found);
  void find_blindness(const HealthSample& sample, std::vector<HealthFinding>& found);
  void find_old_ranges(const HealthSample& sample, std::vector<HealthFinding>& found) const;

  HealthSettings settings_;
  std::map<std::string, Known> sources_;
  std::optional<double> began_;        // uptime of the first sample
  std::optional<double> roles_since_;  // uptime at which enough events of roles had come
  double uptime_ = 0;
  std::vector<HealthFinding> findings_;
};

}  // namespace straykey
