#include "core/engine/route.h"

#include <algorithm>
#include <utility>

#include "core/base/invariant.h"
#include "core/identity/service_token.h"

namespace straykey {
namespace {

Request::RoutedEvent routed_event(HashKey key, const Event& event, std::uint32_t index) {
  Request::RoutedEvent out;
  out.index = index;
  out.failed = !event.error_code.empty();
  out.time = event.time;
  out.has_key = !event.access_key.empty();
  out.issue = event.assumes_role() && !event.issued_key.empty();
  out.signature = signature_of(key, event);
  if (event.console_session || event.access_key.empty() || event.user_agent.kind == ToolKind::mcp) {
    out.by_session = is_known_by_session(event) || (out.issue && is_called_by_session(event));
    if (out.by_session) out.signature.access_key = session_id(key, deciding_session(event), event.day());
  }
  out.event_id = event.event_id.empty() ? 0 : hash64(key, event.event_id);
  return out;
}

}  // namespace

void sign(Request& request, HashKey key) {
  if (request.routed.capacity() < request.events.capacity()) request.routed.reserve(request.events.capacity());
  for (std::size_t i = request.routed.size(); i < request.events.size(); ++i)
    request.routed.push_back(routed_event(key, request.events[i], static_cast<std::uint32_t>(i)));
}

void route(Request& request, HashKey key, std::uint32_t shard_count) {
  INVARIANT(shard_count >= 1 && request.batches.empty(), shard_count, request.batches.size());
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> batch_of(shard_count, kNone);
  const auto add = [&](std::uint32_t shard, Request::RoutedEvent& routed, bool use, bool issue, bool hands_on) {
    if (batch_of[shard] == kNone) {
      batch_of[shard] = request.batches.size();
      request.batches.emplace_back().shard = shard;
      request.batches.back().events.reserve(request.events.size() / shard_count + 1);
    }
    routed.use = use;
    routed.issue = issue;
    routed.hands_on = hands_on;
    request.batches[batch_of[shard]].events.push_back(routed);
  };
  sign(request, key);
  Seconds newest = 0;
  for (Request::RoutedEvent& routed : request.routed) {
    const bool issues = routed.issue;
    const Event& event = request.events[routed.index];
    if (!event.from_future && !event.recipient_account.empty()) newest = std::max(newest, routed.time);
    // A console session's call is used where its session is known, as all its calls are.
    const bool owned_by_session = routed.by_session && (!issues || is_known_by_session(event));
    if (!routed.has_key && !owned_by_session) {
      const std::string_view by = issues ? event.issued_key : event.recipient_account;
      const bool hands_on = issues && !routed.by_session;
      Request::RoutedEvent use = routed;
      use.by_session = false;
      add(shard_of(access_key_id(key, by), shard_count), use, true, issues, hands_on);
      if (routed.by_session) add(shard_of(routed.signature.access_key, shard_count), routed, false, false, true);
      continue;
    }
    const std::uint32_t use = shard_of(routed.signature.access_key, shard_count);
    if (!issues) {
      add(use, routed, true, false, false);
      continue;
    }
    const std::string_view issued = event.issued_key;
    const std::uint32_t issue = shard_of(access_key_id(key, issued), shard_count);
    add(use, routed, true, issue == use, true);
    if (issue != use) add(issue, routed, false, true, false);
  }
  request.newest_day = day_of(newest);
  request.routed = {};  // freed, because each event stands in a batch now
}

bool route_descents(Request& request, std::uint32_t shard_count) {
  const std::size_t handled = request.batches.size();
  for (std::size_t i = 0; i < handled; ++i) {
    for (Descent& descent : std::exchange(request.batches[i].handed_on, {})) {
      const std::uint32_t shard = shard_of(descent.key, shard_count);
      std::size_t to = handled;
      while (to < request.batches.size() && request.batches[to].shard != shard) ++to;
      if (to == request.batches.size()) request.batches.emplace_back().shard = shard;
      request.batches[to].descents.push_back(std::move(descent));
    }
  }
  return request.batches.size() > handled;
}

}  // namespace straykey
