#include "net/admin/session_routes.h"

#include <string>

#include "net/admin/operator_routes.h"
#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::string kReadToken = "read-token-0123456789";

// A server with sessions and the operators' addresses, whose answer names the operation.
struct PageServer {
  Seconds now = 1'000;
  PageSessions sessions{false, [this] { return now; }};
  std::shared_ptr<Authenticator> same_tokens = std::make_shared<Authenticator>(AuthSettings{});
  HttpFixture server{
      {}, [this](HttpRouter& router) {
        OperatorAccess access;
        access.required = true;
        access.admit = [this](const RequestHead& head, TokenScope needed) { return sessions.admit(head, needed); };
        access.refuse = quiet_refusal;
        add_operator_routes(
            router,
            [](const OperatorRequest& request, const std::function<void(const OperatorAnswer&)>& answer) {
              answer({OperatorAnswer::Kind::done, {}, {"\"" + request.operation + "\""}, {}});
            },
            access);
        add_session_routes(router, sessions, *same_tokens);
      }};

  PageServer() {
    const std::vector<TokenSettings> all{{"forwarder", kIngestToken, TokenScope::ingest},
                                         {"operator", kAdminToken, TokenScope::admin},
                                         {"reader", kReadToken, TokenScope::read, "operator"}};
    REQUIRE(server.auth->replace(all).ok());
    REQUIRE(same_tokens->replace(all).ok());
  }
  RawHttpClient::Reply ask(const std::string& line, const std::string& headers, const std::string& body = "") {
    const auto client = server.connect();
    client->send(line + " HTTP/1.1\r\nHost: localhost\r\n" + headers +
                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client->read_reply();
  }
};

std::string between(const std::string& text, const std::string& before, const std::string& end) {
  const std::size_t at = text.find(before);
  REQUIRE_NE(at, std::string::npos);
  return text.substr(at + before.size(), text.find(end, at + before.size()) - at - before.size());
}

TEST_CASE("session routes: who logs in with a token reads with the cookie and changes with the cookie and its header") {
  PageServer page;
  const auto opened = page.ask("POST /api/v1/session", "Authorization: Bearer " + kAdminToken + "\r\n");
  REQUIRE_EQ(opened.status, 200);
  const std::string cookie = "Cookie: " + between(opened.head, "Set-Cookie: ", ";") + "\r\n";
  const std::string csrf = "X-Csrf-Token: " + between(opened.body, "\"csrf\":\"", "\"") + "\r\n";
  CHECK_EQ(page.ask("GET /api/v1/alerts/list", cookie).status, 200);
  CHECK_EQ(page.ask("POST /api/v1/alerts/ack", cookie, "{}").status, 403);
  CHECK_EQ(page.ask("POST /api/v1/alerts/ack", cookie + csrf, "{}").status, 200);
  CHECK_NE(page.ask("GET /api/v1/session", cookie).body.find("\"scope\":\"admin\""), std::string::npos);
  CHECK_EQ(page.ask("POST /api/v1/session/end", cookie + csrf).status, 200);
  CHECK_EQ(page.ask("GET /api/v1/alerts/list", cookie).status, 401);
}

TEST_CASE("session routes: a token of scope read reads, and one that sends events does not log in") {
  PageServer page;
  const std::string reader = "Authorization: Bearer " + kReadToken + "\r\n";
  CHECK_EQ(page.ask("GET /api/v1/alerts/list", reader).status, 200);
  CHECK_EQ(page.ask("POST /api/v1/alerts/ack", reader, "{}").status, 403);
  const auto opened = page.ask("POST /api/v1/session", reader);
  CHECK_NE(opened.body.find("\"scope\":\"read\""), std::string::npos);
  CHECK_NE(opened.body.find("\"name\":\"reader\""), std::string::npos);
  // Its source is the name of a token that may do more: that gives it nothing.
  const std::string cookie = "Cookie: " + between(opened.head, "Set-Cookie: ", ";") + "\r\n";
  const std::string csrf = "X-Csrf-Token: " + between(opened.body, "\"csrf\":\"", "\"") + "\r\n";
  CHECK_EQ(page.ask("POST /api/v1/alerts/ack", cookie + csrf, "{}").status, 403);
  CHECK_EQ(page.ask("POST /api/v1/session", "Authorization: Bearer " + kIngestToken + "\r\n").status, 403);
  CHECK_EQ(page.ask("POST /echo", reader).status, 403);
}

TEST_CASE("session routes: who sends a token in whatever header is judged by it, and not by the cookie beside it") {
  PageServer page;
  const auto opened = page.ask("POST /api/v1/session", "Authorization: Bearer " + kReadToken + "\r\n");
  const std::string cookie = "Cookie: " + between(opened.head, "Set-Cookie: ", ";") + "\r\n";
  CHECK_EQ(page.ask("GET /api/v1/alerts/list", cookie).status, 200);
  CHECK_EQ(page.ask("GET /api/v1/alerts/list", cookie + "X-Api-Key: x\r\n").status, 401);
  CHECK_EQ(page.ask("POST /api/v1/alerts/ack", cookie + "X-Api-Key: " + kAdminToken + "\r\n", "{}").status, 200);
}

TEST_CASE("session routes: a browser's change for a page of another origin is refused, whatever it knows of the user") {
  PageServer page;
  const std::string token = "Authorization: Bearer " + kAdminToken + "\r\n";
  const auto status_with = [&](const std::string& headers) {
    return page.ask("POST /api/v1/alerts/ack", token + headers, "{}").status;
  };
  for (const char* other :
       {"Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n", "Origin: https://evil.example\r\n",
        "Origin: null\r\n", "Origin: http://localhost.evil.example:80\r\n"})
    CHECK_EQ(status_with(other), 403);
  for (const char* own : {"", "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n",
                          "Origin: http://localhost\r\n", "Origin: http://localhost:8444\r\n"})
    CHECK_EQ(status_with(own), 200);
}

TEST_CASE("session routes: a refusal makes no browser ask for a password by itself") {
  PageServer page;
  const auto refused = page.ask("GET /api/v1/session", "");
  CHECK_EQ(refused.status, 401);
  CHECK_EQ(refused.head.find("Basic"), std::string::npos);
  CHECK_NE(refused.head.find("Bearer"), std::string::npos);
}

}  // namespace
}  // namespace straykey
