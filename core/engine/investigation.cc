#include "core/engine/investigation.h"

#include <algorithm>

namespace straykey {
namespace {

std::string api_of(const Activity::Api& api) {
  std::string_view source = api.source;
  if (const std::size_t dot = source.find('.'); dot != std::string_view::npos) source = source.substr(0, dot);
  return std::string(source) + ':' + api.name;
}

std::vector<CountedText> most_counted(std::vector<Activity::Counted> list, std::size_t size_max) {
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  if (list.size() > size_max) list.resize(size_max);
  std::vector<CountedText> out;
  for (Activity::Counted& item : list) out.push_back({std::move(item.text), item.count});
  return out;
}

CallSummary summary_of(Activity activity) {
  CallSummary out;
  out.calls = activity.calls;
  out.errors = activity.errors;
  out.first = activity.first;
  out.last = activity.last;
  out.other_calls = activity.other_api_calls;
  std::stable_sort(activity.apis.begin(), activity.apis.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  for (const Activity::Api& api : activity.apis) {
    if (out.apis.size() < kApisShown) {
      out.apis.push_back({api_of(api), api.count, api.errors, api.first, api.last});
    } else {
      out.other_calls += api.count;
    }
  }
  out.sources = most_counted(std::move(activity.sources), kSourcesShown);
  out.agents = most_counted(std::move(activity.agents), kAgentsShown);
  return out;
}

}  // namespace

void investigate(Alert& alert, const BaselineView& view, int window_days) {
  const Candidate& call = alert.call;
  alert.key_calls = summary_of(view.activity(activity_row(view.hash_key(), call.access_key)));
  alert.identity_calls = summary_of(view.activity(identity_activity_row(view.hash_key(), call.token.identity)));
  // The event's own day is shown, too, because this only informs and decides nothing.
  for (const FactKind kind : {FactKind::role_service, FactKind::role_principal}) {
    view.each(kind, call.token.role_identity, [&](const std::string& by, const Fact& fact) {
      const int days = fact.presence.days_before(call.day() + 1, window_days);
      if (days > 0) alert.role_assumed_by.push_back({by, days, fact.first_day, fact.presence.newest_day});
      return alert.role_assumed_by.size() < kAssumptionsShown;
    });
  }
}

}  // namespace straykey
