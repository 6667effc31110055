#include "net/admin/operator_routes.h"

#include <mutex>
#include <string>
#include <utility>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

// Answers with what it was asked.
void say_again(const OperatorRequest& request, const std::function<void(const OperatorAnswer&)>& answer) {
  std::string item = "{\"operation\":\"" + request.operation + "\"";
  for (const auto& [name, value] : request.arguments) item.append(",\"" + name + "\":\"" + value + "\"");
  answer({Kind::done, {}, {item + "}"}, {}});
}

RawHttpClient::Reply ask(const HttpFixture& server, const std::string& head, const std::string& body = {}) {
  const auto client = server.connect();
  client->send(head + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               body);
  return client->read_reply();
}

TEST_CASE("operator routes: a read has its arguments in the query, a change in a JSON object") {
  const HttpFixture server({}, [](HttpRouter& router) { add_operator_routes(router, say_again, {}); });
  CHECK_EQ(ask(server, "GET /api/v1/alerts/list").body, "{\"items\":[\n{\"operation\":\"alerts/list\"}\n]}\n");
  CHECK_EQ(ask(server, "GET /api/v1/baseline/show?identity=1%2Fa+b&x").body,
           "{\"items\":[\n{\"operation\":\"baseline/show\",\"identity\":\"1/a+b\",\"x\":\"\"}\n]}\n");
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack", R"({"id":"12","note":"ours"})").body,
           "{\"items\":[\n{\"operation\":\"alerts/ack\",\"id\":\"12\",\"note\":\"ours\"}\n]}\n");
  CHECK_EQ(ask(server, "GET /api/v1/alerts/ack").status, 405);
  CHECK_EQ(ask(server, "GET /api/v1/alerts/other").status, 404);
  CHECK_EQ(ask(server, "GET /api/v1/alerts/list?a=1&a=2").status, 400);
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack", "[]").status, 400);
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack", R"({"id":12})").status, 400);
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack", std::string(kOperatorBodyBytesMax + 1, ' ')).status, 413);
}

TEST_CASE("operator routes: with a scope nobody without its token is answered") {
  const HttpFixture server({}, [](HttpRouter& router) { add_operator_routes(router, say_again, {.required = true}); });
  CHECK_EQ(ask(server, "GET /api/v1/alerts/list").status, 401);
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack", "{}").status, 401);
  CHECK_EQ(ask(server, "GET /api/v1/alerts/list HTTP/1.1\r\nAuthorization: Bearer " + kAdminToken + "\r\nX: y").status,
           200);
}

TEST_CASE("operator routes: a change that is refused before it is asked for is told with who wanted it") {
  std::mutex mutex;
  std::string told;
  OperatorAccess access{.required = true};
  access.who = [](const RequestHead& head) { return head.field("Authorization").empty() ? "" : "somebody"; };
  access.refused = [&](const OperatorRequest& attempt, OperatorAccess::RefusedAs as, std::string_view) {
    const std::lock_guard lock(mutex);
    told += attempt.operation + " " + attempt.caller.name + " " + attempt.caller.address +
            (as == OperatorAccess::RefusedAs::forbidden ? " forbidden\n" : " bad_request\n");
  };
  const HttpFixture server({}, [&](HttpRouter& router) { add_operator_routes(router, say_again, access); });
  const auto with = [](const std::string& token) { return " HTTP/1.1\r\nAuthorization: Bearer " + token + "\r\nX: y"; };
  const auto told_now = [&] {
    const std::lock_guard lock(mutex);
    return std::exchange(told, {});
  };
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack", "{}").status, 401);
  CHECK_EQ(told_now(), "");
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack" + with(kIngestToken), "{}").status, 403);
  CHECK_EQ(told_now(), "alerts/ack somebody 127.0.0.1 forbidden\n");
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack" + with(kAdminToken), "no JSON").status, 400);
  CHECK_NE(told_now().find(" 127.0.0.1 bad_request\n"), std::string::npos);
  CHECK_EQ(ask(server, "GET /api/v1/alerts/list" + with(kIngestToken)).status, 403);
  CHECK_EQ(ask(server, "POST /api/v1/alerts/ack" + with(kAdminToken), "{}").status, 200);
  CHECK_EQ(told_now(), "");
}

TEST_CASE("operator routes: each kind of answer has its status, and what a peer wrote is text in JSON") {
  CHECK_EQ(operator_reply({Kind::done, {}, {"1", "2"}, "0a"}, "id").body, "{\"items\":[\n1,\n2\n],\"next\":\"0a\"}\n");
  CHECK_EQ(operator_reply({Kind::done, {}, {}, {}}, "id").body, "{\"items\":[\n]}\n");
  const HttpReply reply = operator_reply({Kind::not_found, "nothing is known of \"x\"", {}, {}}, "id");
  CHECK_EQ(reply.status, 404);
  CHECK_EQ(
      reply.body,
      "{\"error\":{\"code\":\"not_found\",\"message\":\"nothing is known of \\\"x\\\"\",\"request_id\":\"id\"}}\n");
  CHECK_EQ(operator_reply({Kind::bad_request, "", {}, {}}, "").status, 400);
  CHECK_EQ(operator_reply({Kind::failed, "", {}, {}}, "").status, 500);
  CHECK_EQ(operator_reply({Kind::stopped, "", {}, {}}, "").status, 503);
}

TEST_CASE("operator routes: queries and bodies of every shape are arguments or nothing") {
  CHECK_EQ(arguments_of_query("")->size(), 0);
  CHECK_EQ(arguments_of_query("&&a=b&")->at("a"), "b");
  CHECK_EQ(arguments_of_query("a=b=c")->at("a"), "b=c");
  CHECK_EQ(arguments_of_query("a%3d=%41")->at("a="), "A");
  CHECK_FALSE(arguments_of_query("a=1&a=1").has_value());
  CHECK_FALSE(arguments_of_json("").has_value());
  CHECK_FALSE(arguments_of_json("{\"a\":null}").has_value());
  CHECK_EQ(arguments_of_json("{}")->size(), 0);
}

}  // namespace
}  // namespace straykey
