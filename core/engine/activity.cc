#include "core/engine/activity.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/utf8.h"

namespace straykey {
namespace {

constexpr std::size_t kTextMax = 256;

void count_text(std::vector<Activity::Counted>& list, std::string_view text, std::size_t size_max,
                std::uint64_t times = 1) {
  text = cut_utf8(text, kTextMax);
  for (Activity::Counted& counted : list) {
    if (counted.text != text) continue;
    counted.count += times;
    return;
  }
  if (list.size() < size_max) list.push_back({std::string(text), times});
}

}  // namespace

void Activity::count(const Event& event) {
  const std::uint64_t error = event.error_code.empty() ? 0 : 1;
  first = calls == 0 ? event.time : std::min(first, event.time);
  last = std::max(last, event.time);
  ++calls;
  errors += error;
  count_text(sources, event.source_ip, kSourcesMax);
  count_text(agents, event.user_agent_text, kAgentsMax);
  const std::string_view source = cut_utf8(event.event_source, kTextMax), name = cut_utf8(event.event_name, kTextMax);
  for (Api& api : apis) {
    if (api.name != name || api.source != source) continue;
    ++api.count;
    api.errors += error;
    api.first = std::min(api.first, event.time);
    api.last = std::max(api.last, event.time);
    return;
  }
  if (apis.size() < kApisMax) {
    apis.push_back({std::string(source), std::string(name), 1, error, event.time, event.time});
  } else {
    ++other_api_calls;
  }
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
  for (const Counted& theirs : other.agents) count_text(agents, theirs.text, kAgentsMax, theirs.count);
}

std::string activity_row(HashKey key, std::string_view access_key) {
  const auto bytes = hash128(key, access_key).bytes();
  return {bytes.data(), bytes.size()};
}

std::string identity_activity_row(HashKey key, std::string_view identity) {
  return activity_row(key, "identity " + std::string(identity));  // no access key holds a space
}

std::string encode_activity(const Activity& activity) {
  ByteWriter out;
  out.fixed<std::uint8_t>(1).varint(activity.calls).varint(activity.errors).varint(activity.other_api_calls);
  out.fixed(activity.first).fixed(activity.last).varint(activity.apis.size());
  for (const Activity::Api& api : activity.apis)
    out.string(api.source).string(api.name).varint(api.count).varint(api.errors).fixed(api.first).fixed(api.last);
  for (const auto* list : {&activity.sources, &activity.agents}) {
    out.varint(list->size());
    for (const Activity::Counted& counted : *list) out.string(counted.text).varint(counted.count);
  }
  return out.take();
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
