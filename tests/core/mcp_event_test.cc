// Records of calls that go through an MCP server of AWS: which they are, and which requests came of one.
#include "core/event/mcp_event.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace straykey {
namespace {

Event event_of(std::string_view type, std::string_view invoked_by = {}) {
  Event event;
  event.event_type = type;
  event.invoked_by = invoked_by;
  event.user_agent =
      classify_user_agent("aws-cli/2.36.32 ua/2.1 os/macos#25.5.0 m/n exec-env/AWS_ECS_FARGATE md/command#s3.cp");
  note_mcp(event);
  return event;
}

// What views into `lines` say.
std::vector<DownstreamRequest> requests_of(std::string_view lines) {
  std::vector<DownstreamRequest> out;
  while (!lines.empty()) out.push_back(take_downstream_request(lines));
  return out;
}

std::string record(const std::string& requests) {
  return R"({"eventID":"e","additionalEventData":{"x":[1,{"y":"}"}],"downstreamRequests":)" + requests +
         R"(},"eventType":"AwsMcpEvent"})";
}

TEST_CASE("mcp: the server's own event has the tool mcp, and what else its agent says stays") {
  const Event event = event_of("AwsMcpEvent");
  CHECK_EQ(event.user_agent.tool, "mcp");
  CHECK_EQ(event.user_agent.kind, ToolKind::mcp);
  CHECK(event.user_agent.is_cli());
  CHECK_EQ(event.user_agent.platform, Platform::macos);
  CHECK_EQ(event.user_agent.letters, 8);
  CHECK_FALSE(is_through_mcp(event));
}

TEST_CASE("mcp: of a call that one of the servers made nothing of the agent is left but the tool") {
  for (const std::string_view server : {"aws-mcp.amazonaws.com", "eks-mcp.amazonaws.com", "ecs-mcp.amazonaws.com",
                                        "sagemaker-unified-studio-mcp.amazonaws.com"}) {
    CAPTURE(server);
    Event event = event_of("AwsApiCall", server);
    CHECK_EQ(event.user_agent.tool, "mcp");
    CHECK_EQ(event.user_agent.platform, Platform::unknown);
    CHECK_EQ(event.user_agent.letters, 0);
    CHECK(event.user_agent.exec_env.empty());
    CHECK(event.user_agent.command.empty());
    CHECK(is_through_mcp(event));
    event.presigned = true;
    CHECK_FALSE(is_through_mcp(event));
    event.presigned = false;
    event.console_session = true;
    CHECK_FALSE(is_through_mcp(event));
  }
}

TEST_CASE("mcp: all other events are left as they are") {
  for (const std::string_view service :
       {"", "athena.amazonaws.com", "mcp.amazonaws.com", "aws-mcp.amazonaws.com.cn", "x-aws-mcp.amazonaws.com"}) {
    CAPTURE(service);
    const Event event = event_of("AwsApiCall", service);
    CHECK_EQ(event.user_agent.tool, "aws-cli");
    CHECK_FALSE(is_through_mcp(event));
  }
  // A service that asks the server in a caller's name acts by itself.
  CHECK_FALSE(is_through_mcp(event_of("AwsMcpEvent", "athena.amazonaws.com")));
}

TEST_CASE("mcp: the requests that came of an event are listed with API, Region and id") {
  const std::string lines = downstream_requests(
      record(R"([{"apiName":"sts:GetCallerIdentity","requestId":"a83b-34ec","awsRegion":"us-east-1"},)"
             R"({"requestId":"b1","apiName":"s3:ListBuckets"}, "odd", {}])"));
  const auto requests = requests_of(lines);
  REQUIRE_EQ(requests.size(), 3);
  CHECK_EQ(requests[0], DownstreamRequest{"sts:GetCallerIdentity", "us-east-1", "a83b-34ec"});
  CHECK_EQ(requests[1], DownstreamRequest{"s3:ListBuckets", "", "b1"});
  CHECK_EQ(requests[2], DownstreamRequest{});
}

TEST_CASE("mcp: a list of any length and of odd values stays small, and each word is a name") {
  std::string many = "[";
  for (int i = 0; i < 1'000; ++i) many += R"({"apiName":")" + std::string(500, 'a') + R"("},)";
  const std::string cut = downstream_requests(record(many + "{}]"));
  const auto requests = requests_of(cut);
  CHECK_EQ(requests.size(), kDownstreamRequestsShown);
  CHECK_EQ(requests[0].api.size(), 64);
  const std::string lines = downstream_requests(
      record(R"([{"apiName":"s3:Get\nx","awsRegion":7,"requestId":"\u0000"},{"apiName":"a b","awsRegion":""}])"));
  const auto odd = requests_of(lines);
  REQUIRE_EQ(odd.size(), 2);
  CHECK_EQ(odd[0], DownstreamRequest{"s3:Get", "", ""});
  CHECK_EQ(odd[1], DownstreamRequest{"a", "", ""});
}

TEST_CASE("mcp: a record without such a list has none") {
  for (const std::string_view text :
       {"", "null", "[]", "{}", R"({"additionalEventData":null})", R"({"additionalEventData":{}})",
        R"({"additionalEventData":{"downstreamRequests":{}}})", R"({"downstreamRequests":[{"apiName":"a"}]})",
        R"({"additionalEventData":{"downstreamRequests":[]}})", R"({"additionalEventData":)"})
    CHECK_EQ(downstream_requests(text), "");
}

}  // namespace
}  // namespace straykey
