#pragma once
// Calls that go through an MCP server of AWS: an agent asks the server, and the server calls AWS in the caller's name.
//
// Shape:  two kinds of records. The server's own (AwsMcpEvent) has the caller's key and address, and lists the requests
//         that came of it. Each of these requests has a record, too: with invokedBy, another key, and the server's name
//         as address and user agent.
// Thread: any (functions of their arguments).
// Source: AWS's description of these records, and a published trail of September 2026.
#include <string>
#include <string_view>

#include "core/event/event.h"

namespace straykey {

// Whether the principal of an AWS service is an MCP server that acts for its caller.
[[nodiscard]] bool is_mcp_server(std::string_view principal) noexcept;

// Makes `mcp` the tool of an event of either kind, whatever its user agent says. The agent of a request that the server
// made is the server's, so nothing else is left of it. Call it once the event is filled.
// Cost: of any other event, two lengths are compared.
void note_mcp(Event& event) noexcept;

// Whether an MCP server made the call in its caller's name.
[[nodiscard]] inline bool is_through_mcp(const Event& event) noexcept {
  return event.user_agent.kind == ToolKind::mcp && !event.presigned && !event.console_session &&
         is_mcp_server(event.invoked_by);
}

// What of a record's additionalEventData.downstreamRequests is shown.
struct DownstreamRequest {
  std::string_view api, region, request_id;  // "sts:GetCallerIdentity", "us-east-1", an id

  bool operator==(const DownstreamRequest&) const = default;
};
inline constexpr std::size_t kDownstreamRequestsShown = 15;

// The requests that the record of an AwsMcpEvent lists, the first kDownstreamRequestsShown of them: a line each of
// three words, "-" for one that is missing. Words are cut at 64 bytes, and at the first byte that no such name has.
// Empty if there are none.
// REQUIRES: record is JSON.
[[nodiscard]] std::string downstream_requests(std::string_view record);
// Takes the next line off the front of what downstream_requests() gave. REQUIRES: it is not empty.
[[nodiscard]] DownstreamRequest take_downstream_request(std::string_view& lines) noexcept;

}  // namespace straykey
