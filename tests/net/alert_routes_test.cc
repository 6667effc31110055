#include "net/admin/alert_routes.h"

#include <string>
#include <utility>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

RawHttpClient::Reply ask(const HttpFixture& server, const std::string& target, const std::string& headers = "") {
  const auto client = server.connect();
  client->send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
  return client->read_reply();
}

// Answers a search with one summary that names its arguments, and a watch with the place it was given.
void add(HttpRouter& router) {
  add_alert_routes(
      router,
      [](const OperatorRequest& request, const std::function<void(const OperatorAnswer&)>& answer) {
        if (request.arguments.contains("severity")) return answer({Kind::bad_request, "no", {}, {}});
        answer({Kind::done,
                {},
                {R"j({"id":"1","note":"=HYPERLINK(\"x\")","addresses":["a","b"],)j"
                 R"j("tool":"a\u001b[2J\u202eb","title":"\t=1"})j"},
                "0a"});
      },
      [](const std::string& after, const std::function<void(const OperatorAnswer&)>& answer) {
        answer({Kind::done, {}, {"{\"after\":\"" + after + "\"}"}, "7-2"});
      },
      {});
}

TEST_CASE("alert routes: an export is CSV or NDJSON, names its next page, and holds no formula") {
  const HttpFixture server({}, add);
  const auto csv = ask(server, "/api/v1/alerts/export?format=csv");
  CHECK_EQ(csv.status, 200);
  CHECK(csv.body.starts_with("id,severity,status,"));
  CHECK_NE(csv.body.find("\"'=HYPERLINK(\"\"x\"\")\"\r\n"), std::string::npos);
  CHECK_NE(csv.body.find("\"a b\""), std::string::npos);
  CHECK_NE(csv.body.find(R"("a\x1b[2J\xe2\x80\xaeb")"), std::string::npos);
  CHECK_NE(csv.body.find(R"("\x09=1")"), std::string::npos);
  CHECK_NE(csv.head.find("X-Straykey-Next: 0a\r\n"), std::string::npos);
  const auto lines = ask(server, "/api/v1/alerts/export?format=ndjson");
  CHECK(lines.body.starts_with("{\"id\":\"1\""));
  CHECK_EQ(ask(server, "/api/v1/alerts/export").status, 400);
  CHECK_EQ(ask(server, "/api/v1/alerts/export?format=xls").status, 400);
  CHECK_EQ(ask(server, "/api/v1/alerts/export?format=csv&severity=x").status, 400);
}

TEST_CASE("alert routes: events go on behind the last id that was seen, in the header or the query") {
  const HttpFixture server({}, add);
  const auto events = ask(server, "/api/v1/alerts/events?after=7-1");
  CHECK_NE(events.head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  CHECK_EQ(events.body, "retry: 500\n\nevent: alert\ndata: {\"after\":\"7-1\"}\n\nid: 7-2\nevent: seen\ndata: {}\n\n");
  CHECK_NE(ask(server, "/api/v1/alerts/events?after=7-1", "Last-Event-ID: 7-2\r\n").body.find("7-2\"}"),
           std::string::npos);
}

TEST_CASE("alert routes: with a token needed nobody else is answered") {
  const HttpFixture server({}, [](HttpRouter& router) { add_alert_routes(router, {}, {}, {.required = true}); });
  CHECK_EQ(ask(server, "/api/v1/alerts/export?format=csv").status, 401);
  CHECK_EQ(ask(server, "/api/v1/alerts/events").status, 401);
}

}  // namespace
}  // namespace straykey
