#include "net/http/http_router.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

Route route(HttpMethod method, const std::string& path, const std::string& purpose = "") {
  Route out;
  out.method = method;
  out.path = path;
  out.purpose = purpose;
  out.handle = [](HttpRequest, const ReplyTo&) {};
  return out;
}

}  // namespace

TEST_CASE("a path is found exactly or by one segment, exact ones first, and by no decoding") {
  HttpRouter router;
  router.add(route(HttpMethod::post, "/{}/_bulk", "pattern"));
  router.add(route(HttpMethod::post, "/own/_bulk", "exact"));
  router.add(route(HttpMethod::put, "/own/_bulk", "put"));
  CHECK(router.find(HttpMethod::post, "/own/_bulk").route->purpose == "exact");
  CHECK(router.find(HttpMethod::put, "/own/_bulk").route->purpose == "put");
  CHECK(router.find(HttpMethod::post, "/logs/_bulk").route->purpose == "pattern");
  for (const char* path : {"/", "//_bulk", "/a/b/_bulk", "/_bulk", "/own/_bulk/", "/own/%5fbulk", "/OWN/_BULK/x", ""}) {
    CAPTURE(path);
    CHECK(router.find(HttpMethod::post, path).refusal->status == 404);
  }
}

TEST_CASE("a path of nothing but {} takes what nobody else wants") {
  HttpRouter router;
  router.add(route(HttpMethod::post, "/{}/{}", "open"));
  router.add(route(HttpMethod::get, "/{}/_search", "pattern"));
  router.add(route(HttpMethod::post, "/v1/events", "exact"));
  CHECK(router.find(HttpMethod::post, "/system/events").route->purpose == "open");
  CHECK(router.find(HttpMethod::post, "/v1/events").route->purpose == "exact");
  CHECK(router.find(HttpMethod::post, "/v1/event").refusal->message ==
        "There is nothing at this address; /v1/events is near it.");
  for (const char* path : {"/_ilm/policy", "/system/_refresh", "/system", "/system/events/1", "/system/"}) {
    CAPTURE(path);
    CHECK(router.find(HttpMethod::post, path).refusal->status == 404);
  }
  CHECK(router.find(HttpMethod::get, "/system/events").refusal->status == 404);
  CHECK(router.find(HttpMethod::head, "/system/events").refusal->status == 404);
  CHECK(router.find(HttpMethod::post, "/system/_search").refusal->status == 405);
  CHECK(router.allowed("/system/events") == "POST, HEAD, OPTIONS");
}

TEST_CASE("a wrong method gets 405 with the purpose and what is allowed; HEAD reads GET and probes POST") {
  HttpRouter router;
  router.add(route(HttpMethod::post, "/in", "POST here."));
  router.add(route(HttpMethod::put, "/in", "Or PUT."));
  router.add(route(HttpMethod::get, "/out"));
  const HttpRouter::Match match = router.find(HttpMethod::get, "/in");
  CHECK(match.refusal->status == 405);
  CHECK(match.refusal->message == "POST here.");
  CHECK(match.allow == "POST, PUT, HEAD");
  CHECK(router.find(HttpMethod::head, "/in").probe);
  CHECK_FALSE(router.find(HttpMethod::head, "/in").refusal);
  CHECK_FALSE(router.find(HttpMethod::head, "/out").probe);
  CHECK(router.find(HttpMethod::head, "/none").refusal->status == 404);
}

TEST_CASE("404 near an address names it") {
  HttpRouter router;
  router.add(route(HttpMethod::post, "/v1/events", ""));
  router.add(route(HttpMethod::get, "/healthz", ""));
  for (const char* path : {"/v1/event", "/v1/events/", "/events", "/v1/Events", "/api/v1/events", "/v2/events"}) {
    CAPTURE(path);
    CHECK(router.find(HttpMethod::post, path).refusal->message ==
          "There is nothing at this address; /v1/events is near it.");
  }
  CHECK(router.find(HttpMethod::get, "/health").refusal->message.find("/healthz") != std::string_view::npos);
  for (const std::string& path :
       {std::string("/"), std::string("/v1"), std::string("/favicon.ico"), std::string(2'000, 'x')}) {
    CHECK(router.find(HttpMethod::get, path).refusal->message == "There is nothing at this address.");
  }
}

TEST_CASE("404 above addresses names the first of them, unless a nearer one is there") {
  HttpRouter router;
  router.add(route(HttpMethod::get, "/api/v1/alerts/list", ""));
  router.add(route(HttpMethod::get, "/api/v1/alerts/search", ""));
  router.add(route(HttpMethod::get, "/api/v1/status", ""));
  const auto said = [&](std::string_view path) { return router.find(HttpMethod::get, path).refusal->message; };
  CHECK(said("/api/v1/alerts") == "There is nothing at this address; /api/v1/alerts/list is near it.");
  CHECK(said("/api/v1/alerts/") == said("/api/v1/alerts"));
  CHECK(said("/api/v1/state") == "There is nothing at this address; /api/v1/status is near it.");
  for (const std::string_view path : {"/api", "/api/v1/al", "/nothing/v1/here"})
    CHECK(said(path) == "There is nothing at this address.");
}

TEST_CASE("OPTIONS hears the methods of the path, or all where there is none") {
  HttpRouter router;
  router.add(route(HttpMethod::post, "/in", ""));
  router.add(route(HttpMethod::get, "/out", ""));
  CHECK(router.allowed("/in") == "POST, HEAD, OPTIONS");
  CHECK(router.allowed("/out") == "GET, HEAD, OPTIONS");
  CHECK(router.allowed("*") == "POST, GET, HEAD, OPTIONS");
}

}  // namespace straykey
