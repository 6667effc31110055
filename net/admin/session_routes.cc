#include "net/admin/session_routes.h"

#include <boost/json.hpp>
#include <string>
#include <utility>

namespace straykey {
namespace {

namespace json = boost::json;

// Between the check of the request and its answer the tokens were replaced, or the session ended.
constexpr Refusal kTokenGone{401, "unknown_token", "The token, or the session, is not valid any more."};

std::string_view name_of_scope(TokenScope scope) {
  return scope == TokenScope::admin ? "admin" : "read";
}

HttpReply session_reply(const PageSession& session) {
  HttpReply reply;
  json::object item{{"name", session.name},
                    {"scope", name_of_scope(session.scope)},
                    {"csrf", session.csrf},
                    {"ends", format_time(session.ends)}};
  reply.body = json::serialize(json::object{{"items", json::array{std::move(item)}}}) + '\n';
  return reply;
}

}  // namespace

HttpReply quiet_refusal(const Refusal& refusal, const RequestHead&, std::string_view request_id) {
  HttpReply reply = error_reply(refusal, request_id);
  std::erase_if(reply.headers, [](const ReplyHeader& header) {
    return header.name == "WWW-Authenticate" && header.value.starts_with("Basic");
  });
  return reply;
}

void add_session_routes(HttpRouter& router, PageSessions& sessions, Authenticator& tokens) {
  Route open;
  open.method = HttpMethod::post;
  open.path = "/api/v1/session";
  open.scope = TokenScope::read;
  open.purpose = "POST with a token opens a session for a page.";
  open.body_bytes_max = 1024;
  open.refuse = quiet_refusal;
  open.handle = [&](const HttpRequest& request, const ReplyTo& reply) {
    const auto bearer = tokens.bearer_of(request.head, {});
    if (!bearer) return reply(error_reply(kTokenGone, request.request_id));
    auto opened = sessions.open(bearer->name, bearer->scope);
    HttpReply answer = session_reply(opened.session);
    answer.headers.push_back({"Set-Cookie", std::move(opened.set_cookie)});
    reply(std::move(answer));
  };
  router.add(std::move(open));

  Route show;
  show.method = HttpMethod::get;
  show.path = "/api/v1/session";
  show.scope = TokenScope::read;
  show.purpose = "GET tells whose session it is.";
  show.admit = [&](const RequestHead& head) { return sessions.admit(head, TokenScope::read); };
  show.refuse = quiet_refusal;
  show.handle = [&](const HttpRequest& request, const ReplyTo& reply) {
    if (const auto bearer = tokens.bearer_of(request.head, {}))
      return reply(session_reply(PageSession{bearer->name, bearer->scope, {}, 0}));
    const auto session = sessions.find(request.head);
    reply(session ? session_reply(*session) : error_reply(kTokenGone, request.request_id));
  };
  router.add(std::move(show));

  Route end;
  end.method = HttpMethod::post;
  end.path = "/api/v1/session/end";
  end.scope = TokenScope::read;
  end.purpose = "POST ends the session.";
  end.body_bytes_max = 1024;
  end.admit = [&](const RequestHead& head) { return sessions.admit(head, TokenScope::read); };
  end.refuse = quiet_refusal;
  end.handle = [&](const HttpRequest& request, const ReplyTo& reply) {
    HttpReply answer;
    answer.body = "{\"items\":[]}\n";
    answer.headers.push_back({"Set-Cookie", sessions.close(request.head)});
    reply(std::move(answer));
  };
  router.add(std::move(end));
}

}  // namespace straykey
