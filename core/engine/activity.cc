#include "core/engine/activity.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/utf8.h"

namespace straykey {
namespace {

constexpr std::size_t kTextMax = 256;

std::uint8_t count_text(std::vector<Activity::Counted>& list, std::string_view text, std::size_t size_max,
                        std::uint64_t times) {
  text = cut_utf8(text, kTextMax);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].text != text) continue;
    list[i].count += times;
    return static_cast<std::uint8_t>(i);
  }
  if (list.size() == size_max) return Activity::kOther;
  list.push_back({std::string(text), times});
  return static_cast<std::uint8_t>(list.size() - 1);
}

void look_at(Activity::Counted& one, const UserAgent& agent) {
  one.tool = agent.tool;
  one.platform = agent.platform;
}

std::string_view product_of(std::string_view text) {
  return text.substr(0, text.find_first_of("/ "));
}

// Agents are alike if tool and platform are the same. Products of no table have a name instead of a tool.
bool are_alike(const Activity::Counted& one, const UserAgent& agent, std::string_view text) {
  if (one.tool != agent.tool || one.platform != agent.platform) return false;
  return (agent.tool != "other" && agent.tool != "unknown") || product_of(one.text) == product_of(text);
}

// As count_text, but agents that are alike share one entry. `agent` is what `text` says.
std::uint8_t count_agent(std::vector<Activity::Counted>& list, std::string_view text, const UserAgent& agent,
                         std::uint64_t times) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    Activity::Counted& one = list[i];
    if (one.tool.empty()) look_at(one, classify_user_agent(one.text));
    if (!are_alike(one, agent, text)) continue;
    one.count += times;
    return static_cast<std::uint8_t>(i);
  }
  if (list.size() == Activity::kAgentsMax) return Activity::kOther;
  look_at(list.emplace_back(Activity::Counted{std::string(text), times}), agent);
  return static_cast<std::uint8_t>(list.size() - 1);
}

std::uint8_t count_agent(std::vector<Activity::Counted>& list, const Event& event) {
  const std::string_view text = cut_utf8(event.user_agent_text, kTextMax);
  const bool cut = text.size() < event.user_agent_text.size();  // a row keeps what was cut, and is judged by that
  return count_agent(list, text, cut ? classify_user_agent(text) : event.user_agent, 0);
}

void add_agent(std::vector<Activity::Counted>& list, const Activity::Counted& theirs) {
  const auto same = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.text == theirs.text; });
  if (same != list.end()) {
    same->count += theirs.count;
    return;
  }
  UserAgent agent;
  agent.tool = theirs.tool;
  agent.platform = theirs.platform;
  if (agent.tool.empty()) agent = classify_user_agent(theirs.text);
  count_agent(list, theirs.text, agent, theirs.count);
}

}  // namespace

Activity::Places Activity::count(const Event& event) {
  const auto find_api = [&]() -> std::uint8_t {
    const std::string_view source = cut_utf8(event.event_source, kTextMax), name = cut_utf8(event.event_name, kTextMax);
    for (std::size_t i = 0; i < apis.size(); ++i)
      if (apis[i].name == name && apis[i].source == source) return static_cast<std::uint8_t>(i);
    if (apis.size() == kApisMax) return kOther;
    apis.push_back({std::string(source), std::string(name), 0, 0, event.time, event.time});
    return static_cast<std::uint8_t>(apis.size() - 1);
  };
  const Places places{find_api(), count_text(sources, event.source_ip, kSourcesMax, 0), count_agent(agents, event)};
  count(places, 1, event.error_code.empty() ? 0 : 1, event.time, event.time);
  return places;
}

void Activity::count(Places places, std::uint64_t calls_more, std::uint64_t errors_more, Seconds first_time,
                     Seconds last_time) {
  first = calls == 0 ? first_time : std::min(first, first_time);
  last = std::max(last, last_time);
  calls += calls_more;
  errors += errors_more;
  if (places.source != kOther) sources[places.source].count += calls_more;
  if (places.agent != kOther) agents[places.agent].count += calls_more;
  if (places.api == kOther) {
    other_api_calls += calls_more;
    return;
  }
  Api& api = apis[places.api];
  api.count += calls_more;
  api.errors += errors_more;
  api.first = std::min(api.first, first_time);
  api.last = std::max(api.last, last_time);
}

