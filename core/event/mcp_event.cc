#include "core/event/mcp_event.h"

#include <algorithm>
#include <array>

#include "core/event/json_text.h"

namespace straykey {
namespace {

constexpr std::string_view kMcpEvent = "AwsMcpEvent", kNone = "-";
constexpr std::array<std::string_view, 4> kServers{"aws-mcp.amazonaws.com", "eks-mcp.amazonaws.com",
                                                   "ecs-mcp.amazonaws.com",
                                                   "sagemaker-unified-studio-mcp.amazonaws.com"};

// The member's value as it is written; empty if the object has none.
std::string_view member_of(std::string_view object, std::string_view name) noexcept {
  if (!object.starts_with('{')) return {};
  JsonMembers members(object);
  std::string_view key, found;
  for (JsonSlice value; members.next(key, value);)
    if (key == name) found = value.text;
  return found;
}

bool is_of_a_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '-' ||
         c == '.' || c == '_';
}

std::string_view word_of(std::string_view object, std::string_view name) noexcept {
  constexpr std::size_t kWordBytesMax = 64;
  std::string_view value = member_of(object, name);
  if (!value.starts_with('"')) return kNone;
  value = value.substr(1, kWordBytesMax);
  value = value.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(value, is_of_a_name) - value.begin()));
  return value.empty() ? kNone : value;
}

std::string_view take_until(std::string_view& text, char end) noexcept {
  const std::size_t size = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return taken == kNone ? std::string_view{} : taken;
}

}  // namespace

bool is_mcp_server(std::string_view principal) noexcept {
  return std::ranges::find(kServers, principal) != kServers.end();
}

void note_mcp(Event& event) noexcept {
  const bool through = !event.invoked_by.empty() && is_mcp_server(event.invoked_by);
  if (!through && event.event_type != kMcpEvent) return;
  if (through) event.user_agent = {};
  event.user_agent.tool = "mcp";
  event.user_agent.kind = ToolKind::mcp;
}

std::string downstream_requests(std::string_view record) {
  const std::string_view list = member_of(member_of(record, "additionalEventData"), "downstreamRequests");
  if (!list.starts_with('[')) return {};
  std::size_t effort = list.size();
  JsonElements requests(list, effort);
  std::string lines;
  JsonSlice request;
  for (std::size_t shown = 0; shown < kDownstreamRequestsShown && requests.next(request); ++shown) {
    if (!request.is('{')) continue;
    for (const std::string_view name : {"apiName", "awsRegion", "requestId"})
      lines.append(word_of(request.text, name)).append(name == "requestId" ? "\n" : " ");
  }
  return lines;
}

DownstreamRequest take_downstream_request(std::string_view& lines) noexcept {
  std::string_view line = take_until(lines, '\n');
  DownstreamRequest out;
  out.api = take_until(line, ' ');
  out.region = take_until(line, ' ');
  out.request_id = take_until(line, ' ');
  return out;
}

}  // namespace straykey
