#include "tools/server/clock_watch.h"

#include <algorithm>

#include "core/event/envelope.h"
#include "core/event/event.h"

namespace straykey {
namespace {

std::string event_time_of(const Event& event) {
  if (!event.record.starts_with('{')) return {};
  std::string_view time = member_of(event.record, "eventTime").text;
  if (time.size() < 2) return {};
  time = time.substr(1, time.size() - 2);
  return std::string(time.substr(0, 40));
}

}  // namespace

std::optional<ClockWatch::Finding> ClockWatch::look_at(const Request& request, Seconds now) {
  const auto is_ahead = [](const Event& event) { return event.from_future; };
  const auto ahead = static_cast<std::size_t>(std::count_if(request.events.begin(), request.events.end(), is_ahead));
  if (ahead * kSharePart <= request.events.size()) return std::nullopt;
  Seconds warned_at = warned_at_.load(std::memory_order_relaxed);
  const bool lately = now >= warned_at && now - warned_at < kWarnEveryS;
  if (lately || !warned_at_.compare_exchange_strong(warned_at, now, std::memory_order_relaxed)) return std::nullopt;
  return Finding{request.events.size(), ahead,
                 event_time_of(*std::find_if(request.events.begin(), request.events.end(), is_ahead))};
}

void ClockWatch::watch(const Request& request, Seconds now, Log& log) {
  const auto finding = look_at(request, now);
  if (!finding) return;
  log.warning(
      "events come from the future: the clock of this machine seems to be behind; see that NTP keeps it right "
      "(timedatectl)",
      {{"events", std::to_string(finding->events)},
       {"from_future", std::to_string(finding->from_future)},
       {"event_time", finding->event_time},
       {"clock", format_time(now)}});
}

}  // namespace straykey