void ActivityCounter::count(std::uint64_t call, Seconds time, bool failed, const Event& event) {
  const auto known = like_.find(call);
  if (known != like_.end()) {
    Like& like = known->second;
    like.first = like.calls == 0 ? time : std::min(like.first, time);
    like.last = like.calls == 0 ? time : std::max(like.last, time);
    ++like.calls;
    like.errors += failed ? 1 : 0;
    return;
  }
  const bool first = activity_.calls == 0;
  const Activity::Places places = activity_.count(event);
  if (!first && like_.size() < kLikesMax) like_.emplace(call, Like{places});
}

Activity ActivityCounter::release() {
  for (const auto& [call, like] : like_)
    if (like.calls > 0) activity_.count(like.places, like.calls, like.errors, like.first, like.last);
  like_ = {};  // its memory, too, because most keys are idle most of the time
  return std::exchange(activity_, {});
}

void Activity::merge(const Activity& other) {
  if (other.calls == 0) return;
  first = calls == 0 ? other.first : std::min(first, other.first);
  last = std::max(last, other.last);
  calls += other.calls;
  errors += other.errors;
  other_api_calls += other.other_api_calls;
  for (const Api& theirs : other.apis) {
    const auto ours = std::find_if(apis.begin(), apis.end(), [&](const Api& api) {
      return api.name == theirs.name && api.source == theirs.source;
    });
    if (ours != apis.end()) {
      ours->count += theirs.count;
      ours->errors += theirs.errors;
      ours->first = std::min(ours->first, theirs.first);
      ours->last = std::max(ours->last, theirs.last);
    } else if (apis.size() < kApisMax) {
      apis.push_back(theirs);
    } else {
      other_api_calls += theirs.count;
    }
  }
  for (const Counted& theirs : other.sources) count_text(sources, theirs.text, kSourcesMax, theirs.count);
  for (const Counted& theirs : other.agents) add_agent(agents, theirs);
}

std::string activity_row(HashKey key, std::string_view access_key) {
  return hash128(key, access_key).key();
}

std::string identity_activity_row(HashKey key, std::string_view identity) {
  return activity_row(key, "identity " + std::string(identity));  // no access key holds a space
}

std::string encode_activity(const Activity& activity) {
  constexpr std::size_t kBytesMostly = 512;
  ByteWriter out(kBytesMostly);
  out.fixed<std::uint8_t>(1).varint(activity.calls).varint(activity.errors).varint(activity.other_api_calls);
  out.fixed(activity.first).fixed(activity.last).varint(activity.apis.size());
  for (const Activity::Api& api : activity.apis)
    out.string(api.source).string(api.name).varint(api.count).varint(api.errors).fixed(api.first).fixed(api.last);
  for (const auto* list : {&activity.sources, &activity.agents}) {
    out.varint(list->size());
    for (const Activity::Counted& counted : *list) out.string(counted.text).varint(counted.count);
  }
  return out.bytes();
}

std::optional<Activity> decode_activity(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != 1) return std::nullopt;
  Activity out;
  out.calls = in.varint();
  out.errors = in.varint();
  out.other_api_calls = in.varint();
  out.first = in.fixed<Seconds>();
  out.last = in.fixed<Seconds>();
  const std::uint64_t apis = in.varint();
  if (apis > Activity::kApisMax) return std::nullopt;
  for (std::uint64_t i = 0; i < apis; ++i) {
    Activity::Api& api = out.apis.emplace_back();
    api.source = in.string();
    api.name = in.string();
    api.count = in.varint();
    api.errors = in.varint();
    api.first = in.fixed<Seconds>();
    api.last = in.fixed<Seconds>();
  }
  for (auto* list : {&out.sources, &out.agents}) {
    const std::uint64_t size = in.varint();
    if (size > Activity::kSourcesMax) return std::nullopt;
    for (std::uint64_t i = 0; i < size; ++i) {
      Activity::Counted& counted = list->emplace_back();
      counted.text = in.string();
      counted.count = in.varint();
    }
  }
  if (!in.at_end()) return std::nullopt;
  return out;
}

}  // namespace straykey
