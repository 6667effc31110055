#include "core/engine/activity.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/utf8.h"

namespace straykey {
namespace {

constexpr std::size_t kTextMax = 256;

void count_text(std::vector<Activity::Counted>& list, std::string_view text, std::size_t size_max) {
  text = cut_utf8(text, kTextMax);
  for (Activity::Counted& counted : list) {
    if (counted.text != text) continue;
    ++counted.count;
    return;
  }
  if (list.size() < size_max) list.push_back({std::string(text), 1});
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
