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

// The same for agents of one tool and platform. A product of no table counts by its name.
std::uint64_t like_of_agent(std::string_view text) {
  const UserAgent agent = classify_user_agent(text);
  const bool unknown_product = agent.tool == "other" || agent.tool == "unknown";
  const std::string_view name = unknown_product ? text.substr(0, text.find_first_of("/ ")) : agent.tool;
  ByteWriter out;
  out.fixed<std::uint8_t>(unknown_product ? 1 : 0).fixed(agent.platform).string(name);
  const Hash128 hash = hash128(kFixedHashKey, out.view());
  return hash.low == 0 ? 1 : hash.low;
}

std::uint8_t count_agent(std::vector<Activity::Counted>& list, std::string_view text, std::uint64_t times) {
  text = cut_utf8(text, kTextMax);
  auto found = std::find_if(list.begin(), list.end(), [&](const Activity::Counted& one) { return one.text == text; });
  std::uint64_t like = 0;
  if (found == list.end()) {
    like = like_of_agent(text);
    found = std::find_if(list.begin(), list.end(), [&](Activity::Counted& one) {
      if (one.like == 0) one.like = like_of_agent(one.text);
      return one.like == like;
    });
  }
  if (found == list.end() && list.size() == Activity::kAgentsMax) return Activity::kOther;
  if (found == list.end()) found = list.insert(list.end(), {std::string(text), 0, like});
  found->count += times;
  return static_cast<std::uint8_t>(found - list.begin());
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
  const Places places{find_api(), count_text(sources, event.source_ip, kSourcesMax, 0),
                      count_agent(agents, event.user_agent_text, 0)};
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
  for (const Counted& theirs : other.agents) count_agent(agents, theirs.text, theirs.count);
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
